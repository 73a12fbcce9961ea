"""Who may see a post, and in which timelines it stands: said here once, for every face. Pure.

The database tells the facts (`PostRow`: whether the viewer follows the author, is blocked by them, is mentioned ...);
what follows from them is decided here and nowhere else.
"""

from collections.abc import Collection, Mapping
from enum import IntEnum

from flotilla.store.posts import PostRow

__all__ = [
    "VISITOR_ID",
    "Visibility",
    "may_repost",
    "may_see",
    "stands_at_home",
    "stands_in_list",
    "stands_in_public",
    "stands_on_profile",
    "wants_to_see",
    "widest_for",
]

VISITOR_ID = 0


class Visibility(IntEnum):
    """For whom a post is: everyone; everyone, but in no public timeline; followers; only those it mentions."""

    PUBLIC = 0
    UNLISTED = 1
    FOLLOWERS = 2
    DIRECT = 3


def may_see(row: PostRow, viewer_id: int) -> bool:
    """Whether that viewer (VISITOR_ID: somebody not signed in) may read the post at all.

    A repost may be seen by whom it is for; whether its original may is asked of the original.
    """
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


def may_repost(row: PostRow, viewer_id: int) -> bool:
    """Whether that viewer may spread the post: only what everyone may see, so nobody a post for followers."""
    return may_see(row, viewer_id) and row.visibility <= Visibility.UNLISTED


def wants_to_see(row: PostRow, viewer_id: int, originals: Mapping[int, PostRow]) -> bool:
    """Whether the viewer may see the post and has neither blocked nor muted its author; of a repost the original too.

    Lists and threads leave out the rest. Opening such a post itself, or its author's page, stays possible.
    """
    if not may_see(row, viewer_id) or row.author_hidden:
        return False
    return row.repost_of is None or _may_be_spread(originals.get(row.repost_of), viewer_id)


def stands_in_public(row: PostRow, viewer_id: int) -> bool:
    """Whether the post stands in that viewer's local and hashtag timelines: silenced authors only for followers."""
    if row.visibility != Visibility.PUBLIC or not wants_to_see(row, viewer_id, {}):
        return False
    return not row.author_silenced or row.author_followed or row.author_id == viewer_id


def stands_at_home(row: PostRow, viewer_id: int, originals: Mapping[int, PostRow]) -> bool:
    """Whether a post of the viewer's circle, or with a hashtag they follow, stands in their home timeline.

    Not there: direct posts, reposts of people whose reposts they hide, and replies to people outside their circle (the
    middle of a talk among strangers).
    """
    if not _chosen(row, viewer_id, originals):
        return False
    if row.author_id == viewer_id:
        return True
    if not row.author_followed and not stands_in_public(row, viewer_id):
        return False
    return _begins(row) or row.parent_followed or row.parent_author_id == viewer_id


def stands_in_list(
    row: PostRow, viewer_id: int, originals: Mapping[int, PostRow], *, members: Collection[int], replies: str
) -> bool:
    """Whether a post of a list's member stands in it; `replies`: those to "list" (its members), "followed", "none"."""
    if not _chosen(row, viewer_id, originals):
        return False
    if _begins(row):
        return True
    if replies == "followed":
        return row.parent_followed or row.parent_author_id == viewer_id
    return replies == "list" and row.parent_author_id in members


def stands_on_profile(row: PostRow, viewer_id: int, originals: Mapping[int, PostRow]) -> bool:
    """Whether a post stands on its author's page, where a mute of the author is no reason to leave it out."""
    if row.visibility == Visibility.DIRECT or not may_see(row, viewer_id):
        return False
    return row.repost_of is None or _may_be_spread(originals.get(row.repost_of), viewer_id)


def widest_for(viewer_id: int) -> Visibility:
    """The least public posts in timelines that such a viewer may possibly see: what a visitor never may is not read."""
    return Visibility.UNLISTED if viewer_id == VISITOR_ID else Visibility.FOLLOWERS


def _chosen(row: PostRow, viewer_id: int, originals: Mapping[int, PostRow]) -> bool:
    if row.visibility == Visibility.DIRECT or not wants_to_see(row, viewer_id, originals):
        return False
    return row.repost_of is None or row.reposts_wanted is not False


def _begins(row: PostRow) -> bool:
    """Whether it is no reply, or one to its own author: a post that goes on."""
    return row.parent_author_id is None or row.parent_author_id == row.author_id


def _may_be_spread(original: PostRow | None, viewer_id: int) -> bool:
    return original is not None and may_repost(original, viewer_id) and not original.author_hidden
