"""Rows of likes: the edge in the liker's shard, its mirror and the count in the author's.

Each function expects the post to be held by `posts.lock`, which makes a storm of likes on one post a queue.
"""

from flotilla.store.database import Work

__all__ = ["delete", "delete_all", "insert"]


def insert(work: Work, *, account_id: int, post_id: int) -> bool:
    """Store a like with its mirror and count it; whether it was new."""
    keys: dict[str, object] = {"account_id": account_id, "post_id": post_id}
    edge = """
        INSERT INTO {shard}.likes_given (account_id, post_id) VALUES (%(account_id)s, %(post_id)s)
        ON CONFLICT DO NOTHING
        """
    if not work.count(edge, keys, shard=work.shards.schema_of(account_id)):
        return False
    work.count(
        """
        WITH mirror AS (
            INSERT INTO {shard}.likes_received (post_id, account_id) VALUES (%(post_id)s, %(account_id)s)
        )
        UPDATE {shard}.post_stats SET likes = likes + 1 WHERE post_id = %(post_id)s
        """,
        keys,
        shard=work.shards.schema_of(post_id),
    )
    return True


def delete(work: Work, *, account_id: int, post_id: int) -> bool:
    """Remove a like with its mirror from the count; whether there was one."""
    keys: dict[str, object] = {"account_id": account_id, "post_id": post_id}
    edge = "DELETE FROM {shard}.likes_given WHERE account_id = %(account_id)s AND post_id = %(post_id)s"
    if not work.count(edge, keys, shard=work.shards.schema_of(account_id)):
        return False
    work.count(
        """
        WITH mirror AS (
            DELETE FROM {shard}.likes_received WHERE post_id = %(post_id)s AND account_id = %(account_id)s
        )
        UPDATE {shard}.post_stats SET likes = likes - 1 WHERE post_id = %(post_id)s
        """,
        keys,
        shard=work.shards.schema_of(post_id),
    )
    return True


def delete_all(work: Work, post_id: int) -> None:
    """Remove every like of a post that is about to go, on both sides."""
    rows = work.all(
        "DELETE FROM {shard}.likes_received WHERE post_id = %(post_id)s RETURNING account_id",
        {"post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )
    for shard, account_ids in work.shards.by_schema(account_id for (account_id,) in rows).items():
        work.count(
            "DELETE FROM {shard}.likes_given WHERE account_id = ANY(%(account_ids)s) AND post_id = %(post_id)s",
            {"account_ids": account_ids, "post_id": post_id},
            shard=shard,
        )
