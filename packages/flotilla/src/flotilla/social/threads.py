"""A post among what it replies to and what replies to it, bounded in every direction."""

from collections.abc import Sequence

from flotilla.social.pages import Thread, Viewer
from flotilla.social.shown import originals_of, shown_posts, viewer_id
from flotilla.social.visibility import may_see, wants_to_see
from flotilla.store import posts as post_rows
from flotilla.store import threads as thread_rows
from flotilla.store.database import Work

__all__ = ["ANCESTORS_MAX", "DESCENDANTS_MAX", "thread_of"]

ANCESTORS_MAX = 40
DESCENDANTS_MAX = 120


def thread_of(work: Work, viewer: Viewer | None, post_id: int) -> Thread | None:
    """The thread around a post, as far as the viewer may and wants to see it; None when not even the post."""
    me = viewer_id(viewer)
    ancestor_ids = thread_rows.ancestor_ids(work, post_id, limit=ANCESTORS_MAX + 1)[1:]
    edges = thread_rows.descendant_ids(work, post_id, limit=DESCENDANTS_MAX + 1)
    wanted = [post_id, *ancestor_ids, *(reply for reply, _ in edges[:DESCENDANTS_MAX])]
    rows = {row.post_id: row for row in post_rows.find(work, wanted, reader_id=me)}
    row = rows.get(post_id)
    if row is None or not may_see(row, me):
        return None
    originals = originals_of(work, [row], me)
    if row.repost_of is not None and not wants_to_see(row, me, originals):
        return None
    above = [
        rows[ancestor]
        for ancestor in reversed(ancestor_ids)
        if ancestor in rows and wants_to_see(rows[ancestor], me, {})
    ]
    below = [
        (reply, depth)
        for reply, depth in _in_reading_order(post_id, edges[:DESCENDANTS_MAX])
        if reply in rows and wants_to_see(rows[reply], me, {})
    ]
    posts = shown_posts(work, [*above, row, *(rows[reply] for reply, _ in below)], viewer, originals=originals)
    return Thread(
        ancestors=posts[: len(above)],
        post=posts[len(above)],
        descendants=posts[len(above) + 1 :],
        depths=tuple(depth for _, depth in below),
        more=len(edges) > DESCENDANTS_MAX,
    )


def _in_reading_order(post_id: int, edges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each reply right under its parent, the older of two first, with its depth below the post."""
    children: dict[int, list[int]] = {}
    for reply, parent in edges:
        children.setdefault(parent, []).append(reply)
    found: list[tuple[int, int]] = []
    # A stack instead of recursion: threads may be deeper than Python's.
    open_posts = [(reply, 1) for reply in sorted(children.get(post_id, ()), reverse=True)]
    while open_posts:
        reply, depth = open_posts.pop()
        found.append((reply, depth))
        open_posts += [(child, depth + 1) for child in sorted(children.get(reply, ()), reverse=True)]
    return found
