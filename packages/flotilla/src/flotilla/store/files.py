"""Files of pictures: written whole or not at all, named by nothing but chance, removed for good.

    public/ab/cdef….jpg         what everyone who has the address may see; a web server may serve this
    public/ab/cdef….small.jpg   the same, small
    withheld/ab/…               the same of people who are suspended; nobody is served this
    incoming/…                  what was just sent, as it came; nobody is served this

Where these lie, under a folder of the disk or in a bucket, is said by `open_files`. A file's name has 128 bits of
chance, so knowing one address helps nobody to another. The folders between keep each of them small enough to be listed.
"""

import os
import re
import secrets
import shutil
import stat
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flotilla.errors import StorageUnavailableError

__all__ = [
    "PRIVATE_FOLDER",
    "PUBLIC",
    "WITHHELD",
    "FileTooLargeError",
    "Files",
    "OpenedFile",
    "StoredFile",
    "both_makes",
    "elsewhere",
    "give_like_above",
    "is_incoming",
    "is_place",
    "is_public",
    "large_of",
    "make_like_above",
    "new_name",
    "small_of",
]

FREE_MIN_BYTES = 64 << 20
CHUNK_BYTES = 64 << 10
PUBLIC = "public"
WITHHELD = "withheld"
PRIVATE_FOLDER = 0o700
# Of the folder above, what one made by root takes over: not who else may write there, as in /tmp.
RIGHTS_TAKEN_OVER = 0o2775

_PUBLIC_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}(?:\.small)?\.(?:jpg|webp)", re.ASCII)
_INCOMING_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)


class FileTooLargeError(Exception):
    """More came than is taken."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was found: its name as a row has it, and when it was written (seconds since 1970)."""

    name: str
    written_s: float


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file to be read and closed by whoever opened it; `written_s`: when it was written (seconds since 1970)."""

    stream: IO[bytes]
    size_bytes: int
    written_s: float


def new_name() -> str:
    """A name for a public file, still without its suffix."""
    token = secrets.token_hex(16)
    return f"{token[:2]}/{token[2:]}"


def small_of(name: str) -> str:
    """The name of the small make that lies beside a file."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.small{dot}{suffix}"


def large_of(name: str) -> str:
    """The name as a row has it, of a file or of its small make."""
    return name.replace(".small.", ".")


def both_makes(name: str) -> tuple[str, str]:
    """A public file's name and that of its small make; ValueError for what cannot be such a name."""
    if not is_public(name):
        raise ValueError(f"no name of a public file: {name!r}")
    return name, small_of(name)


def is_public(name: str) -> bool:
    """Whether it can be the name of a public file."""
    return _PUBLIC_NAME.fullmatch(name) is not None


def is_incoming(name: str) -> bool:
    """Whether it can be the name of a file that was received."""
    return _INCOMING_NAME.fullmatch(name) is not None


def is_place(place: str) -> bool:
    """Whether a picture can lie there: public/ or withheld/ and the name of a public file."""
    top, _, name = place.partition("/")
    return top in {PUBLIC, WITHHELD} and is_public(name)


def elsewhere(place: str) -> str:
    """Where a picture lies that was withheld, or shown again, since it lay there."""
    top, _, name = place.partition("/")
    return f"{WITHHELD if top == PUBLIC else PUBLIC}/{name}"


def make_like_above(folder: Path, *, mode: int = 0o755) -> None:
    """Make a folder, with those above it; made by root, it is the site's user's as much as the one above.

    `mode`: what it is made with, and what root does not widen.
    """
    if folder.is_dir():
        return
    make_like_above(folder.parent)
    folder.mkdir(mode=mode, exist_ok=True)
    if os.geteuid() == 0:
        give_like_above(folder)
        rights = stat.S_IMODE(folder.parent.stat().st_mode) & RIGHTS_TAKEN_OVER
        folder.chmod(rights & mode if mode == PRIVATE_FOLDER else rights)


def give_like_above(made: Path) -> None:
    """What root made, give to the owner of the folder above, where that may be done."""
    if os.geteuid() == 0:
        above = made.parent.stat()
        # A folder over the network may let nobody give anything away.
        with suppress(PermissionError):
            os.chown(made, above.st_uid, above.st_gid)


class Files(ABC):
    """The files of a site's pictures. What is being received and worked on lies on this machine's disk meanwhile.

    Whatever does not answer, or has no room, is a StorageUnavailableError. Safe to share between threads, and to make
    before a server forks its workers.
    """

    def __init__(self, folder: Path) -> None:
        self._incoming = folder / "incoming"

    def receive(self, stream: IO[bytes], *, most_bytes: int) -> str:
        """Store what the stream holds on this machine; its name. Raises FileTooLargeError."""
        name = secrets.token_hex(16)
        path = self._received(name)
        try:
            make_like_above(path.parent, mode=PRIVATE_FOLDER)
            if shutil.disk_usage(path.parent).free < FREE_MIN_BYTES + most_bytes:
                raise StorageUnavailableError("There is no room for pictures on the disk.")
            with path.open("xb") as file:
                while chunk := stream.read(CHUNK_BYTES):
                    if file.tell() + len(chunk) > most_bytes:
                        raise FileTooLargeError
                    file.write(chunk)
        except OSError as error:
            self.drop(name)
            raise StorageUnavailableError(f"A picture could not be stored: {error}") from error
        except BaseException:
            self.drop(name)
            raise
        return name

    def drop(self, name: str) -> None:
        """Remove a file that was received here, and that nobody else was told of."""
        self._received(name).unlink(missing_ok=True)

    def work_path(self) -> Path:
        """Where a public file may be written on this machine before it is `published`."""
        return self._received(secrets.token_hex(16))

    def _received(self, name: str) -> Path:
        if not is_incoming(name):
            raise ValueError(f"no name of a stored file: {name!r}")
        return self._incoming / name

    @property
    @abstractmethod
    def is_given_up(self) -> bool:
        """Whether the storage did not answer when it was asked last."""

    @abstractmethod
    def check(self) -> None:
        """Raise StartError unless files can be written; makes no folder yet."""

    @abstractmethod
    def check_moving(self) -> None:
        """Raise StartError unless this process may withhold, show and remove what is stored."""

    @abstractmethod
    def share(self, name: str) -> None:
        """Put a file that was received where every machine of the site finds it."""

    @abstractmethod
    def at_hand(self, name: str) -> AbstractContextManager[Path]:
        """A file that was received, on this machine's disk while inside `with`; there is none when it is gone."""

    @abstractmethod
    def publish(self, written: Path, name: str) -> None:
        """Give a finished file its public name: whoever looks finds nothing or all of it, after a power cut too."""

    @abstractmethod
    def open(self, name: str) -> OpenedFile | None:
        """A public file that is not withheld; None: there is none. ValueError for what cannot be its name."""

    @abstractmethod
    def remove(self, *names: str) -> None:
        """Remove files, each with its small make; nothing happens for those that are gone already."""

    @abstractmethod
    def withhold(self, name: str) -> None:
        """Put a public file, with its small make, where nobody is served it; nothing happens when it is there."""

    @abstractmethod
    def show(self, name: str) -> None:
        """Take back `withhold`."""

    @abstractmethod
    def shown(self) -> Iterator[str]:
        """Every file of which either make is served; in no order."""

    @abstractmethod
    def withheld(self) -> Iterator[str]:
        """Every file of which either make is withheld; in no order."""

    @abstractmethod
    def stored(self) -> Iterator[StoredFile]:
        """Every file of which there is either make, and what was received; in no order, some of them twice."""

    @abstractmethod
    def whole(self, names: Collection[str]) -> set[str]:
        """Those of the public files that are there with their small make, withheld or not."""

    @abstractmethod
    def places(self) -> Iterator[str]:
        """Where each picture lies (`is_place`), both makes; in no order."""

    @abstractmethod
    def open_at(self, place: str) -> OpenedFile | None:
        """The picture that lies there; None: none does any more."""

    @abstractmethod
    def put_at(self, place: str, stream: IO[bytes]) -> None:
        """Store a picture there, from a backup."""
