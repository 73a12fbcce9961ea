"""Pages of posts, newest first; `before` is the `next_before` of the page above, None for the first page."""

from flotilla.errors import NotFoundError
from flotilla.settings import Settings
from flotilla.social.accounts import handle_of
from flotilla.social.pages import Author, Page, Profile, ProfilePage, Viewer
from flotilla.social.shown import shown_page, viewer_id
from flotilla.social.text import hashtag_name
from flotilla.store import accounts as account_rows
from flotilla.store import timelines as timeline_rows
from flotilla.store.database import Database
from flotilla.store.ids import MAX_ID, made_at

__all__ = ["Timelines"]


class Timelines:
    """Pages of posts."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._page_size = settings.page_size
        self._limit = settings.page_size + 1

    def home(self, viewer: Viewer, *, before: int | None = None) -> Page:
        """The posts of the viewer and of everyone they follow."""
        with self._database.read() as work:
            rows = timeline_rows.home(work, reader_id=viewer.account_id, before=_cursor(before), limit=self._limit)
            return shown_page(work, rows, viewer, page_size=self._page_size)

    def public(self, viewer: Viewer | None, *, before: int | None = None) -> Page:
        """Everyone's posts."""
        with self._database.read() as work:
            rows = timeline_rows.everyone(work, reader_id=viewer_id(viewer), before=_cursor(before), limit=self._limit)
            return shown_page(work, rows, viewer, page_size=self._page_size)

    def hashtag(self, viewer: Viewer | None, name: str, *, before: int | None = None) -> Page:
        """The posts with that hashtag (with or without its #); an unknown one has an empty page."""
        wanted = hashtag_name(name)
        if wanted is None:
            return Page((), None)
        with self._database.read() as work:
            rows = timeline_rows.with_hashtag(
                work, reader_id=viewer_id(viewer), name=wanted, before=_cursor(before), limit=self._limit
            )
            return shown_page(work, rows, viewer, page_size=self._page_size)

    def profile(self, viewer: Viewer | None, handle: str, *, before: int | None = None) -> ProfilePage:
        """A person, their counts and their posts. Raises NotFoundError."""
        wanted = handle_of(handle)
        reader_id = viewer_id(viewer)
        with self._database.read() as work:
            person = None if wanted is None else account_rows.person(work, wanted, reader_id=reader_id)
            if person is None:
                raise NotFoundError("There is nobody with this handle.")
            rows = timeline_rows.by_author(
                work, reader_id=reader_id, author_id=person.account_id, before=_cursor(before), limit=self._limit
            )
            page = shown_page(work, rows, viewer, page_size=self._page_size)
        profile = Profile(
            author=Author(person.account_id, person.handle, person.display_name),
            bio=person.bio,
            joined_at=made_at(person.account_id),
            posts=person.posts,
            followers=person.followers,
            following=person.following,
            followed_by_viewer=person.followed,
            is_viewer=person.account_id == reader_id,
        )
        return ProfilePage(profile, page)


def _cursor(before: int | None) -> int:
    # An id is never that large or negative; whoever asks for such a page gets the first or an empty one.
    return MAX_ID if before is None else max(0, min(before, MAX_ID))
