"""From rows to what a viewer sees: two statements a page at most, however many posts it has."""

from collections.abc import Sequence

from flotilla.social.pages import Author, Page, Post, Viewer
from flotilla.social.text import parse
from flotilla.store import posts as post_rows
from flotilla.store.database import Work
from flotilla.store.ids import made_at
from flotilla.store.posts import PostRow

__all__ = ["shown_page", "shown_posts"]


def shown_posts(work: Work, rows: Sequence[PostRow], viewer: Viewer | None) -> tuple[Post, ...]:
    """The posts as the viewer sees them, in the rows' order; one statement, and for a visitor none."""
    liked: frozenset[int] = frozenset()
    if viewer is not None and rows:
        liked = post_rows.liked_among(work, account_id=viewer.account_id, post_ids=[row.post_id for row in rows])
    return tuple(
        Post(
            id=row.post_id,
            author=Author(row.author_id, row.handle, row.display_name),
            text=row.body,
            segments=parse(row.body),
            posted_at=made_at(row.post_id),
            likes=row.likes,
            liked_by_viewer=row.post_id in liked,
            written_by_viewer=viewer is not None and viewer.account_id == row.author_id,
        )
        for row in rows
    )


def shown_page(work: Work, rows: Sequence[PostRow], viewer: Viewer | None, *, page_size: int) -> Page:
    """A page of at most `page_size` posts from rows of which one more was asked for, to learn whether more follow."""
    items = shown_posts(work, rows[:page_size], viewer)
    return Page(items, items[-1].id if len(rows) > page_size else None)
