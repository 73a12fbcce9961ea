"""Rows of posts, in their author's shard, with the author's `last_post_id` kept right in the same transaction.

Locks are always taken in the order post_stats, author_stats, so that two transactions never wait for each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flotilla.store.database import Row, Work

__all__ = ["PostRow", "delete", "find", "insert", "liked_among", "lock", "newest_first", "rows_of"]


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with its author's names and its likes."""

    post_id: int
    author_id: int
    handle: str
    display_name: str
    body: str
    likes: int


def rows_of(rows: Sequence[Row]) -> list[PostRow]:
    """Rows whose columns are those of PostRow."""
    return [PostRow(*row) for row in rows]


def newest_first(rows: Sequence[PostRow], limit: int) -> list[PostRow]:
    """The newest `limit` of the rows that several shards gave."""
    return sorted(rows, key=lambda row: row.post_id, reverse=True)[:limit]


def insert(work: Work, *, author_id: int, bucket: int, body: str) -> int:
    """Store a post; its id."""
    row = work.one(
        """
        WITH post AS (
            INSERT INTO {shard}.posts (id, author_id, body)
            VALUES ({shard}.next_id(%(bucket)s), %(author_id)s, %(body)s) RETURNING id
        ), stats AS (
            INSERT INTO {shard}.post_stats (post_id) SELECT id FROM post
        )
        UPDATE {shard}.author_stats a SET last_post_id = greatest(a.last_post_id, post.id), posts = a.posts + 1
        FROM post WHERE a.author_id = %(author_id)s RETURNING post.id
        """,
        {"author_id": author_id, "bucket": bucket, "body": body},
        shard=work.shards.schema_of(author_id),
    )
    assert row is not None, "an account always has its author_stats"
    post_id: int = row[0]
    return post_id


def find(work: Work, post_ids: Sequence[int]) -> list[PostRow]:
    """Those of the posts that exist, newest first."""
    found: list[PostRow] = []
    for shard, ids in work.shards.by_schema(post_ids).items():
        rows = work.all(
            """
            SELECT p.id, p.author_id, a.handle, a.display_name, p.body, s.likes
            FROM {shard}.posts p
            JOIN {shard}.profile a ON a.account_id = p.author_id
            JOIN {shard}.post_stats s ON s.post_id = p.id
            WHERE p.id = ANY(%(ids)s)
            """,
            {"ids": ids},
            shard=shard,
        )
        found += rows_of(rows)
    return newest_first(found, len(post_ids))


def liked_among(work: Work, *, account_id: int, post_ids: Sequence[int]) -> frozenset[int]:
    """Which of the posts that account likes."""
    rows = work.all(
        "SELECT post_id FROM {shard}.likes_given WHERE account_id = %(account_id)s AND post_id = ANY(%(post_ids)s)",
        {"account_id": account_id, "post_ids": list(post_ids)},
        shard=work.shards.schema_of(account_id),
    )
    return frozenset(post_id for (post_id,) in rows)


def lock(work: Work, post_id: int) -> int | None:
    """Hold the post's likes and its existence still until the transaction ends; its likes, None without such a post."""
    row = work.one(
        "SELECT likes FROM {shard}.post_stats WHERE post_id = %(post_id)s FOR NO KEY UPDATE",
        {"post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )
    return None if row is None else row[0]


def delete(work: Work, *, post_id: int, author_id: int) -> None:
    """Delete a post that `lock` holds, with its statistics, and find its author's newest post anew."""
    shard = work.shards.schema_of(post_id)
    keys: dict[str, object] = {"post_id": post_id, "author_id": author_id}
    work.count("DELETE FROM {shard}.posts WHERE id = %(post_id)s", keys, shard=shard)
    # First the lock, then, in a statement of its own that sees what was committed meanwhile, the newest post.
    work.one("SELECT FROM {shard}.author_stats WHERE author_id = %(author_id)s FOR NO KEY UPDATE", keys, shard=shard)
    work.count(
        """
        UPDATE {shard}.author_stats SET posts = posts - 1,
            last_post_id = coalesce((SELECT max(id) FROM {shard}.posts WHERE author_id = %(author_id)s), 0)
        WHERE author_id = %(author_id)s
        """,
        keys,
        shard=shard,
    )
