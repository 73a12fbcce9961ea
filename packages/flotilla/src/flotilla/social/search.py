"""Finding people, hashtags and posts."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flotilla.errors import InvalidInputError
from flotilla.settings import Settings
from flotilla.social.pages import Author, Page, Viewer
from flotilla.social.paging import FIRST, Paging, filled, window_of
from flotilla.social.searching import Query, read_query
from flotilla.social.shown import shown_posts
from flotilla.social.visibility import stands_in_public
from flotilla.store import accounts as account_rows
from flotilla.store import search as search_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import first_id_at
from flotilla.store.posts import PostRow
from flotilla.store.windows import Scan, Window

__all__ = ["FOUND_MAX", "Found", "Search"]

# People and hashtags found at once; more letters find fewer.
FOUND_MAX = 20
# Most searches are for something recent: the rest is looked at only if that does not fill the page.
RECENT = timedelta(days=90)
TOO_SLOW = "That would take too long to find. Add a word, or from:@handle."


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found; people and hashtags are on the first page of posts only."""

    people: tuple[Author, ...]
    hashtags: tuple[str, ...]
    posts: Page


class Search:
    """Finding, for people who are signed in. Each raises InvalidInputError (field `q`): too long, or takes too long."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._page_size = settings.page_size

    def everything(self, viewer: Viewer, typed: str, paging: Paging = FIRST) -> Found:
        """People, hashtags and posts."""
        query = read_query(typed)
        with self._database.read() as work:
            first = paging.before is None
            return Found(
                people=_people(work, viewer, query, limit=5) if first else (),
                hashtags=_hashtags(work, query, limit=5) if first else (),
                posts=self._posts(work, viewer, query, paging),
            )

    def people(self, viewer: Viewer, typed: str, *, limit: int = FOUND_MAX) -> tuple[Author, ...]:
        """People whose handle or a word of whose name begins so, the likeliest first."""
        query = read_query(typed)
        with self._database.read() as work:
            return _people(work, viewer, query, limit=min(limit, FOUND_MAX))

    def hashtags(self, typed: str, *, limit: int = FOUND_MAX) -> tuple[str, ...]:
        """Hashtags in use that begin so, in alphabetical order."""
        query = read_query(typed)
        with self._database.read() as work:
            return _hashtags(work, query, limit=min(limit, FOUND_MAX))

    def posts(self, viewer: Viewer, typed: str, paging: Paging = FIRST) -> Page:
        """Public posts with these words, and the viewer's own whoever may see them, newest first.

        Words may be "in a row", -unwanted, this or that; accents and capitals do not matter; from:@handle narrows.
        """
        query = read_query(typed)
        with self._database.read() as work:
            return self._posts(work, viewer, query, paging)

    def _posts(self, work: Work, viewer: Viewer, query: Query, paging: Paging) -> Page:
        me, author_id = viewer.account_id, None
        if query.author is not None:
            author_id = account_rows.id_of(work, query.author)
            if author_id is None:
                return Page((), None)
        elif not query.text:
            return Page((), None)

        def read(window: Window) -> Scan:
            return _recent_first(work, window, text=query.text, author_id=author_id, reader_id=me)

        def wanted(rows: list[PostRow]) -> list[PostRow]:
            return [row for row in rows if row.author_id == me or stands_in_public(row, me)]

        window = window_of(replace(paging, oldest_first=False), page_size=self._page_size)
        try:
            found = filled(read, wanted, window, size=window.limit - 1)
        except TimeoutError as error:
            raise InvalidInputError({"q": TOO_SLOW}) from error
        return Page(shown_posts(work, found.rows, viewer), found.next_before)


def _recent_first(work: Work, window: Window, *, text: str, author_id: int | None, reader_id: int) -> Scan:
    """The window over all posts, looking at those older than RECENT only if the others do not fill it."""
    recent = first_id_at(datetime.now(UTC) - RECENT)
    newer = Scan([], None)
    if window.before > recent:
        newer = search_rows.posts(
            work, replace(window, after=max(window.after, recent)), text=text, author_id=author_id, reader_id=reader_id
        )
        if newer.end is not None or window.after >= recent:
            return newer
    rest = replace(window, before=min(window.before, recent + 1), limit=window.limit - len(newer.rows))
    # Where the newest did not fill the page, there are few of the others, too.
    are_few = window.before > recent
    older = search_rows.posts(work, rest, text=text, author_id=author_id, reader_id=reader_id, are_few=are_few)
    return Scan(newer.rows + older.rows, older.end)


def _people(work: Work, viewer: Viewer, query: Query, *, limit: int) -> tuple[Author, ...]:
    if not query.words and not query.handle:
        return ()
    rows = search_rows.people(work, words=query.words, handle=query.handle, reader_id=viewer.account_id, limit=limit)
    return tuple(Author(*row) for row in rows)


def _hashtags(work: Work, query: Query, *, limit: int) -> tuple[str, ...]:
    return tuple(search_rows.hashtags(work, beginning=query.hashtag, limit=limit)) if query.hashtag else ()
