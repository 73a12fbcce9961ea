"""A site in one file, and a site from that file: the database and the pictures.

The file is a tar archive: `manifest.json`, `database.dump` (pg_dump's own format), then the pictures under `media/`.
The database comes first, so that each picture a row knows was stored before; those stored later are simply more.
"""

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flotilla import __version__
from flotilla.errors import StartError, StorageUnavailableError
from flotilla.settings import Settings
from flotilla.store import dumping
from flotilla.store.files import Files, OpenedFile, elsewhere, is_place
from flotilla.store.migrating import migrate
from flotilla.store.opening_files import open_files
from flotilla.store.schema import SCHEMA_VERSION

__all__ = ["back_up", "restore"]

# 2: pictures of people who are suspended lie under media/withheld.
FORMAT = 2
MANIFEST = "manifest.json"
DUMP = "database.dump"
MEDIA = "media/"
MANIFEST_MAX_BYTES = 10_000
PRIVATE = 0o600


def back_up(settings: Settings, file: Path) -> int:
    """Write the site into `file`, which appears when it is complete; how many pictures. Raises StartError."""
    if file.exists():
        raise StartError(f"{file} is there already.", try_this="Choose another name, or move it away first.")
    manifest = {
        "format": FORMAT,
        "flotilla": __version__,
        "schema_version": dumping.schema_version(settings),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    try:
        with tempfile.TemporaryDirectory(prefix=".flotilla-backup-", dir=file.absolute().parent) as name:
            folder = Path(name)
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=2))
            dumping.dump(settings, folder / DUMP)
            pictures = _archive(folder, open_files(settings))
            (folder / "archive").replace(file)
    except (OSError, StorageUnavailableError) as error:
        raise StartError(f"The backup could not be written: {error}.") from error
    return pictures


def restore(settings: Settings, file: Path) -> int:
    """Make the site in `file` anew, in an empty database and without pictures; how many pictures. Raises StartError."""
    files = open_files(settings)
    files.check()
    if any(True for _ in files.places()):
        raise StartError(
            f"There are pictures under {settings.media_url or settings.media_folder} already. Nothing was changed.",
            try_this="Point FLOTILLA_MEDIA_FOLDER at an empty folder, or FLOTILLA_MEDIA_URL at an empty prefix.",
        )
    dumping.refuse_unless_empty(settings)
    try:
        # All of it is looked at before anything is made.
        with tarfile.open(file) as archive:
            _check_manifest(_next(archive, MANIFEST), archive)
            _next(archive, DUMP)
            _check_pictures(archive)
        with tarfile.open(file) as archive, tempfile.TemporaryDirectory(prefix="flotilla-restore-") as name:
            _next(archive, MANIFEST)
            dump = Path(name) / DUMP
            _extract(archive, _next(archive, DUMP), dump)
            dumping.restore(settings, dump)
            dump.unlink()
            pictures = _restore_pictures(archive, files)
    except StorageUnavailableError as error:
        raise StartError(f"The pictures could not be stored: {error}.") from error
    except (OSError, tarfile.TarError) as error:
        raise StartError(f"{file} could not be read to its end: {error}.") from error
    # The application's user and its rights, and the tables of a newer version.
    migrate(settings)
    return pictures


def _archive(folder: Path, files: Files) -> int:
    pictures = 0
    with (folder / "archive").open("xb") as file:
        (folder / "archive").chmod(PRIVATE)
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(folder / MANIFEST, MANIFEST)
            archive.add(folder / DUMP, DUMP)
            (folder / DUMP).unlink()
            for place in files.places():
                # It may have been withheld, or shown again, since the place was told.
                for there in (place, elsewhere(place)):
                    if opened := files.open_at(there):
                        break
                # Removed meanwhile: that is found missing later, as it should be.
                if opened is not None:
                    with opened.stream:
                        archive.addfile(_member(there, opened), opened.stream)
                    # The archive's own list of what was written would grow with every picture.
                    archive.members = []  # type: ignore[attr-defined]
                    pictures += 1
        file.flush()
        os.fsync(file.fileno())
    return pictures


def _member(place: str, opened: OpenedFile) -> tarfile.TarInfo:
    member = tarfile.TarInfo(MEDIA + place)
    member.size, member.mtime = opened.size_bytes, int(opened.written_s)
    return member


def _next(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    member = archive.next()
    if member is None or member.name != name or not member.isfile():
        raise StartError("This is not a backup of Flotilla.", try_this="Name a file that `flotilla backup` wrote.")
    return member


def _check_manifest(member: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
    reader = archive.extractfile(member)
    assert reader is not None, "it is a file"
    try:
        manifest = json.loads(reader.read(MANIFEST_MAX_BYTES))
        made_by, version = int(manifest["format"]), str(manifest["schema_version"])
    except (KeyError, TypeError, ValueError):
        raise StartError("This is not a backup of Flotilla: its manifest cannot be read.") from None
    if made_by > FORMAT or version > SCHEMA_VERSION:
        raise StartError(
            "This backup was made by a newer version of Flotilla than this one.", try_this="Update Flotilla first."
        )


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    reader = archive.extractfile(member)
    assert reader is not None, "it is a file"
    with path.open("xb") as written:
        shutil.copyfileobj(reader, written, 1 << 20)


def _check_pictures(archive: tarfile.TarFile) -> None:
    for member in _rest(archive):
        if not (member.isfile() and member.name.startswith(MEDIA) and is_place(member.name.removeprefix(MEDIA))):
            raise StartError(f"The backup holds something that is no picture: {member.name[:100]!r}.")


def _restore_pictures(archive: tarfile.TarFile, files: Files) -> int:
    pictures = 0
    for member in _rest(archive):
        reader = archive.extractfile(member)
        assert reader is not None, "it is a file"
        files.put_at(member.name.removeprefix(MEDIA), reader)
        pictures += 1
    return pictures


def _rest(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        yield member
        # The archive's own list of what was read would grow with every picture.
        archive.members = []  # type: ignore[attr-defined]
