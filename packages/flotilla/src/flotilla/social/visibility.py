"""Who may see a post, and in which timelines it stands: said here once, for every face. Pure.

The database tells the facts (`PostRow`: whether the viewer follows the author, is blocked by them, is mentioned ...);
what follows from them is decided here and nowhere else.
"""

from enum import IntEnum

from flotilla.store.posts import PostRow

__all__ = ["VISITOR_ID", "Visibility", "may_repost", "may_see", "stands_in_public", "wants_to_see"]

VISITOR_ID = 0


class Visibility(IntEnum):
    """For whom a post is: everyone; everyone, but in no public timeline; followers; only those it mentions."""

    PUBLIC = 0
    UNLISTED = 1
    FOLLOWERS = 2
    DIRECT = 3


def may_see(row: PostRow, viewer_id: int) -> bool:
    """Whether that viewer (VISITOR_ID: somebody not signed in) may read the post at all."""
    if viewer_id != VISITOR_ID and row.author_id == viewer_id:
        return True
    if not row.author_active or row.blocked_by_author:
        return False
    if row.visibility <= Visibility.UNLISTED:
        return True
    if viewer_id == VISITOR_ID:
        return False
    if viewer_id in row.mentioned_ids:
        return True
    return row.visibility == Visibility.FOLLOWERS and row.author_followed


def wants_to_see(row: PostRow, viewer_id: int) -> bool:
    """Whether the viewer may see the post and has neither blocked nor muted its author: what timelines and threads ask.

    Opening the post itself, or its author's page, is still possible for whoever muted or blocked them.
    """
    return may_see(row, viewer_id) and not row.author_hidden


def stands_in_public(row: PostRow, viewer_id: int) -> bool:
    """Whether the post stands in that viewer's local and hashtag timelines: silenced authors only for followers."""
    if row.visibility != Visibility.PUBLIC or not wants_to_see(row, viewer_id):
        return False
    return not row.author_silenced or row.author_followed or row.author_id == viewer_id


def may_repost(row: PostRow, viewer_id: int) -> bool:
    """Whether that viewer may spread the post: only what everyone may see, so nobody a post for followers."""
    return may_see(row, viewer_id) and row.visibility <= Visibility.UNLISTED
