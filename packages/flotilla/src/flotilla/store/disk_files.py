"""Files of pictures under one folder of the disk, which all processes of the site share."""

import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from flotilla.errors import StartError, StorageUnavailableError
from flotilla.store.files import (
    PUBLIC,
    WITHHELD,
    Files,
    OpenedFile,
    StoredFile,
    both_makes,
    give_like_above,
    is_incoming,
    is_place,
    is_public,
    large_of,
    make_like_above,
)

__all__ = ["DiskFiles"]

READABLE_BY_ALL = 0o644
TWO_LETTERS = "[0-9a-f][0-9a-f]"
CHUNK_BYTES = 1 << 20


class DiskFiles(Files):
    """The files under one folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder
        self._public = folder / PUBLIC
        self._withheld = folder / WITHHELD

    @property
    def public_folder(self) -> Path:
        """What may be served, by this site or by a web server in front of it."""
        return self._public

    @property
    def is_given_up(self) -> bool:
        """A disk never is."""
        return False

    def check(self) -> None:
        """Raise StartError unless files can be written here; makes no folder yet."""
        existing = next(path for path in (self._public, *self._public.parents) if path.exists())
        if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
            raise StartError(
                f"Pictures cannot be stored under {self._folder}: {existing} cannot be written to.",
                try_this="Point FLOTILLA_MEDIA_FOLDER at a folder that belongs to the user who runs the site.",
            )

    def check_moving(self) -> None:
        """Raise StartError unless this process may withhold, show and remove what is stored."""
        folders = (found for each in (self._public, self._withheld) for found in (each, *each.glob(TWO_LETTERS)))
        for folder in folders:
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
                raise StartError(
                    f"Pictures cannot be moved: {folder} belongs to the user with the number {folder.stat().st_uid}, "
                    f"and this is {os.geteuid()}.",
                    try_this="Run this as the user who runs the site, or as root.",
                )

    def share(self, name: str) -> None:
        """All machines share the folder, so there is nothing to do."""

    @contextmanager
    def at_hand(self, name: str) -> Iterator[Path]:
        """Where a file that was received lies."""
        yield self._received(name)

    def publish(self, written: Path, name: str) -> None:
        """Give a finished file its public name: whoever looks finds nothing or all of it, after a power cut too."""
        target = self.path_of(name)
        try:
            make_like_above(target.parent)
            written.chmod(READABLE_BY_ALL)
            with written.open("rb") as file:
                os.fsync(file.fileno())
            written.rename(target)
            give_like_above(target)
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            written.unlink(missing_ok=True)
            raise StorageUnavailableError(f"A picture could not be stored: {error}") from error

    def open(self, name: str) -> OpenedFile | None:
        """A public file that is not withheld; None: there is none."""
        return _opened(self._public / both_makes(name)[0])

    def remove(self, *names: str) -> None:
        """Remove files, each with its small make; nothing happens for those that are gone already."""
        try:
            for name in names:
                self.path_of(name).unlink(missing_ok=True)
                if is_public(name):
                    for each in both_makes(name):
                        (self._public / each).unlink(missing_ok=True)
                        (self._withheld / each).unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailableError(f"A file could not be removed: {error}") from error

    def withhold(self, name: str) -> None:
        """Put a public file, with its small make, where nobody is served it; nothing happens when it is there."""
        _move(name, self._public, self._withheld)

    def show(self, name: str) -> None:
        """Take back `withhold`."""
        _move(name, self._withheld, self._public)

    def shown(self) -> Iterator[str]:
        """Every file of which either make is served; in no order."""
        return (one.name for one in _stored_in(self._public))

    def withheld(self) -> Iterator[str]:
        """Every file of which either make is withheld; in no order."""
        return (one.name for one in _stored_in(self._withheld))

    def stored(self) -> Iterator[StoredFile]:
        """Every file of which there is either make, and what was received; in no order, some of them twice."""
        with suppress(FileNotFoundError), os.scandir(self._incoming) as entries:
            for entry in entries:
                if is_incoming(entry.name):
                    with suppress(FileNotFoundError):
                        yield StoredFile(entry.name, entry.stat().st_mtime)
        yield from _stored_in(self._public)
        yield from _stored_in(self._withheld)

    def whole(self, names: Collection[str]) -> set[str]:
        """Those of the public files that are there with their small make, withheld or not."""
        return {name for name in names if all(map(self._is_there, both_makes(name)))}

    def places(self) -> Iterator[str]:
        """Where each picture lies, both makes."""
        for path in sorted(self._folder.rglob("*")):
            place = str(path.relative_to(self._folder))
            if is_place(place) and path.is_file():
                yield place

    def open_at(self, place: str) -> OpenedFile | None:
        """The picture that lies there; None: none does any more."""
        return _opened(self._at(place))

    def put_at(self, place: str, stream: IO[bytes]) -> None:
        """Store a picture there, from a backup."""
        path = self._at(place)
        part = path.with_name(secrets.token_hex(16))
        try:
            make_like_above(path.parent)
            with part.open("xb") as written:
                shutil.copyfileobj(stream, written, CHUNK_BYTES)
            part.chmod(READABLE_BY_ALL)
            give_like_above(part)
            part.rename(path)
        except OSError as error:
            raise StorageUnavailableError(f"A picture could not be stored: {error}") from error

    def path_of(self, name: str) -> Path:
        """Where the file of that name is, or would be; ValueError for what cannot be a name of ours."""
        return self._public / name if is_public(name) else self._received(name)

    def _at(self, place: str) -> Path:
        if not is_place(place):
            raise ValueError(f"no place of a picture: {place!r}")
        return self._folder / place

    def _is_there(self, name: str) -> bool:
        return (self._public / name).is_file() or (self._withheld / name).is_file()


def _opened(path: Path) -> OpenedFile | None:
    try:
        stream = path.open("rb")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise StorageUnavailableError(f"A picture could not be read: {error}") from error
    told = os.fstat(stream.fileno())
    return OpenedFile(stream, told.st_size, told.st_mtime)


def _stored_in(top: Path) -> Iterator[StoredFile]:
    for folder in sorted(top.glob(TWO_LETTERS)):
        written_s: dict[str, float] = {}
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                name = f"{folder.name}/{entry.name}"
                if is_public(name):
                    with suppress(FileNotFoundError):
                        written_s[large_of(name)] = max(entry.stat().st_mtime, written_s.get(large_of(name), 0.0))
        yield from (StoredFile(name, at_s) for name, at_s in written_s.items())


def _move(name: str, source: Path, target: Path) -> None:
    for each in both_makes(name):
        with suppress(FileNotFoundError):
            if (source / each).is_file():
                make_like_above((target / each).parent)
                (source / each).rename(target / each)
