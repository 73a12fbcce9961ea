"""Files that no row knows, and rows whose file is not there: what a crash, a restored backup or a bad disk leaves."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from flotilla.store import media_files as file_rows
from flotilla.store.database import Database
from flotilla.store.files import Files, StoredFile

__all__ = ["Orphans", "find_orphans", "remove_orphans"]

# What is younger may belong to a request that is still at work.
YOUNG_S = 3600.0
BATCH = 500


@dataclass(frozen=True, slots=True)
class Orphans:
    """`files` without a row; `missing`: files, of which at least one of the two makes is gone, that rows point to."""

    files: tuple[str, ...]
    missing: tuple[str, ...]


def find_orphans(database: Database, files: Files, *, now_s: float | None = None) -> Orphans:
    """Compare all files with all rows, some hundred at a time; files younger than an hour are left alone."""
    before_s = (time.time() if now_s is None else now_s) - YOUNG_S
    return Orphans(tuple(dict.fromkeys(_without_a_row(database, files, before_s))), tuple(_missing(database, files)))


def remove_orphans(files: Files, orphans: Orphans) -> int:
    """Remove the files without a row; how many. What is missing stays missing: only a backup has it."""
    for start in range(0, len(orphans.files), BATCH):
        files.remove(*orphans.files[start : start + BATCH])
    return len(orphans.files)


def _without_a_row(database: Database, files: Files, before_s: float) -> Iterator[str]:
    found: Iterator[StoredFile] = (stored for stored in files.stored() if stored.written_s < before_s)
    while batch := [stored.name for stored in islice(found, BATCH)]:
        with database.read() as work:
            known = file_rows.known(work, batch)
        yield from (name for name in batch if name not in known)


def _missing(database: Database, files: Files) -> Iterator[str]:
    with database.read() as work:
        shards = work.shards.schemas
    for shard in shards:
        after = ""
        while True:
            with database.read() as work:
                batch = file_rows.known_page(work, shard, after=after, limit=BATCH)
            whole = files.whole(batch)
            yield from (name for name in batch if name not in whole)
            if len(batch) < BATCH:
                break
            after = batch[-1]
