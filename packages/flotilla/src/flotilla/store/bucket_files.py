"""Files of pictures in a bucket, which all machines of a site share: the same names there as in a folder.

A bucket stores an object whole or not at all. It cannot move one, so a file that is withheld is copied, then removed
where it was: doing it again finishes what was left half done.
"""

import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from flotilla.errors import StorageUnavailableError
from flotilla.store.bucket import Bucket
from flotilla.store.files import (
    PRIVATE_FOLDER,
    PUBLIC,
    WITHHELD,
    Files,
    OpenedFile,
    StoredFile,
    both_makes,
    is_incoming,
    is_place,
    is_public,
    large_of,
    make_like_above,
)

__all__ = ["BucketFiles"]

INCOMING = "incoming"
# What whoever serves the bucket's public part by itself should say of a picture.
CONTENT_TYPES = {"jpg": "image/jpeg", "webp": "image/webp"}
FOR_EVER = "public, max-age=31536000, immutable"


class BucketFiles(Files):
    """The files in one bucket; those being worked on lie under `folder`, which each machine has for itself."""

    def __init__(self, folder: Path, bucket: Bucket) -> None:
        super().__init__(folder)
        self._bucket = bucket

    @property
    def is_given_up(self) -> bool:
        """Whether the bucket did not answer when it was asked last."""
        return self._bucket.is_left_alone

    def check(self) -> None:
        """Raise StartError unless the bucket can be written, read and listed."""
        self._bucket.check()

    def check_moving(self) -> None:
        """Who may write there may move."""

    def share(self, name: str) -> None:
        """Put a file that was received into the bucket, for whichever machine works on it."""
        path = self._received(name)
        self._bucket.put(f"{INCOMING}/{name}", _content(path), {})
        path.unlink(missing_ok=True)

    @contextmanager
    def at_hand(self, name: str) -> Iterator[Path]:
        """A file that was received, fetched unless it lies here; there is none when it is gone."""
        path = self._received(name)
        if path.is_file():
            yield path
            return
        copy = self.work_path()
        try:
            found = self._bucket.get(f"{INCOMING}/{name}")
            if found is not None:
                make_like_above(copy.parent, mode=PRIVATE_FOLDER)
                copy.write_bytes(found[0])
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def publish(self, written: Path, name: str) -> None:
        """Give a finished file its public name."""
        both_makes(name)
        self._bucket.put(f"{PUBLIC}/{name}", _content(written), _headers(name))
        written.unlink(missing_ok=True)

    def open(self, name: str) -> OpenedFile | None:
        """A public file that is not withheld, read whole: a slow reader must not hold the bucket's connection."""
        return self.open_at(f"{PUBLIC}/{both_makes(name)[0]}")

    def remove(self, *names: str) -> None:
        """Remove files, each with its small make; nothing happens for those that are gone already."""
        keys = []
        for name in names:
            if is_public(name):
                keys += [f"{top}/{each}" for top in (PUBLIC, WITHHELD) for each in both_makes(name)]
            else:
                self.drop(name)
                keys.append(f"{INCOMING}/{name}")
        self._bucket.remove(keys)

    def withhold(self, name: str) -> None:
        """Put a public file, with its small make, where nobody is served it; nothing happens when it is there."""
        self._move(name, PUBLIC, WITHHELD)

    def show(self, name: str) -> None:
        """Take back `withhold`."""
        self._move(name, WITHHELD, PUBLIC)

    def shown(self) -> Iterator[str]:
        """Every file of which either make is served; in no order, some of them twice."""
        return (one.name for one in self._listed(PUBLIC))

    def withheld(self) -> Iterator[str]:
        """Every file of which either make is withheld; in no order, some of them twice."""
        return (one.name for one in self._listed(WITHHELD))

    def stored(self) -> Iterator[StoredFile]:
        """Every file of which there is either make, and what was received; in no order, some of them twice."""
        if self._incoming.is_dir():
            for path in self._incoming.iterdir():
                if is_incoming(path.name):
                    with suppress(FileNotFoundError):
                        yield StoredFile(path.name, path.stat().st_mtime)
        for found in self._bucket.list(INCOMING):
            name = found.key.removeprefix(f"{INCOMING}/")
            if is_incoming(name):
                yield StoredFile(name, found.written_s)
        yield from self._listed(PUBLIC)
        yield from self._listed(WITHHELD)

    def whole(self, names: Collection[str]) -> set[str]:
        """Those of the public files that are there with their small make; each folder of theirs is listed once."""
        wanted = {name: both_makes(name) for name in names}
        there: set[str] = set()
        for folder in {name.partition("/")[0] for name in names}:
            for top in (PUBLIC, WITHHELD):
                there.update(found.key.removeprefix(f"{top}/") for found in self._bucket.list(f"{top}/{folder}"))
        return {name for name, both in wanted.items() if there.issuperset(both)}

    def places(self) -> Iterator[str]:
        """Where each picture lies, both makes."""
        for top in (PUBLIC, WITHHELD):
            yield from (found.key for found in self._bucket.list(top) if is_place(found.key))

    def open_at(self, place: str) -> OpenedFile | None:
        """The picture that lies there; None: none does any more."""
        found = self._bucket.get(_checked(place))
        if found is None:
            return None
        content, written_at = found
        return OpenedFile(io.BytesIO(content), len(content), written_at.timestamp())

    def put_at(self, place: str, stream: IO[bytes]) -> None:
        """Store a picture there, from a backup."""
        self._bucket.put(_checked(place), stream.read(), _headers(place))

    def _move(self, name: str, source: str, target: str) -> None:
        both = both_makes(name)
        copied = [each for each in both if self._bucket.copy(f"{source}/{each}", f"{target}/{each}")]
        if copied:
            self._bucket.remove([f"{source}/{each}" for each in copied])

    def _listed(self, top: str) -> Iterator[StoredFile]:
        last = ""
        for found in self._bucket.list(top):
            name = found.key.removeprefix(f"{top}/")
            # Both makes mostly stand beside each other.
            if is_public(name) and large_of(name) != last:
                last = large_of(name)
                yield StoredFile(last, found.written_s)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageUnavailableError(f"A picture could not be read: {error}") from error


def _headers(name: str) -> dict[str, str]:
    return {"Content-Type": CONTENT_TYPES[name.rpartition(".")[2]], "Cache-Control": FOR_EVER}


def _checked(place: str) -> str:
    if not is_place(place):
        raise ValueError(f"no place of a picture: {place!r}")
    return place
