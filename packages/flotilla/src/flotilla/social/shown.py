"""From rows to what a viewer sees."""

from collections.abc import Sequence

from flotilla.social.pages import Author, Page, Post, Viewer
from flotilla.social.text import parse
from flotilla.social.visibility import VISITOR_ID, Visibility
from flotilla.store.database import Work
from flotilla.store.ids import made_at
from flotilla.store.posts import PostRow

__all__ = ["shown_page", "shown_posts", "viewer_id"]


def viewer_id(viewer: Viewer | None) -> int:
    """The viewer's id, VISITOR_ID for somebody not signed in."""
    return VISITOR_ID if viewer is None else viewer.account_id


def shown_posts(_work: Work, rows: Sequence[PostRow], viewer: Viewer | None) -> tuple[Post, ...]:
    """The posts as the viewer sees them, in the rows' order."""
    me = viewer_id(viewer)
    return tuple(
        Post(
            id=row.post_id,
            author=Author(row.author_id, row.handle, row.display_name, row.avatar, row.locked),
            text=row.body,
            segments=parse(row.body),
            posted_at=made_at(row.post_id),
            edited_at=row.edited_at,
            visibility=Visibility(row.visibility),
            warning=row.warning,
            sensitive=row.sensitive,
            language=row.language,
            parent_id=row.parent_id,
            likes=row.likes,
            reposts=row.reposts,
            replies=row.replies,
            liked_by_viewer=row.liked,
            reposted_by_viewer=row.reposted,
            bookmarked_by_viewer=row.bookmarked,
            pinned=row.pinned,
            written_by_viewer=row.author_id == me,
        )
        for row in rows
    )


def shown_page(work: Work, rows: Sequence[PostRow], viewer: Viewer | None, *, page_size: int) -> Page:
    """A page of at most `page_size` posts from rows of which one more was asked for, to learn whether more follow."""
    items = shown_posts(work, rows[:page_size], viewer)
    return Page(items, items[-1].id if len(rows) > page_size else None)
