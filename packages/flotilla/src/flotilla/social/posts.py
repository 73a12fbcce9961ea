"""Writing, deleting, liking and reading single posts."""

from flotilla.errors import ForbiddenError, NotFoundError
from flotilla.social.pages import Post, Viewer
from flotilla.social.shown import shown_posts, viewer_id
from flotilla.social.text import accepted_text, hashtags_in, mentions_in
from flotilla.social.visibility import may_see
from flotilla.store import likes as like_rows
from flotilla.store import mentions as mention_rows
from flotilla.store import posts as post_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import MAX_ID, bucket_of

__all__ = ["INDEXED_MAX", "Posts"]

# Of each post's hashtags and mentions, how many lead to it: a post cannot put itself everywhere.
INDEXED_MAX = 20
_NO_SUCH_POST = "There is no such post; perhaps its author deleted it."


class Posts:
    """Single posts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def publish(self, viewer: Viewer, text: str) -> int:
        """Publish a post; the post's id. Raises InvalidInputError (field `text`)."""
        body = accepted_text(text)
        names, handles = hashtags_in(body)[:INDEXED_MAX], mentions_in(body)[:INDEXED_MAX]
        with self._database.write() as work:
            new = post_rows.NewPost(author_id=viewer.account_id, bucket=bucket_of(viewer.account_id), body=body)
            post_id = post_rows.insert(work, new)
            mention_rows.index_hashtags(work, post_id=post_id, names=names)
            if handles:
                mention_rows.index_mentions(work, post_id=post_id, handles=handles)
        return post_id

    def delete(self, viewer: Viewer, post_id: int) -> None:
        """Delete one's own post with its likes. Raises NotFoundError, ForbiddenError (someone else's)."""
        with self._database.write() as work:
            _likes_of_locked(work, post_id)
            (row,) = post_rows.find(work, [post_id], reader_id=viewer_id(viewer))
            if row.author_id != viewer.account_id:
                raise ForbiddenError("Only its author can delete a post.")
            like_rows.delete_all(work, post_id)
            mention_rows.delete(work, post_id=post_id, hashtags=hashtags_in(row.body), handles=mentions_in(row.body))
            post_rows.delete(work, post_id=post_id, author_id=row.author_id)

    def like(self, viewer: Viewer, post_id: int) -> int:
        """Like a post, once however often; its likes afterwards. Raises NotFoundError."""
        with self._database.write() as work:
            likes = _likes_of_locked(work, post_id)
            return likes + like_rows.insert(work, account_id=viewer.account_id, post_id=post_id)

    def unlike(self, viewer: Viewer, post_id: int) -> int:
        """Take a like back, if there was one; the post's likes afterwards. Raises NotFoundError."""
        with self._database.write() as work:
            likes = _likes_of_locked(work, post_id)
            return likes - like_rows.delete(work, account_id=viewer.account_id, post_id=post_id)

    def read(self, viewer: Viewer | None, post_id: int) -> Post:
        """One post. Raises NotFoundError."""
        if not 0 < post_id <= MAX_ID:
            raise NotFoundError(_NO_SUCH_POST)
        with self._database.read() as work:
            rows = post_rows.find(work, [post_id], reader_id=viewer_id(viewer))
            if not rows or not may_see(rows[0], viewer_id(viewer)):
                raise NotFoundError(_NO_SUCH_POST)
            return shown_posts(work, rows, viewer)[0]


def _likes_of_locked(work: Work, post_id: int) -> int:
    likes = post_rows.lock(work, post_id) if 0 < post_id <= MAX_ID else None
    if likes is None:
        raise NotFoundError(_NO_SUCH_POST)
    return likes
