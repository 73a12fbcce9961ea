"""Rows of reposts: the edge in the reposter's shard, its mirror and the count in the author's.

The repost itself is a row of `posts`. Each function expects the original to be held by `posts.lock`.
"""

from flotilla.store.database import Work
from flotilla.store.windows import Window, within

__all__ = ["delete", "find", "insert", "of_post", "reposters"]


def find(work: Work, *, account_id: int, post_id: int) -> int | None:
    """The repost by which that person spread the post, if they did."""
    row = work.one(
        "SELECT repost_id FROM {shard}.reposts_given WHERE account_id = %(account_id)s AND post_id = %(post_id)s",
        {"account_id": account_id, "post_id": post_id},
        shard=work.shards.schema_of(account_id),
    )
    return None if row is None else row[0]


def insert(work: Work, *, account_id: int, post_id: int, repost_id: int) -> None:
    """Store that this repost is that person's of the post, and count it."""
    keys: dict[str, object] = {"account_id": account_id, "post_id": post_id, "repost_id": repost_id}
    work.count(
        """
        INSERT INTO {shard}.reposts_given (account_id, post_id, repost_id)
        VALUES (%(account_id)s, %(post_id)s, %(repost_id)s)
        """,
        keys,
        shard=work.shards.schema_of(account_id),
    )
    work.count(
        """
        WITH mirror AS (
            INSERT INTO {shard}.reposts_received (post_id, account_id, repost_id)
            VALUES (%(post_id)s, %(account_id)s, %(repost_id)s)
        )
        UPDATE {shard}.post_stats SET reposts = reposts + 1 WHERE post_id = %(post_id)s
        """,
        keys,
        shard=work.shards.schema_of(post_id),
    )


def delete(work: Work, *, account_id: int, post_id: int) -> None:
    """Remove that person's repost of the post from edges and count."""
    keys: dict[str, object] = {"account_id": account_id, "post_id": post_id}
    work.count(
        "DELETE FROM {shard}.reposts_given WHERE account_id = %(account_id)s AND post_id = %(post_id)s",
        keys,
        shard=work.shards.schema_of(account_id),
    )
    work.count(
        """
        WITH mirror AS (
            DELETE FROM {shard}.reposts_received WHERE post_id = %(post_id)s AND account_id = %(account_id)s
            RETURNING 1
        )
        UPDATE {shard}.post_stats SET reposts = reposts - (SELECT count(*) FROM mirror) WHERE post_id = %(post_id)s
        """,
        keys,
        shard=work.shards.schema_of(post_id),
    )


def of_post(work: Work, post_id: int) -> list[tuple[int, int]]:
    """Every repost of the post with its author: (repost, author), by repost."""
    rows = work.all(
        "SELECT repost_id, account_id FROM {shard}.reposts_received WHERE post_id = %(post_id)s ORDER BY repost_id",
        {"post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )
    return [(repost_id, account_id) for repost_id, account_id in rows]


def reposters(work: Work, post_id: int, window: Window) -> list[int]:
    """The ids of the people who reposted the post, the newest accounts first."""
    rows = work.all(
        within("SELECT account_id AS id FROM {shard}.reposts_received WHERE post_id = %(post_id)s", window),
        {**window.parameters(), "post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )
    return [account_id for (account_id,) in rows]
