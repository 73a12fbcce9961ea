"""Lists: some of the people one follows, to be read by themselves. Nobody but its owner learns of a list."""

from collections.abc import Sequence
from dataclasses import dataclass

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.settings import Settings
from flotilla.social.events import Kind, publish
from flotilla.social.pages import Author, PeoplePage, Viewer
from flotilla.social.text import tidied
from flotilla.store import lists as list_rows
from flotilla.store import profiles as profile_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID

__all__ = ["LISTS_MAX", "MEMBERS_MAX", "REPLIES", "TITLE_MAX_CHARACTERS", "Lists", "UserList"]

LISTS_MAX = 50
MEMBERS_MAX = 500
TITLE_MAX_CHARACTERS = 60
REPLIES = ("list", "followed", "none")
NO_SUCH_LIST = "There is no such list."


@dataclass(frozen=True, slots=True)
class UserList:
    """A list. `replies`: its members' replies stand in it when they are to other members (`list`), to anyone its owner
    follows (`followed`), or never (`none`)."""

    id: int
    title: str
    replies: str


class Lists:
    """The viewer's own lists."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._page_size = settings.page_size

    def all(self, viewer: Viewer) -> tuple[UserList, ...]:
        """Every list, by title."""
        with self._database.read() as work:
            rows = list_rows.all_of(work, account_id=viewer.account_id, limit=LISTS_MAX)
        return tuple(UserList(*row) for row in rows)

    def containing(self, viewer: Viewer, account_id: int) -> tuple[UserList, ...]:
        """The lists that this person is on, by title."""
        with self._database.read() as work:
            rows = list_rows.containing(work, account_id=viewer.account_id, member_id=account_id)
        return tuple(UserList(*row) for row in rows)

    def read(self, viewer: Viewer, list_id: int) -> UserList:
        """One list. Raises NotFoundError."""
        with self._database.read() as work:
            return _found(work, viewer, list_id)

    def create(self, viewer: Viewer, title: str, *, replies: str = "list") -> UserList:
        """Make an empty list. Raises InvalidInputError (field `title` or `replies`)."""
        title = _accepted(title, replies)
        with self._database.write() as work:
            list_id = list_rows.insert(work, account_id=viewer.account_id, title=title, replies=replies, most=LISTS_MAX)
            if list_id is None:
                raise InvalidInputError({"title": f"Nobody has more than {LISTS_MAX} lists; delete one first."})
        return UserList(list_id, title, replies)

    def change(self, viewer: Viewer, list_id: int, *, title: str, replies: str) -> UserList:
        """Rename a list and say which replies it shows. Raises NotFoundError, InvalidInputError."""
        title = _accepted(title, replies)
        with self._database.write() as work:
            if not 0 < list_id <= MAX_ID or not list_rows.change(
                work, account_id=viewer.account_id, list_id=list_id, title=title, replies=replies
            ):
                raise NotFoundError(NO_SUCH_LIST)
        return UserList(list_id, title, replies)

    def delete(self, viewer: Viewer, list_id: int) -> None:
        """Delete a list; its members are still followed. Raises NotFoundError."""
        with self._database.write() as work:
            if not 0 < list_id <= MAX_ID or not list_rows.delete(work, account_id=viewer.account_id, list_id=list_id):
                raise NotFoundError(NO_SUCH_LIST)
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])

    def members(
        self, viewer: Viewer, list_id: int, *, before: int | None = None, limit: int | None = None
    ) -> PeoplePage:
        """Who is on a list, the newest accounts first. Raises NotFoundError."""
        size = limit or self._page_size
        with self._database.read() as work:
            _found(work, viewer, list_id)
            ids = list_rows.members(
                work,
                account_id=viewer.account_id,
                list_id=list_id,
                before=MAX_ID if before is None else before,
                limit=size + 1,
            )
            rows = profile_rows.read_all(work, ids[:size]) if ids else {}
        people = tuple(Author(*rows[member_id]) for member_id in ids[:size] if member_id in rows)
        return PeoplePage(people, ids[size - 1] if len(ids) > size else None)

    def add(self, viewer: Viewer, list_id: int, account_ids: Sequence[int]) -> None:
        """Put people on a list whom the viewer follows.

        Raises NotFoundError (no such list, or one of them is not followed), InvalidInputError (field `account`: the
        list is full).
        """
        wanted = frozenset(account_ids)
        with self._database.write() as work:
            count = None
            if 0 < list_id <= MAX_ID:
                count = list_rows.lock(work, account_id=viewer.account_id, list_id=list_id)
            if count is None:
                raise NotFoundError(NO_SUCH_LIST)
            if count + len(wanted) > MEMBERS_MAX:
                raise InvalidInputError({"account": f"A list has at most {MEMBERS_MAX} people."})
            ids = [account_id for account_id in wanted if 0 < account_id <= MAX_ID]
            added = list_rows.add(work, account_id=viewer.account_id, list_id=list_id, member_ids=ids)
            if added != wanted:
                raise NotFoundError("Only people whom you follow can be on a list.")
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])

    def remove(self, viewer: Viewer, list_id: int, account_ids: Sequence[int]) -> None:
        """Take people off a list, as far as they are on it. Raises NotFoundError (no such list)."""
        ids = [account_id for account_id in account_ids if 0 < account_id <= MAX_ID]
        with self._database.write() as work:
            _found(work, viewer, list_id)
            list_rows.remove(work, account_id=viewer.account_id, list_id=list_id, member_ids=ids)
            publish(work, Kind.CIRCLE_CHANGED, account_ids=[viewer.account_id])


def _found(work: Work, viewer: Viewer, list_id: int) -> UserList:
    row = list_rows.find(work, account_id=viewer.account_id, list_id=list_id) if 0 < list_id <= MAX_ID else None
    if row is None:
        raise NotFoundError(NO_SUCH_LIST)
    return UserList(*row)


def _accepted(title: str, replies: str) -> str:
    tidy = " ".join(tidied(title).split())
    problems = {}
    if not tidy:
        problems["title"] = "A list needs a title."
    elif len(tidy) > TITLE_MAX_CHARACTERS:
        problems["title"] = f"A title has at most {TITLE_MAX_CHARACTERS} characters."
    if replies not in REPLIES:
        problems["replies"] = "Replies to members, to anyone you follow, or none: choose one."
    if problems:
        raise InvalidInputError(problems)
    return tidy
