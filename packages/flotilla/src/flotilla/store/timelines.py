"""Pages of posts, newest first, all older than `before`: keyset paging, so page 1,000 costs what page 2 does.

Each statement runs once in every shard and gives that shard's part of the page; the newest of the parts are the page.
"""

from typing import LiteralString

from flotilla.store.database import Work
from flotilla.store.ids import bucket_for
from flotilla.store.posts import PostRow, find, newest_first, read

__all__ = ["by_author", "everyone", "home", "with_hashtag"]

_HOME: LiteralString = """
    SELECT own.id
    FROM (
        SELECT author_id,
            CASE WHEN count(*) OVER () = %(limit)s THEN min(newest) OVER () ELSE 0 END AS oldest
        FROM (
            SELECT c.author_id,
                CASE WHEN c.last_post_id < %(before)s THEN c.last_post_id
                ELSE coalesce((SELECT max(older.id) FROM {shard}.posts older
                               WHERE older.author_id = c.author_id AND older.in_timelines
                                   AND older.id < %(before)s), 0)
                END AS newest
            FROM (
                SELECT followee_id AS account_id FROM {reader}.following WHERE follower_id = %(reader_id)s
                UNION ALL
                SELECT %(reader_id)s
            ) circle
            JOIN {shard}.author_stats c ON c.author_id = circle.account_id
            ORDER BY newest DESC LIMIT %(limit)s
        ) newest_authors
    ) author
    CROSS JOIN LATERAL (
        SELECT id FROM {shard}.posts
        WHERE author_id = author.author_id AND in_timelines AND id < %(before)s AND id >= author.oldest
        ORDER BY id DESC LIMIT %(limit)s
    ) own
    ORDER BY own.id DESC LIMIT %(limit)s
    """


def home(work: Work, *, reader_id: int, before: int, limit: int) -> list[PostRow]:
    """The newest posts before `before` of the reader and whoever they follow, by "newest authors first"; exact.

    For each author take the newest post before `before`: `last_post_id`, unless that is too new, else one index probe.
    The page can only hold posts of the `limit` authors whose such posts are newest: were there a post of another author
    in it, those `limit` posts would all be newer, and fill the page without it. For the same reason, with `limit`
    authors found, none of the page's posts is older than the oldest of those `limit` posts (`oldest` in the statement),
    which keeps the last step to about as many rows as the page has.
    """
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        rows += read(work, _HOME, {"before": before, "limit": limit}, shard=shard, reader_id=reader_id)
    return newest_first(rows, limit)


def everyone(work: Work, *, reader_id: int, before: int, limit: int) -> list[PostRow]:
    """The newest public posts before `before` of all: no reposts, and no replies to others."""
    wanted: LiteralString = """
        SELECT id FROM {shard}.posts
        WHERE visibility = 0 AND repost_of IS NULL AND (parent_id IS NULL OR parent_author_id = author_id)
            AND id < %(before)s
        ORDER BY id DESC LIMIT %(limit)s
        """
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        rows += read(work, wanted, {"before": before, "limit": limit}, shard=shard, reader_id=reader_id)
    return newest_first(rows, limit)


def by_author(work: Work, *, reader_id: int, author_id: int, before: int, limit: int) -> list[PostRow]:
    """The newest posts before `before` of one person, but for direct ones."""
    return read(
        work,
        """
        SELECT id FROM {shard}.posts WHERE author_id = %(author_id)s AND in_timelines AND id < %(before)s
        ORDER BY id DESC LIMIT %(limit)s
        """,
        {"author_id": author_id, "before": before, "limit": limit},
        shard=work.shards.schema_of(author_id),
        reader_id=reader_id,
    )


def with_hashtag(work: Work, *, reader_id: int, name: str, before: int, limit: int) -> list[PostRow]:
    """The newest public posts before `before` with that hashtag."""
    rows = work.all(
        """
        SELECT t.post_id FROM g.hashtag h JOIN {shard}.tag_index t ON t.tag_id = h.id
        WHERE h.name = %(name)s AND t.post_id < %(before)s ORDER BY t.post_id DESC LIMIT %(limit)s
        """,
        {"name": name, "before": before, "limit": limit},
        shard=work.shards.schema_of_bucket(bucket_for(name)),
    )
    return find(work, [post_id for (post_id,) in rows], reader_id=reader_id)
