"""From rows to what a viewer sees: for a page three statements more, however many posts it has."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from flotilla.social.media import media_of_posts
from flotilla.social.pages import Author, Media, Post, Viewer
from flotilla.social.text import parse
from flotilla.social.visibility import VISITOR_ID, Visibility, may_repost
from flotilla.store import posts as post_rows
from flotilla.store import profiles as profile_rows
from flotilla.store.database import Work
from flotilla.store.ids import made_at
from flotilla.store.posts import PostRow

__all__ = ["originals_of", "people_of", "shown_posts", "viewer_id"]


def viewer_id(viewer: Viewer | None) -> int:
    """The viewer's id, VISITOR_ID for somebody not signed in."""
    return VISITOR_ID if viewer is None else viewer.account_id


def people_of(work: Work, account_ids: Collection[int], me: int) -> dict[int, Author]:
    """Those of the people whom the viewer may meet, by id; no statement for nobody."""
    if not account_ids:
        return {}
    rows = profile_rows.read(work, list(account_ids), reader_id=me)
    return {account_id: Author(*row) for account_id, row in rows.items()}


def originals_of(work: Work, rows: Sequence[PostRow], me: int) -> dict[int, PostRow]:
    """What the reposts among the rows spread, by id; no statement without reposts."""
    wanted = {row.repost_of for row in rows if row.repost_of is not None}
    return {row.post_id: row for row in post_rows.find(work, list(wanted), reader_id=me)} if wanted else {}


@dataclass(frozen=True, slots=True)
class _Found:
    """What belongs to a page's posts: people by id, pictures by post."""

    people: Mapping[int, Author]
    media: Mapping[int, tuple[Media, ...]]


def shown_posts(
    work: Work,
    rows: Sequence[PostRow],
    viewer: Viewer | None,
    *,
    originals: Mapping[int, PostRow] | None = None,
) -> tuple[Post, ...]:
    """The posts as the viewer sees them, in the rows' order; whether they may was decided before.

    `originals`: of the reposts among them, where they are known already.
    """
    me = viewer_id(viewer)
    if originals is None:
        originals = originals_of(work, rows, me)
    every = [*rows, *originals.values()]
    found = _Found(_people(work, every, me), media_of_posts(work, [row.post_id for row in every if row.media_count]))
    return tuple(_shown(row, me, found, originals) for row in rows)


def _people(work: Work, rows: Collection[PostRow], me: int) -> dict[int, Author]:
    """Everyone whom the posts are by, mention or reply to."""
    people = {
        row.author_id: Author(row.author_id, row.handle, row.display_name, row.avatar, row.locked) for row in rows
    }
    missing = {row.parent_author_id for row in rows if row.parent_author_id is not None}
    missing = missing.union(*(row.mentioned_ids for row in rows)).difference(people)
    return people | people_of(work, missing, me)


def _shown(row: PostRow, me: int, found: _Found, originals: Mapping[int, PostRow]) -> Post:
    people = found.people
    original = None if row.repost_of is None else originals.get(row.repost_of)
    if original is not None and not may_repost(original, me):
        original = None
    return Post(
        id=row.post_id,
        author=people[row.author_id],
        text=row.body,
        segments=parse(row.body) if row.body else (),
        posted_at=made_at(row.post_id),
        edited_at=row.edited_at,
        visibility=Visibility(row.visibility),
        warning=row.warning,
        sensitive=row.sensitive,
        language=row.language,
        parent_id=row.parent_id,
        parent_author=None if row.parent_author_id is None else people.get(row.parent_author_id),
        repost_of=None if original is None else _shown(original, me, found, originals),
        media=found.media.get(row.post_id, ()),
        mentions=tuple(people[other] for other in row.mentioned_ids if other in people),
        likes=row.likes,
        reposts=row.reposts,
        replies=row.replies,
        liked_by_viewer=row.liked,
        reposted_by_viewer=row.reposted,
        bookmarked_by_viewer=row.bookmarked,
        muted_by_viewer=row.muted if original is None else original.muted,
        pinned=row.pinned,
        written_by_viewer=row.author_id == me,
    )
