"""Pages of posts, newest first, all older than `before`: keyset paging, so page 1,000 costs what page 2 does.

Each statement runs once in every shard and gives that shard's part of the page; the newest of the parts are the page.
"""

from flotilla.store.database import Work
from flotilla.store.ids import bucket_for
from flotilla.store.posts import PostRow, find, newest_first, rows_of

__all__ = ["by_author", "everyone", "home", "with_hashtag"]


def home(work: Work, *, reader_id: int, before: int, limit: int) -> list[PostRow]:
    """The newest posts before `before` of the reader and whoever they follow, by "newest authors first"; exact.

    For each author take the newest post before `before`: `last_post_id`, unless that is too new, else one index probe.
    The page can only hold posts of the `limit` authors whose such posts are newest: were there a post of another author
    in it, those `limit` posts would all be newer, and fill the page without it. For the same reason, with `limit`
    authors found, none of the page's posts is older than the oldest of those `limit` posts (`oldest` below), which
    keeps the last step to about as many rows as the page has.
    """
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        found = work.all(
            """
            SELECT p.id, p.author_id, a.handle, a.display_name, p.body, s.likes
            FROM (
                SELECT own.id, own.author_id, own.body
                FROM (
                    SELECT author_id,
                        CASE WHEN count(*) OVER () = %(limit)s THEN min(newest) OVER () ELSE 0 END AS oldest
                    FROM (
                        SELECT c.author_id,
                            CASE WHEN c.last_post_id < %(before)s THEN c.last_post_id
                            ELSE coalesce((SELECT max(older.id) FROM {shard}.posts older
                                           WHERE older.author_id = c.author_id AND older.id < %(before)s), 0)
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
                    SELECT id, author_id, body FROM {shard}.posts
                    WHERE author_id = author.author_id AND id < %(before)s AND id >= author.oldest
                    ORDER BY id DESC LIMIT %(limit)s
                ) own
                ORDER BY own.id DESC LIMIT %(limit)s
            ) p
            JOIN {shard}.profile a ON a.account_id = p.author_id
            JOIN {shard}.post_stats s ON s.post_id = p.id
            ORDER BY p.id DESC
            """,
            {"reader_id": reader_id, "before": before, "limit": limit},
            shard=shard,
            reader=work.shards.schema_of(reader_id),
        )
        rows += rows_of(found)
    return newest_first(rows, limit)


def everyone(work: Work, *, before: int, limit: int) -> list[PostRow]:
    """The newest posts before `before` of all."""
    rows: list[PostRow] = []
    for shard in work.shards.schemas:
        found = work.all(
            """
            SELECT p.id, p.author_id, a.handle, a.display_name, p.body, s.likes
            FROM (SELECT * FROM {shard}.posts WHERE id < %(before)s ORDER BY id DESC LIMIT %(limit)s) p
            JOIN {shard}.profile a ON a.account_id = p.author_id
            JOIN {shard}.post_stats s ON s.post_id = p.id
            ORDER BY p.id DESC
            """,
            {"before": before, "limit": limit},
            shard=shard,
        )
        rows += rows_of(found)
    return newest_first(rows, limit)


def by_author(work: Work, *, author_id: int, before: int, limit: int) -> list[PostRow]:
    """The newest posts before `before` of one person."""
    found = work.all(
        """
        SELECT p.id, p.author_id, a.handle, a.display_name, p.body, s.likes
        FROM (
            SELECT * FROM {shard}.posts WHERE author_id = %(author_id)s AND id < %(before)s
            ORDER BY id DESC LIMIT %(limit)s
        ) p
        JOIN {shard}.profile a ON a.account_id = p.author_id
        JOIN {shard}.post_stats s ON s.post_id = p.id
        ORDER BY p.id DESC
        """,
        {"author_id": author_id, "before": before, "limit": limit},
        shard=work.shards.schema_of(author_id),
    )
    return rows_of(found)


def with_hashtag(work: Work, *, name: str, before: int, limit: int) -> list[PostRow]:
    """The newest posts before `before` with that hashtag."""
    rows = work.all(
        """
        SELECT t.post_id FROM g.hashtag h JOIN {shard}.tag_index t ON t.tag_id = h.id
        WHERE h.name = %(name)s AND t.post_id < %(before)s ORDER BY t.post_id DESC LIMIT %(limit)s
        """,
        {"name": name, "before": before, "limit": limit},
        shard=work.shards.schema_of_bucket(bucket_for(name)),
    )
    return find(work, [post_id for (post_id,) in rows])
