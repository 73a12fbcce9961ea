"""Rows of follows: the edge in the follower's shard, its mirror in the followee's, the counts in both.

Each function that changes something expects both people to be held by `people.lock`.
"""

from flotilla.store.database import Work

__all__ = ["delete", "exists", "insert", "show_reposts"]


def exists(work: Work, *, follower_id: int, followee_id: int) -> bool:
    """Whether the one follows the other."""
    row = work.one(
        "SELECT 1 FROM {shard}.following WHERE follower_id = %(follower_id)s AND followee_id = %(followee_id)s",
        {"follower_id": follower_id, "followee_id": followee_id},
        shard=work.shards.schema_of(follower_id),
    )
    return row is not None


def insert(work: Work, *, follower_id: int, followee_id: int, show_reposts: bool = True) -> bool:
    """Store a follow with its mirror and count it; whether it was new."""
    keys: dict[str, object] = {
        "follower_id": follower_id,
        "followee_id": followee_id,
        "show_reposts": show_reposts,
    }
    edge = """
        INSERT INTO {shard}.following (follower_id, followee_id, show_reposts)
        VALUES (%(follower_id)s, %(followee_id)s, %(show_reposts)s)
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
    """Remove a follow with its mirror from the counts, and the followee from the follower's lists; whether it was."""
    keys: dict[str, object] = {"follower_id": follower_id, "followee_id": followee_id}
    edge = "DELETE FROM {shard}.following WHERE follower_id = %(follower_id)s AND followee_id = %(followee_id)s"
    if not work.count(edge, keys, shard=work.shards.schema_of(follower_id)):
        return False
    work.count(
        "DELETE FROM {shard}.followers WHERE followee_id = %(followee_id)s AND follower_id = %(follower_id)s",
        keys,
        shard=work.shards.schema_of(followee_id),
    )
    work.count(
        """
        DELETE FROM {shard}.list_members m USING {shard}.lists l
        WHERE l.account_id = %(follower_id)s AND m.list_id = l.id AND m.account_id = %(followee_id)s
        """,
        keys,
        shard=work.shards.schema_of(follower_id),
    )
    _count(work, follower_id=follower_id, followee_id=followee_id, change=-1)
    return True


def show_reposts(work: Work, *, follower_id: int, followee_id: int, wanted: bool) -> bool:
    """Whether the follower's home shows what the followee reposts; False when there is no such follow."""
    return bool(
        work.count(
            """
            UPDATE {shard}.following SET show_reposts = %(wanted)s
            WHERE follower_id = %(follower_id)s AND followee_id = %(followee_id)s
            """,
            {"follower_id": follower_id, "followee_id": followee_id, "wanted": wanted},
            shard=work.shards.schema_of(follower_id),
        )
    )


def _count(work: Work, *, follower_id: int, followee_id: int, change: int) -> None:
    for author_id, following, followers in ((follower_id, change, 0), (followee_id, 0, change)):
        work.count(
            """
            UPDATE {shard}.author_stats
            SET following = following + %(following)s, followers = followers + %(followers)s
            WHERE author_id = %(author_id)s
            """,
            {"author_id": author_id, "following": following, "followers": followers},
            shard=work.shards.schema_of(author_id),
        )
