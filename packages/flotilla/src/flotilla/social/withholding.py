"""Pictures of people who are suspended: withheld, so that their addresses lead to nothing, and shown again afterwards.

Pictures are served without asking the database, often by a web server in front. So it is the files that move.
"""

from collections.abc import Iterator
from itertools import islice

from flotilla.social.background import Background, Task
from flotilla.store import account_states as state_rows
from flotilla.store import media_files as file_rows
from flotilla.store.database import Database, Work
from flotilla.store.files import Files

__all__ = ["Withholding", "misplaced"]

SETTLE = Task("settle_pictures", queue="media")
BATCH = 200


class Withholding:
    """Moves files to where they belong by what their owner's account is now."""

    def __init__(self, database: Database, files: Files, background: Background) -> None:
        self._database = database
        self._files = files
        self._background = background
        background.does(SETTLE, self._settle)

    def settle_later(self, work: Work, account_id: int) -> None:
        """For every change of an account from or to suspended: see to that person's pictures, once `work` is kept."""
        self._background.later(work, SETTLE, account_id=account_id)

    def _settle(self, account_id: int) -> None:
        after = ""
        while True:
            with self._database.write(hides=False) as work:
                # Held, so that of two such tasks the one that knows the newest state has the last word.
                state = state_rows.locked(work, account_id)
                names = file_rows.of_account(work, account_id, after=after, limit=BATCH)
                for name in names:
                    (self._files.withhold if state == "suspended" else self._files.show)(name)
            if len(names) < BATCH:
                return
            after = names[-1]


def misplaced(database: Database, files: Files) -> Iterator[tuple[str, bool]]:
    """Files that are served though their owner is suspended (True), or withheld though nobody suspended them (False).

    What a change of hands between two versions, or a crash between a decision and its task, may leave.
    """
    served = files.shown()
    while batch := list(islice(served, BATCH)):
        with database.read() as work:
            theirs = file_rows.of_suspended(work, batch)
        yield from ((name, True) for name in batch if name in theirs)
    withheld = files.withheld()
    while batch := list(islice(withheld, BATCH)):
        with database.read() as work:
            theirs = file_rows.of_suspended(work, batch)
        yield from ((name, False) for name in batch if name not in theirs)
