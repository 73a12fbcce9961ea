"""Single posts: publishing, changing, deleting and reading them, and what people do with them."""

from collections.abc import Sequence

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.settings import Settings
from flotilla.social import publishing
from flotilla.social.drafts import draft_of, key_digest
from flotilla.social.events import Kind, publish
from flotilla.social.notifying import NotificationKind, take_back
from flotilla.social.pages import PeoplePage, Post, Thread, Version, Viewer
from flotilla.social.paging import FIRST, Paging, window_of
from flotilla.social.shown import people_of, shown_posts, viewer_id
from flotilla.social.text import parse
from flotilla.social.threads import thread_of
from flotilla.social.together import Together
from flotilla.social.uploads import Uploads
from flotilla.social.visibility import Visibility, may_repost, may_see
from flotilla.store import edits as edit_rows
from flotilla.store import marks
from flotilla.store import people as people_rows
from flotilla.store import posts as post_rows
from flotilla.store import reposts as repost_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID, bucket_of, made_at
from flotilla.store.posts import NewPost, PostRow

__all__ = ["EDITS_MAX", "PINS_MAX", "Posts"]

PINS_MAX = 5
EDITS_MAX = 100
_NOT_YOURS = "Only its author can change or delete a post."


class Posts:
    """Single posts. What a viewer may not see is no different for them from what is not there: NotFoundError."""

    def __init__(self, database: Database, settings: Settings, media: Uploads, together: Together) -> None:
        self._database = database
        self._together = together
        self._media = media
        self._page_size = settings.page_size

    def publish(
        self,
        viewer: Viewer,
        text: str,
        *,
        warning: str = "",
        sensitive: bool = False,
        visibility: Visibility = Visibility.PUBLIC,
        language: str = "",
        parent_id: int | None = None,
        media_ids: Sequence[int] = (),
        recipients: Sequence[int] = (),
        key: str = "",
    ) -> int:
        """Publish a post; its id. The same `key` of the same person publishes once, however often it is sent.

        `recipients`: who may read it beside the people it mentions. Raises InvalidInputError (fields `text`, `warning`,
        `media`).
        """
        draft = draft_of(
            text,
            warning=warning,
            sensitive=sensitive,
            visibility=visibility,
            language=language,
            parent_id=parent_id,
            media_ids=media_ids,
            recipients=recipients,
        )
        me = viewer.account_id
        with self._database.write(hides=False) as work:
            post_id = None
            if key:
                post_id, is_new = edit_rows.claim(work, account_id=me, bucket=bucket_of(me), key=key_digest(key))
                if not is_new:
                    return post_id
            return publishing.store(work, viewer, draft, post_id=post_id)

    def edit(
        self,
        viewer: Viewer,
        post_id: int,
        text: str,
        *,
        warning: str = "",
        sensitive: bool = False,
        language: str = "",
    ) -> None:
        """Give one's own post other words; the former ones stay to be read. Raises NotFoundError, ForbiddenError,
        InvalidInputError (fields `text`, `warning`).
        """
        with self._database.write() as work:
            row = self._own(work, viewer, post_id)
            if row.repost_of is not None:
                raise ForbiddenError("A repost has no words of its own.")
            draft = draft_of(
                text,
                warning=warning,
                sensitive=sensitive,
                visibility=Visibility(row.visibility),
                language=language,
                media_ids=range(row.media_count),
            )
            if (draft.body, draft.warning, draft.sensitive) == (row.body, row.warning, row.sensitive):
                return
            if edit_rows.count_versions(work, post_id) >= EDITS_MAX:
                raise InvalidInputError({"text": f"A post can be changed {EDITS_MAX} times. Write a new one."})
            publishing.change(work, row, draft)

    def delete(self, viewer: Viewer, post_id: int) -> None:
        """Delete one's own post; replies to it stay. Raises NotFoundError, ForbiddenError."""
        with self._database.write() as work:
            publishing.remove(work, self._own(work, viewer, post_id))
            self._media.remove_gone_after(work, post_id)

    def like(self, viewer: Viewer, post_id: int) -> int:
        """Like a post, once however often; its likes afterwards. Raises NotFoundError."""
        likes = self._together.like(viewer.account_id, post_id)
        if likes is not None:
            return likes
        with self._database.write(hides=False) as work:
            row = publishing.original_of(work, viewer, post_id)
            is_new = marks.LIKES.insert(work, account_id=viewer.account_id, post_id=row.post_id)
            if is_new:
                publishing.tell_author(work, NotificationKind.LIKE, row, actor_id=viewer.account_id)
            return row.likes + is_new

    def unlike(self, viewer: Viewer, post_id: int) -> int:
        """Take a like back, if there was one; the post's likes afterwards. Raises NotFoundError."""
        with self._database.write(hides=False) as work:
            row = publishing.original_of(work, viewer, post_id)
            was_there = marks.LIKES.delete(work, account_id=viewer.account_id, post_id=row.post_id)
            if was_there:
                take_back(work, NotificationKind.LIKE, row.author_id, actor_id=viewer.account_id, target=row.post_id)
            return row.likes - was_there

    def bookmark(self, viewer: Viewer, post_id: int) -> None:
        """Keep a post to find it again; nobody else learns of it. Raises NotFoundError."""
        with self._database.write(hides=False) as work:
            row = publishing.original_of(work, viewer, post_id)
            marks.BOOKMARKS.insert(work, account_id=viewer.account_id, post_id=row.post_id)

    def unbookmark(self, viewer: Viewer, post_id: int) -> None:
        """Take a bookmark out, if there is one. Raises NotFoundError."""
        with self._database.write(hides=False) as work:
            row = publishing.original_of(work, viewer, post_id)
            marks.BOOKMARKS.delete(work, account_id=viewer.account_id, post_id=row.post_id)

    def repost(self, viewer: Viewer, post_id: int) -> int:
        """Spread a post to one's followers, once however often; the repost's id.

        Raises NotFoundError; ForbiddenError for a post that not everyone may see, one's own too.
        """
        me = viewer.account_id
        with self._database.write(hides=False) as work:
            row = publishing.original_of(work, viewer, post_id)
            if not may_repost(row, me):
                raise ForbiddenError("Only a post that everyone may see can be reposted.")
            found = repost_rows.find(work, account_id=me, post_id=row.post_id)
            if found is not None:
                return found
            new = NewPost(author_id=me, bucket=bucket_of(me), visibility=row.visibility, repost_of=row.post_id)
            repost_id = post_rows.insert(work, new)
            repost_rows.insert(work, account_id=me, post_id=row.post_id, repost_id=repost_id)
            publish(work, Kind.POSTED, post_id=repost_id, author_id=me)
            publishing.tell_author(work, NotificationKind.REPOST, row, actor_id=me)
            return repost_id

    def unrepost(self, viewer: Viewer, post_id: int) -> None:
        """Take one's repost of a post back, if there was one. Raises NotFoundError."""
        me = viewer.account_id
        with self._database.write() as work:
            row = publishing.original_of(work, viewer, post_id)
            repost_id = repost_rows.find(work, account_id=me, post_id=row.post_id)
            if repost_id is not None and repost_id in post_rows.lock(work, [repost_id]):
                (repost,) = post_rows.find(work, [repost_id], reader_id=me)
                publishing.remove(work, repost)
                take_back(work, NotificationKind.REPOST, row.author_id, actor_id=me, target=row.post_id)

    def pin(self, viewer: Viewer, post_id: int) -> None:
        """Let one's own post stand first on one's page. Raises NotFoundError, ForbiddenError, InvalidInputError."""
        with self._database.write() as work:
            row = self._own(work, viewer, post_id)
            if row.repost_of is not None or row.visibility == Visibility.DIRECT:
                raise ForbiddenError("Reposts and direct posts cannot be pinned.")
            # Two pins at the same moment are counted one after the other.
            people_rows.lock(work, [viewer.account_id])
            others = set(edit_rows.pinned(work, viewer.account_id)) - {post_id}
            if len(others) >= PINS_MAX:
                raise InvalidInputError({"pin": f"You can pin {PINS_MAX} posts. Take another one off first."})
            edit_rows.pin(work, post_id, pinned=True)

    def unpin(self, viewer: Viewer, post_id: int) -> None:
        """Take one's own post off one's page, if it is pinned. Raises NotFoundError, ForbiddenError."""
        with self._database.write() as work:
            self._own(work, viewer, post_id)
            edit_rows.pin(work, post_id, pinned=False)

    def read(self, viewer: Viewer | None, post_id: int) -> Post:
        """One post. Raises NotFoundError."""
        with self._database.read() as work:
            row = _visible(work, viewer, post_id)
            post = shown_posts(work, [row], viewer)[0]
        if row.repost_of is not None and post.repost_of is None:
            raise NotFoundError(publishing.NO_SUCH_POST)
        return post

    def read_several(self, viewer: Viewer | None, post_ids: Sequence[int]) -> tuple[Post, ...]:
        """Those of the posts that the viewer may see, in that order."""
        me, wanted = viewer_id(viewer), [post_id for post_id in dict.fromkeys(post_ids) if 0 < post_id <= MAX_ID]
        if not wanted:
            return ()
        with self._database.read() as work:
            rows = {row.post_id: row for row in post_rows.find(work, wanted, reader_id=me) if may_see(row, me)}
            posts = shown_posts(work, [rows[post_id] for post_id in wanted if post_id in rows], viewer)
        return tuple(post for post in posts if rows[post.id].repost_of is None or post.repost_of is not None)

    def thread(self, viewer: Viewer | None, post_id: int) -> Thread:
        """One post with what it replies to and what replies to it. Raises NotFoundError."""
        with self._database.read() as work:
            found = thread_of(work, viewer, post_id) if 0 < post_id <= MAX_ID else None
        if found is None:
            raise NotFoundError(publishing.NO_SUCH_POST)
        return found

    def history(self, viewer: Viewer | None, post_id: int) -> tuple[Version, ...]:
        """Every wording a post has had, the first one first, the present one last. Raises NotFoundError."""
        with self._database.read() as work:
            row = _visible(work, viewer, post_id)
            former = edit_rows.versions(work, post_id) if row.edited_at else []
        present = (row.edited_at or made_at(row.post_id), row.body, row.warning, row.sensitive)
        return tuple(
            Version(body, parse(body), warning, sensitive, written_at)
            for written_at, body, warning, sensitive in [*former, present]
        )

    def likers(self, viewer: Viewer | None, post_id: int, paging: Paging = FIRST) -> PeoplePage:
        """Who likes a post. Raises NotFoundError."""
        with self._database.read() as work:
            original_id = _original_id(work, viewer, post_id)
            window = window_of(paging, page_size=self._page_size)
            return _people(work, viewer, marks.LIKES.of_post(work, original_id, window), window.limit - 1)

    def reposters(self, viewer: Viewer | None, post_id: int, paging: Paging = FIRST) -> PeoplePage:
        """Who reposted a post. Raises NotFoundError."""
        with self._database.read() as work:
            original_id = _original_id(work, viewer, post_id)
            window = window_of(paging, page_size=self._page_size)
            return _people(work, viewer, repost_rows.reposters(work, original_id, window), window.limit - 1)

    def _own(self, work: Work, viewer: Viewer, post_id: int) -> PostRow:
        """One's own post, held together with what it replies to or spreads. Raises NotFoundError, ForbiddenError."""
        row = publishing.seen(work, viewer, post_id)
        if row.author_id != viewer.account_id:
            raise ForbiddenError(_NOT_YOURS)
        older = [other for other in (row.parent_id, row.repost_of) if other is not None]
        if post_id not in post_rows.lock(work, [*older, post_id]):
            raise NotFoundError(publishing.NO_SUCH_POST)
        return publishing.seen(work, viewer, post_id)


def _visible(work: Work, viewer: Viewer | None, post_id: int) -> PostRow:
    me = viewer_id(viewer)
    rows = post_rows.find(work, [post_id], reader_id=me) if 0 < post_id <= MAX_ID else []
    if not rows or not may_see(rows[0], me):
        raise NotFoundError(publishing.NO_SUCH_POST)
    return rows[0]


def _original_id(work: Work, viewer: Viewer | None, post_id: int) -> int:
    row = _visible(work, viewer, post_id)
    return row.post_id if row.repost_of is None else _visible(work, viewer, row.repost_of).post_id


def _people(work: Work, viewer: Viewer | None, account_ids: Sequence[int], size: int) -> PeoplePage:
    page = account_ids[:size]
    found = people_of(work, page, viewer_id(viewer))
    return PeoplePage(
        tuple(found[other] for other in page if other in found), page[-1] if len(account_ids) > size else None
    )
