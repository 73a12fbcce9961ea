"""What is between people, as one of them may see it: followers, requests, blocks, mutes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from flotilla.errors import NotFoundError
from flotilla.settings import Settings
from flotilla.social.accounts import handle_of
from flotilla.social.pages import Author, PeoplePage, Viewer
from flotilla.social.people import NOBODY, Who
from flotilla.social.visibility import VISITOR_ID
from flotilla.store import follows as follow_rows
from flotilla.store import profiles as profile_rows
from flotilla.store import relations as relation_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID
from flotilla.store.profiles import ProfileRow
from flotilla.store.relations import Edge

__all__ = ["ASKED_AT_ONCE_MAX", "FAMILIAR_MAX", "Circle", "Relations", "Relationship"]

ASKED_AT_ONCE_MAX = 100
# So many are asked about at once, and so many familiar followers are named of each.
FAMILIAR_MAX = 20


@dataclass(frozen=True, slots=True)
class Relationship:
    """Everything between the viewer and one other account; `muted_until` (UTC) is None for a mute that lasts."""

    account_id: int
    following: bool
    show_reposts: bool
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muted_until: datetime | None
    requested: bool
    requested_by: bool


@dataclass(frozen=True, slots=True)
class Circle:
    """A page of the followers of a person, or of whom they follow; `hidden`: not for this viewer to see."""

    person: Author
    people: PeoplePage
    hidden: bool


class Relations:
    """Who is connected to whom. Pages go from the newest account to the oldest."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._page_size = settings.page_size

    def between(self, viewer: Viewer, account_ids: Sequence[int]) -> tuple[Relationship, ...]:
        """What is between the viewer and each of those accounts, in their order, at most ASKED_AT_ONCE_MAX of them."""
        asked = [account_id for account_id in account_ids if 0 < account_id <= MAX_ID][:ASKED_AT_ONCE_MAX]
        if not asked:
            return ()
        with self._database.read() as work:
            rows = relation_rows.between(work, reader_id=viewer.account_id, account_ids=asked)
        return tuple(Relationship(*row) for row in rows)

    def familiar(self, viewer: Viewer, account_ids: Sequence[int]) -> dict[int, tuple[Author, ...]]:
        """Who of those the viewer follows follows each of these accounts, at most FAMILIAR_MAX of as many accounts.

        Nobody, where the viewer may not see an account's followers, or there is no such account.
        """
        asked = [account_id for account_id in dict.fromkeys(account_ids) if 0 < account_id <= MAX_ID][:FAMILIAR_MAX]
        if not asked:
            return {}
        with self._database.read() as work:
            pairs = relation_rows.familiar(work, reader_id=viewer.account_id, account_ids=asked, limit=FAMILIAR_MAX)
            everyone = {account_id for pair in pairs for account_id in pair}
            rows = profile_rows.read(work, list(everyone), reader_id=viewer.account_id) if everyone else {}
        found: dict[int, tuple[Author, ...]] = dict.fromkeys(asked, ())
        for account_id, follower_id in pairs:
            if account_id in rows and follower_id in rows:
                found[account_id] += (Author(*rows[follower_id]),)
        return found

    def person(self, viewer: Viewer, who: Who) -> Author:
        """An active person who does not block the viewer. Raises NotFoundError."""
        with self._database.read() as work:
            return _person(work, who, viewer.account_id)

    def followers(
        self, viewer: Viewer | None, who: Who, *, before: int | None = None, limit: int | None = None
    ) -> Circle:
        """A person's followers; a locked person's are for themselves and their followers. Raises NotFoundError."""
        return self._circle(viewer, who, "followers", self._window(before, limit))

    def following(
        self, viewer: Viewer | None, who: Who, *, before: int | None = None, limit: int | None = None
    ) -> Circle:
        """Whom a person follows; whom a locked one does is for themselves and their followers. Raises NotFoundError."""
        return self._circle(viewer, who, "following", self._window(before, limit))

    def requests(self, viewer: Viewer, *, before: int | None = None, limit: int | None = None) -> PeoplePage:
        """Who asks to follow the viewer."""
        window = self._window(before, limit)
        with self._database.read() as work:
            ids = relation_rows.page(work, "requests", account_id=viewer.account_id, **window)
            return _shown(ids, window, profile_rows.read(work, ids, reader_id=viewer.account_id))

    def blocked(self, viewer: Viewer, *, before: int | None = None, limit: int | None = None) -> PeoplePage:
        """Whom the viewer blocks."""
        return self._avoided(viewer, "blocked", self._window(before, limit))

    def muted(self, viewer: Viewer, *, before: int | None = None, limit: int | None = None) -> PeoplePage:
        """Whom the viewer mutes just now."""
        return self._avoided(viewer, "muted", self._window(before, limit))

    def _avoided(self, viewer: Viewer, edge: Edge, window: "_Window") -> PeoplePage:
        with self._database.read() as work:
            ids = relation_rows.page(work, edge, account_id=viewer.account_id, **window)
            return _shown(ids, window, profile_rows.read_all(work, ids))

    def _circle(self, viewer: Viewer | None, who: Who, edge: Edge, window: "_Window") -> Circle:
        viewer_id = VISITOR_ID if viewer is None else viewer.account_id
        with self._database.read() as work:
            person = _person(work, who, viewer_id)
            if person.locked and not _is_inside(work, viewer_id, person.account_id):
                return Circle(person, PeoplePage((), None), hidden=True)
            ids = relation_rows.page(work, edge, account_id=person.account_id, **window)
            rows = profile_rows.read(work, ids, reader_id=viewer_id)
        return Circle(person, _shown(ids, window, rows), hidden=False)

    def _window(self, before: int | None, limit: int | None) -> "_Window":
        # One more than is shown tells whether there is a page after this one.
        return {"before": MAX_ID if before is None else before, "limit": (limit or self._page_size) + 1}


class _Window(TypedDict):
    before: int
    limit: int


def _shown(ids: Sequence[int], window: _Window, rows: Mapping[int, ProfileRow]) -> PeoplePage:
    """The people of a page that may be shown; the page after it starts where this one's ids end, shown or not."""
    size = window["limit"] - 1
    people = tuple(Author(*rows[account_id]) for account_id in ids[:size] if account_id in rows)
    return PeoplePage(people, ids[size - 1] if len(ids) > size else None)


def _person(work: Work, who: Who, viewer_id: int) -> Author:
    row = None
    if isinstance(who, str):
        handle = handle_of(who)
        row = None if handle is None else profile_rows.find_by_handle(work, handle, reader_id=viewer_id)
    elif 0 < who <= MAX_ID:
        row = profile_rows.find(work, who, reader_id=viewer_id)
    if row is None:
        raise NotFoundError(NOBODY)
    return Author(*row)


def _is_inside(work: Work, viewer_id: int, account_id: int) -> bool:
    if viewer_id == VISITOR_ID:
        return False
    return viewer_id == account_id or follow_rows.exists(work, follower_id=viewer_id, followee_id=account_id)
