"""Pictures of people who are suspended: withheld, so that their addresses lead to nothing, and shown again afterwards.

Pictures are served without asking the database, often by a web server in front. So it is the files that move.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from flotilla.social.background import Background, Task
from flotilla.store import account_states as state_rows
from flotilla.store import media_files as file_rows
from flotilla.store.database import Database, Work
from flotilla.store.files import Files

__all__ = ["Withholding", "misplaced", "put_right"]

SETTLE = Task("settle_pictures", queue="media")
BATCH = 200
# In one transaction, which holds the account's state and is ended by the database when nothing is heard for 30 s. In a
# bucket each picture takes three questions.
MOVED_AT_ONCE = 5


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
            with self._database.read() as work:
                names = file_rows.of_account(work, account_id, after=after, limit=BATCH)
            for start in range(0, len(names), MOVED_AT_ONCE):
                with self._database.write(hides=False) as work:
                    # Held, so that of two such tasks the one that knows the newest state has the last word.
                    state = state_rows.locked(work, account_id)
                    for name in names[start : start + MOVED_AT_ONCE]:
                        _put(self._files, name, suspended=state == "suspended")
            if len(names) < BATCH:
                return
            after = names[-1]


def misplaced(database: Database, files: Files) -> Iterator[str]:
    """Files that are served though their owner is suspended, or withheld though their owner is not.

    What a change of hands between two versions, or a crash between a decision and its task, may leave.
    """
    for found, are_served in ((files.shown(), True), (files.withheld(), False)):
        while batch := list(islice(found, BATCH)):
            with database.read() as work:
                owners = file_rows.owners(work, batch)
            yield from (name for name in batch if name in owners and owners[name].suspended is are_served)


def put_right(database: Database, files: Files, names: Sequence[str]) -> None:
    """Move these to where their owners' states want them now, which may have changed since they were found."""
    for start in range(0, len(names), MOVED_AT_ONCE):
        few = names[start : start + MOVED_AT_ONCE]
        with database.write(hides=False) as work:
            owners = {name: owner.account_id for name, owner in file_rows.owners(work, few).items()}
            # As above: nobody's task moves the same picture the other way meanwhile, which in a bucket might lose it.
            states = {each: state_rows.locked(work, each) for each in sorted(set(owners.values()))}
            for name, account_id in owners.items():
                _put(files, name, suspended=states[account_id] == "suspended")


def _put(files: Files, name: str, *, suspended: bool) -> None:
    (files.withhold if suspended else files.show)(name)
