"""Rows of follows: the edge in the follower's shard, its mirror in the followee's, the counts in both.

The edge is locked first and then the two people's counts in the order of their ids, so that people who follow each
other at the same moment never wait for each other.
"""

from flotilla.store.database import Work

__all__ = ["delete", "insert"]


def insert(work: Work, *, follower_id: int, followee_id: int) -> bool:
    """Store a follow with its mirror and count it; whether it was new."""
    keys: dict[str, object] = {"follower_id": follower_id, "followee_id": followee_id}
    edge = """
        INSERT INTO {shard}.following (follower_id, followee_id) VALUES (%(follower_id)s, %(followee_id)s)
        ON CONFLICT DO NOTHING
        """
    if not work.count(edge, keys, shard=work.shards.schema_of(follower_id)):
        return False
    work.count(
        "INSERT INTO {shard}.followers (followee_id, follower_id) VALUES (%(followee_id)s, %(follower_id)s)",
        keys,
        shard=work.shards.schema_of(followee_id),
    )
    _count(work, follower_id=follower_id, followee_id=followee_id, change=1)
    return True


def delete(work: Work, *, follower_id: int, followee_id: int) -> bool:
    """Remove a follow with its mirror from the counts; whether there was one."""
    keys: dict[str, object] = {"follower_id": follower_id, "followee_id": followee_id}
    edge = "DELETE FROM {shard}.following WHERE follower_id = %(follower_id)s AND followee_id = %(followee_id)s"
    if not work.count(edge, keys, shard=work.shards.schema_of(follower_id)):
        return False
    work.count(
        "DELETE FROM {shard}.followers WHERE followee_id = %(followee_id)s AND follower_id = %(follower_id)s",
        keys,
        shard=work.shards.schema_of(followee_id),
    )
    _count(work, follower_id=follower_id, followee_id=followee_id, change=-1)
    return True


def _count(work: Work, *, follower_id: int, followee_id: int, change: int) -> None:
    for author_id, following, followers in sorted([(follower_id, change, 0), (followee_id, 0, change)]):
        work.count(
            """
            UPDATE {shard}.author_stats
            SET following = following + %(following)s, followers = followers + %(followers)s
            WHERE author_id = %(author_id)s
            """,
            {"author_id": author_id, "following": following, "followers": followers},
            shard=work.shards.schema_of(author_id),
        )
