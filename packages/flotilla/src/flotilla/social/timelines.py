"""Pages of posts, newest first; `Paging` says which part."""

from collections.abc import Callable, Sequence

from flotilla.errors import NotFoundError
from flotilla.settings import Settings
from flotilla.social import visibility
from flotilla.social.accounts import handle_of
from flotilla.social.feeds import HomeFeeds
from flotilla.social.pages import Author, Page, Post, Profile, ProfilePage, Viewer
from flotilla.social.paging import FIRST, Paging, filled, window_of
from flotilla.social.people import NOBODY, Who, id_of
from flotilla.social.profiles import shown_fields
from flotilla.social.shown import originals_of, shown_posts, viewer_id
from flotilla.social.text import hashtag_name, parse
from flotilla.store import accounts as account_rows
from flotilla.store import edits as edit_rows
from flotilla.store import posts as post_rows
from flotilla.store import timelines as timeline_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID, made_at
from flotilla.store.posts import PostRow
from flotilla.store.windows import Scan, Window

__all__ = ["Timelines"]

Stands = Callable[[PostRow, dict[int, PostRow]], bool]


class Timelines:
    """Pages of posts."""

    def __init__(self, database: Database, settings: Settings, feeds: HomeFeeds) -> None:
        self._database = database
        self._feeds = feeds
        self._page_size = settings.page_size

    def home(self, viewer: Viewer, paging: Paging = FIRST) -> Page:
        """The posts of the viewer, of everyone they follow, and of the hashtags they follow."""
        me = viewer.account_id
        with self._database.read() as work:
            return self._page(
                work,
                viewer,
                paging,
                lambda window: self._feeds.scan(work, window, reader_id=me),
                lambda row, originals: visibility.stands_at_home(row, me, originals),
                # Some will be replies to strangers: half a page more is read at once rather than another page.
                extra=self._page_size // 2,
            )

    def of_list(self, viewer: Viewer, list_id: int, paging: Paging = FIRST) -> Page:
        """The posts of a list's people. Raises NotFoundError when it is not one of the viewer's lists."""
        me = viewer.account_id
        with self._database.read() as work:
            wanted = timeline_rows.members(work, account_id=me, list_id=list_id) if 0 < list_id <= MAX_ID else None
            if wanted is None:
                raise NotFoundError("There is no such list.")
            members = frozenset(wanted.member_ids)
            return self._page(
                work,
                viewer,
                paging,
                lambda window: timeline_rows.circle(work, window, reader_id=me, author_ids=wanted.member_ids),
                lambda row, originals: visibility.stands_in_list(
                    row, me, originals, members=members, replies=wanted.replies
                ),
                extra=self._page_size // 2,
            )

    def public(self, viewer: Viewer | None, paging: Paging = FIRST, *, media_only: bool = False) -> Page:
        """Everyone's public posts, but for reposts and replies."""
        me = viewer_id(viewer)
        with self._database.read() as work:
            return self._page(
                work,
                viewer,
                paging,
                lambda window: timeline_rows.everyone(work, window, reader_id=me, media_only=media_only),
                lambda row, _: visibility.stands_in_public(row, me),
            )

    def hashtag(self, viewer: Viewer | None, name: str, paging: Paging = FIRST) -> Page:
        """The public posts with that hashtag (with or without its #); an unknown one has an empty page."""
        wanted = hashtag_name(name)
        if wanted is None:
            return Page((), None)
        me = viewer_id(viewer)
        with self._database.read() as work:
            return self._page(
                work,
                viewer,
                paging,
                lambda window: timeline_rows.with_hashtag(work, window, reader_id=me, name=wanted),
                lambda row, _: visibility.stands_in_public(row, me),
            )

    def bookmarks(self, viewer: Viewer, paging: Paging = FIRST) -> Page:
        """The posts the viewer bookmarked, the newest posts first."""
        me = viewer.account_id
        with self._database.read() as work:
            return self._page(
                work,
                viewer,
                paging,
                lambda window: timeline_rows.bookmarked(work, window, reader_id=me),
                lambda row, _: visibility.may_see(row, me),
            )

    def likes(self, viewer: Viewer, paging: Paging = FIRST) -> Page:
        """The posts the viewer likes, the newest posts first."""
        me = viewer.account_id
        with self._database.read() as work:
            return self._page(
                work,
                viewer,
                paging,
                lambda window: timeline_rows.liked(work, window, reader_id=me),
                lambda row, _: visibility.may_see(row, me),
            )

    def by_author(
        self,
        viewer: Viewer | None,
        who: Who,
        paging: Paging = FIRST,
        *,
        replies: bool = True,
        reposts: bool = True,
        media_only: bool = False,
    ) -> Page:
        """One person's posts, as far as the viewer may see them, but for direct ones. Raises NotFoundError."""
        with self._database.read() as work:
            author_id = id_of(work, who)
            return self._of_author(
                work, viewer, author_id, paging, replies=replies, reposts=reposts, media_only=media_only
            )[0]

    def pinned(self, viewer: Viewer | None, who: Who) -> tuple[Post, ...]:
        """The posts a person pinned to their page, as far as the viewer may see them. Raises NotFoundError."""
        with self._database.read() as work:
            me = viewer_id(viewer)
            ids = edit_rows.pinned(work, id_of(work, who))
            rows = post_rows.find(work, ids, reader_id=me) if ids else []
            return shown_posts(work, [row for row in rows if visibility.may_see(row, me)], viewer)

    def profile(
        self,
        viewer: Viewer | None,
        handle: str,
        paging: Paging = FIRST,
        *,
        replies: bool = True,
        media_only: bool = False,
    ) -> ProfilePage:
        """A person, their counts, their posts, and on the first page what they pinned. Raises NotFoundError."""
        wanted = handle_of(handle)
        reader_id = viewer_id(viewer)
        with self._database.read() as work:
            person = None if wanted is None else account_rows.person(work, wanted, reader_id=reader_id)
            if person is None:
                raise NotFoundError(NOBODY)
            page: Page = Page((), None)
            pinned: tuple[Post, ...] = ()
            if not person.blocked:
                page, pinned = self._of_author(
                    work,
                    viewer,
                    person.account_id,
                    paging,
                    replies=replies,
                    media_only=media_only,
                    pinned=paging.before is None and not media_only,
                )
        profile = Profile(
            author=Author(person.account_id, person.handle, person.display_name, person.avatar, person.locked),
            bio=person.bio,
            joined_at=made_at(person.account_id),
            posts=person.posts,
            followers=person.followers,
            following=person.following,
            followed_by_viewer=person.followed,
            is_viewer=person.account_id == reader_id,
            bio_segments=parse(person.bio),
            header=person.header,
            fields=shown_fields(person.fields),
            bot=person.bot,
            discoverable=person.discoverable,
            follows_viewer=person.follows_reader,
            requested_by_viewer=person.requested,
            blocked_by_viewer=person.blocked,
            muted_by_viewer=person.muted,
        )
        return ProfilePage(profile, page, pinned)

    def _of_author(
        self,
        work: Work,
        viewer: Viewer | None,
        author_id: int,
        paging: Paging,
        *,
        replies: bool,
        reposts: bool = True,
        media_only: bool,
        pinned: bool = False,
    ) -> tuple[Page, tuple[Post, ...]]:
        """A page of one person's posts; with `pinned` what they pinned as well."""
        me = viewer_id(viewer)
        pins: list[PostRow] = []

        def read(window: Window) -> Scan:
            scan = timeline_rows.by_author(
                work,
                window,
                reader_id=me,
                author_id=author_id,
                widest=visibility.widest_for(me),
                replies=replies,
                reposts=reposts,
                media_only=media_only,
                pinned=pinned and window.before == MAX_ID,
            )
            pins.extend(row for row in scan.besides if visibility.may_see(row, me))
            return scan

        return self._page_and(
            work, viewer, paging, read, lambda row, found: visibility.stands_on_profile(row, me, found), besides=pins
        )

    def _page(
        self,
        work: Work,
        viewer: Viewer | None,
        paging: Paging,
        read: Callable[[Window], Scan],
        stands: Stands,
        *,
        extra: int = 0,
    ) -> Page:
        """A page of what `read` gives and `stands` leaves."""
        return self._page_and(work, viewer, paging, read, stands, extra=extra)[0]

    def _page_and(
        self,
        work: Work,
        viewer: Viewer | None,
        paging: Paging,
        read: Callable[[Window], Scan],
        stands: Stands,
        *,
        extra: int = 0,
        besides: Sequence[PostRow] = (),
    ) -> tuple[Page, tuple[Post, ...]]:
        """The page, and the posts of the rows that `read` put into `besides`.

        One more than the page is read, to learn whether anything is older, and `extra`, where some will be left out.
        """
        me = viewer_id(viewer)
        originals: dict[int, PostRow] = {}

        def wanted(rows: list[PostRow]) -> list[PostRow]:
            originals.update(originals_of(work, rows, me))
            return [row for row in rows if stands(row, originals)]

        window = window_of(paging, page_size=self._page_size, extra=1 + extra)
        found = filled(read, wanted, window, size=window.limit - 1 - extra)
        posts = shown_posts(work, [*found.rows, *besides], viewer, originals=originals)
        count = len(found.rows)
        return Page(posts[:count], found.next_before), posts[count:]
