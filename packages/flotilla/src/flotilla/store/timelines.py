"""Timelines: which posts stand in a window of each, as far as the database alone can tell.

Each statement runs once in every shard and gives that shard's part; the first of the parts are the window. What a
reader must not or does not want to see is in there still: `flotilla.social` leaves it out and reads on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import LiteralString, NamedTuple

from flotilla.store.circles import circle_ids, pushed_ids, tagged_ids
from flotilla.store.database import Work
from flotilla.store.home_feeds import complete_above
from flotilla.store.ids import bucket_for
from flotilla.store.posts import PostRow, find, read
from flotilla.store.windows import Scan, Window, within

__all__ = [
    "ListRow",
    "bookmarked",
    "by_author",
    "circle",
    "everyone",
    "home",
    "liked",
    "members",
    "pushed_home",
    "with_hashtag",
]

LIST_MEMBERS_MAX = 5_000
_OR_PINNED: LiteralString = ") UNION SELECT id FROM {shard}.posts WHERE author_id = %(author_id)s AND pinned"


def home(work: Work, window: Window, *, reader_id: int) -> Scan:
    """Posts of the reader, of whoever they follow, and of the hashtags they follow."""
    followed: LiteralString = """
        SELECT followee_id AS account_id FROM {reader}.following f WHERE follower_id = %(reader_id)s
            AND NOT EXISTS (SELECT FROM {reader}.mutes m WHERE m.account_id = %(reader_id)s
                AND m.target_id = f.followee_id AND (m.expires_at IS NULL OR m.expires_at > now()))
        UNION ALL
        SELECT %(reader_id)s
        """
    either: LiteralString = "(" + circle_ids(followed, window) + ") UNION (" + tagged_ids(window) + ")"
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        rows += read(work, within(either, window), window.parameters(), shard=shard, reader_id=reader_id)
    return Scan.of(rows + _tagged_elsewhere(work, window, reader_id=reader_id), window)


def pushed_home(work: Work, window: Window, *, reader_id: int) -> Scan | None:
    """The same window as `home`, from what was pushed to the reader; None when their feed does not reach that far."""
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        rows += read(work, pushed_ids(window), window.parameters(), shard=shard, reader_id=reader_id)
    elsewhere = _tagged_elsewhere(work, window, reader_id=reader_id)
    if not elsewhere and len(Scan.of(rows, window).rows) == window.limit:
        return Scan.of(rows, window)
    # Asked for afterwards: it only ever rises while entries go, so what was read down to it was there.
    above = complete_above(work, reader_id)
    if above is None:
        return None
    if above > window.after:
        if window.oldest_first:
            return None
        elsewhere = [row for row in elsewhere if row.post_id > above]
    scan = Scan.of(rows + elsewhere, window)
    return scan if above <= window.after or len(scan.rows) == window.limit else None


def _tagged_elsewhere(work: Work, window: Window, *, reader_id: int) -> list[PostRow]:
    """Posts with the reader's hashtags whose shard is not the hashtag's: none while there is one schema."""
    found: list[PostRow] = []
    for shard in work.shards.schemas if len(work.shards.schemas) > 1 else ():
        parameters = {**window.parameters(), "reader_id": reader_id}
        ids = work.all(tagged_ids(window), parameters, shard=shard, reader=work.shards.schema_of(reader_id))
        elsewhere = [post_id for (post_id,) in ids if work.shards.schema_of(post_id) != shard]
        found += find(work, elsewhere, reader_id=reader_id)
    return found


class ListRow(NamedTuple):
    """A list: its title, whose replies it shows, and its people."""

    title: str
    replies: str
    member_ids: list[int]


def members(work: Work, *, account_id: int, list_id: int) -> ListRow | None:
    """The list with its people, if it is that account's."""
    row = work.one(
        """
        SELECT l.title, l.replies,
            ARRAY(SELECT m.account_id FROM {shard}.list_members m WHERE m.list_id = l.id LIMIT %(most)s)
        FROM {shard}.lists l WHERE l.id = %(list_id)s AND l.account_id = %(account_id)s
        """,
        {"list_id": list_id, "account_id": account_id, "most": LIST_MEMBERS_MAX},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else ListRow._make(row)


def circle(work: Work, window: Window, *, reader_id: int, author_ids: Sequence[int]) -> Scan:
    """Posts of these people, as they would stand in the home timeline of somebody who follows just them."""
    given: LiteralString = "SELECT unnest(%(author_ids)s::bigint[]) AS account_id"
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        parameters = {**window.parameters(), "author_ids": list(author_ids)}
        rows += read(work, circle_ids(given, window), parameters, shard=shard, reader_id=reader_id)
    return Scan.of(rows, window)


def everyone(work: Work, window: Window, *, reader_id: int, media_only: bool = False) -> Scan:
    """The public posts of all: no reposts, and no replies to others."""
    public: LiteralString = """
        SELECT id FROM {shard}.posts
        WHERE visibility = 0 AND repost_of IS NULL AND (parent_id IS NULL OR parent_author_id = author_id)
        """
    pictures: LiteralString = " AND media_count > 0"
    wanted = within(public + pictures if media_only else public, window)
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        rows += read(work, wanted, window.parameters(), shard=shard, reader_id=reader_id)
    return Scan.of(rows, window)


def by_author(
    work: Work,
    window: Window,
    *,
    reader_id: int,
    author_id: int,
    widest: int,
    replies: bool = True,
    reposts: bool = True,
    media_only: bool = False,
    pinned: bool = False,
) -> Scan:
    """One person's posts, at most as private as `widest`, with their `replies` to others and their `reposts` or not.

    With `pinned` those pinned to their page are read as well, and given `besides`, in the same statement.
    """
    wanted: LiteralString = """
        SELECT id FROM {shard}.posts
        WHERE author_id = %(author_id)s AND in_timelines AND visibility <= %(widest)s"""
    if media_only:
        wanted += " AND media_count > 0"
    if not replies:
        wanted += " AND (parent_author_id IS NULL OR parent_author_id = author_id)"
    if not reposts:
        wanted += " AND repost_of IS NULL"
    ids = within(wanted, window)
    if pinned:
        ids = "(" + ids + _OR_PINNED
    rows = read(
        work,
        ids,
        {**window.parameters(), "author_id": author_id, "widest": widest},
        shard=work.shards.schema_of(author_id),
        reader_id=reader_id,
    )
    # Pinned posts that the window would have as well are in it, and the window's limit leaves out older ones.
    scan = Scan.of([row for row in rows if replies or row.parent_author_id in {None, author_id}], window)
    return replace(scan, besides=tuple(row for row in rows if row.pinned)) if pinned else scan


def with_hashtag(work: Work, window: Window, *, reader_id: int, name: str) -> Scan:
    """The public posts with that hashtag."""
    tagged: LiteralString = """
        SELECT t.post_id AS id FROM g.hashtag h JOIN {shard}.tag_index t ON t.tag_id = h.id WHERE h.name = %(name)s
        """
    shard = work.shards.schema_of_bucket(bucket_for(name))
    return _listed(work, window, tagged, {"name": name}, shard=shard, reader_id=reader_id)


def bookmarked(work: Work, window: Window, *, reader_id: int) -> Scan:
    """The posts the reader bookmarked."""
    given: LiteralString = "SELECT post_id AS id FROM {shard}.bookmarks_given WHERE account_id = %(reader_id)s"
    shard = work.shards.schema_of(reader_id)
    return _listed(work, window, given, {"reader_id": reader_id}, shard=shard, reader_id=reader_id)


def liked(work: Work, window: Window, *, reader_id: int) -> Scan:
    """The posts the reader likes."""
    given: LiteralString = "SELECT post_id AS id FROM {shard}.likes_given WHERE account_id = %(reader_id)s"
    shard = work.shards.schema_of(reader_id)
    return _listed(work, window, given, {"reader_id": reader_id}, shard=shard, reader_id=reader_id)


def _listed(
    work: Work, window: Window, ids: LiteralString, parameters: dict[str, object], *, shard: str, reader_id: int
) -> Scan:
    """A list that lies in one shard while its posts may lie in any."""
    rows = work.all(within(ids, window), {**window.parameters(), **parameters}, shard=shard)
    found = [post_id for (post_id,) in rows]
    return Scan.of_ids(found, find(work, found, reader_id=reader_id), window)
