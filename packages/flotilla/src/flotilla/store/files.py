"""Files of pictures on the disk: written whole or not at all, named by nothing but chance, removed for good.

    FOLDER/public/ab/cdef….jpg     what everyone who has the address may see; a web server may serve this folder
    FOLDER/public/ab/cdef….small.jpg   the same, small
    FOLDER/withheld/ab/…           the same of people who are suspended; nobody is served this
    FOLDER/incoming/…              what was just sent, as it came; nobody is served this

A file's name has 128 bits of chance, so knowing one address helps nobody to another. The folders between keep each of
them small enough to be listed.
"""

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from flotilla.errors import StartError, UnavailableError

__all__ = ["FileTooLargeError", "Files", "StoredFile", "small_of"]

FREE_MIN_BYTES = 64 << 20
CHUNK_BYTES = 64 << 10
READABLE_BY_ALL = 0o644

_PUBLIC = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}(?P<small>\.small)?\.(?:jpg|webp)", re.ASCII)
_INCOMING = re.compile(r"[0-9a-f]{32}", re.ASCII)


class FileTooLargeError(Exception):
    """More came than is taken."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file found on the disk: its name as a row has it, and when it was written (seconds since 1970)."""

    name: str
    written_s: float


def small_of(name: str) -> str:
    """The name of the small make that lies beside a file."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.small{dot}{suffix}"


class Files:
    """The files under one folder."""

    def __init__(self, folder: Path) -> None:
        self._public = folder / "public"
        self._withheld = folder / "withheld"
        self._incoming = folder / "incoming"

    @property
    def public_folder(self) -> Path:
        """What may be served, by this site or by a web server in front of it."""
        return self._public

    def check(self) -> None:
        """Raise StartError unless files can be written here; makes no folder yet."""
        existing = next(path for path in (self._public, *self._public.parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise StartError(
                f"Pictures cannot be stored under {self._public.parent}: {existing} cannot be written to.",
                try_this="Point FLOTILLA_MEDIA_FOLDER at a folder that belongs to the user who runs the site.",
            )

    def check_moving(self) -> None:
        """Raise StartError unless this process may withhold, show and remove what is stored."""
        folders = (found for each in (self._public, self._withheld) for found in (each, *each.glob("[0-9a-f][0-9a-f]")))
        for folder in folders:
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
                raise StartError(
                    f"Pictures cannot be moved: {folder} belongs to the user with the number {folder.stat().st_uid}, "
                    f"and this is {os.geteuid()}.",
                    try_this="Run this as the user who runs the site, or as root.",
                )

    def receive(self, stream: IO[bytes], *, most_bytes: int) -> str:
        """Store what the stream holds; its name. Raises FileTooLargeError, UnavailableError (no room on the disk)."""
        name = secrets.token_hex(16)
        path = self.path_of(name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if shutil.disk_usage(path.parent).free < FREE_MIN_BYTES + most_bytes:
                raise UnavailableError("There is no room for pictures on the disk.")
            with path.open("xb") as file:
                while chunk := stream.read(CHUNK_BYTES):
                    if file.tell() + len(chunk) > most_bytes:
                        raise FileTooLargeError
                    file.write(chunk)
        except OSError as error:
            self.remove(name)
            raise UnavailableError(f"A picture could not be stored: {error}") from error
        except BaseException:
            self.remove(name)
            raise
        return name

    def new_name(self) -> str:
        """A name for a public file, still without its suffix."""
        token = secrets.token_hex(16)
        return f"{token[:2]}/{token[2:]}"

    def work_path(self) -> Path:
        """Where a public file may be written before it is `published`."""
        return self.path_of(secrets.token_hex(16))

    def publish(self, written: Path, name: str) -> None:
        """Give a finished file its public name: whoever looks finds nothing or all of it, after a power cut too."""
        target = self.path_of(name)
        try:
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            written.chmod(READABLE_BY_ALL)
            with written.open("rb") as file:
                os.fsync(file.fileno())
            written.rename(target)
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            written.unlink(missing_ok=True)
            raise UnavailableError(f"A picture could not be stored: {error}") from error

    def remove(self, name: str) -> None:
        """Remove a file, with its small make; nothing happens when it is gone already."""
        self.path_of(name).unlink(missing_ok=True)
        if _PUBLIC.fullmatch(name):
            for each in (name, small_of(name)):
                (self._public / each).unlink(missing_ok=True)
                (self._withheld / each).unlink(missing_ok=True)

    def withhold(self, name: str) -> None:
        """Put a public file, with its small make, where nobody is served it; nothing happens when it is there."""
        _move(name, self._public, self._withheld)

    def show(self, name: str) -> None:
        """Take back `withhold`."""
        _move(name, self._withheld, self._public)

    def is_shown(self, name: str) -> bool:
        """Whether anybody who has the address is served that public file, or its small make."""
        return any((self._public / each).is_file() for each in (name, small_of(name)))

    def is_whole(self, name: str) -> bool:
        """Whether that public file is there with its small make, withheld or not."""
        return all(
            (self._public / each).is_file() or (self._withheld / each).is_file() for each in (name, small_of(name))
        )

    def withheld(self) -> Iterator[str]:
        """Every file that is withheld, small makes left out; in no order."""
        return (one.name for one in self._stored_in(*sorted(self._withheld.glob("[0-9a-f][0-9a-f]"))))

    def path_of(self, name: str) -> Path:
        """Where the file of that name is, or would be; ValueError for what cannot be a name of ours."""
        if _PUBLIC.fullmatch(name):
            return self._public / name
        if _INCOMING.fullmatch(name):
            return self._incoming / name
        raise ValueError(f"no name of a stored file: {name!r}")

    def stored(self) -> Iterator[StoredFile]:
        """Every file there is, small makes left out; in no order."""
        two_letters = "[0-9a-f][0-9a-f]"
        yield from self._stored_in(
            self._incoming, *sorted(self._public.glob(two_letters)), *sorted(self._withheld.glob(two_letters))
        )

    def _stored_in(self, *folders: Path) -> Iterator[StoredFile]:
        for folder in folders:
            with suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name if folder == self._incoming else f"{folder.name}/{entry.name}"
                    public = _PUBLIC.fullmatch(name)
                    if (public and not public["small"]) or _INCOMING.fullmatch(name):
                        with suppress(FileNotFoundError):
                            yield StoredFile(name, entry.stat().st_mtime)


def _move(name: str, source: Path, target: Path) -> None:
    for each in (name, small_of(name)):
        if not _PUBLIC.fullmatch(each):
            raise ValueError(f"no name of a public file: {each!r}")
        with suppress(FileNotFoundError):
            if (source / each).is_file():
                _make_like_above((target / each).parent)
                (source / each).rename(target / each)


def _make_like_above(folder: Path) -> None:
    """Make a folder, with those above it; made by root, it is the site's user's as much as the one above."""
    if folder.is_dir():
        return
    _make_like_above(folder.parent)
    folder.mkdir(mode=0o755, exist_ok=True)
    if os.geteuid() == 0:
        above = folder.parent.stat()
        os.chown(folder, above.st_uid, above.st_gid)
        folder.chmod(stat.S_IMODE(above.st_mode))
