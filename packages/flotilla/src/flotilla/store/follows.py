"""Rows of follows: the edge in the follower's shard, its mirror in the followee's, the counts in both.

Each function that changes something expects both people to be held by `people.lock`.
"""

from collections.abc import Iterable, Mapping

from flotilla.store.database import Work
from flotilla.store.ids import MAX_ID

__all__ = ["delete", "exists", "find_open", "insert", "insert_several", "show_reposts"]


def exists(work: Work, *, follower_id: int, followee_id: int) -> bool:
    """Whether the one follows the other."""
    row = work.one(
        "SELECT 1 FROM {shard}.following WHERE follower_id = %(follower_id)s AND followee_id = %(followee_id)s",
        {"follower_id": follower_id, "followee_id": followee_id},
        shard=work.shards.schema_of(follower_id),
    )
    return row is not None


def insert(work: Work, *, follower_id: int, followee_id: int, show_reposts: bool = True) -> bool:
    """Store a follow with its mirror and count it; whether it was new. A pushed home is built anew."""
    keys: dict[str, object] = {
        "follower_id": follower_id,
        "followee_id": followee_id,
        "show_reposts": show_reposts,
        "max_id": MAX_ID,
    }
    edge = """
        WITH feed AS (
            UPDATE {shard}.home_feed SET complete_above = %(max_id)s WHERE account_id = %(follower_id)s
        )
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


def find_open(work: Work, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of (follower, followee) each, where nothing stands between: no follow yet, no block, no need to ask."""
    groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for follower_id, followee_id in pairs:
        key = (work.shards.schema_of(followee_id), work.shards.schema_of(follower_id))
        groups.setdefault(key, []).append((follower_id, followee_id))
    found: set[tuple[int, int]] = set()
    for (shard, reader), asked in groups.items():
        rows = work.all(
            """
            SELECT w.follower_id, w.followee_id
            FROM unnest(%(followers)s::bigint[], %(followees)s::bigint[]) AS w (follower_id, followee_id)
            JOIN {shard}.profile p ON p.account_id = w.followee_id AND NOT p.locked
            WHERE NOT EXISTS (SELECT FROM {reader}.following f
                WHERE f.follower_id = w.follower_id AND f.followee_id = w.followee_id)
            AND NOT EXISTS (SELECT FROM {reader}.blocks b
                WHERE b.account_id = w.follower_id AND b.target_id = w.followee_id)
            AND NOT EXISTS (SELECT FROM {reader}.blocked_by b
                WHERE b.account_id = w.follower_id AND b.by_id = w.followee_id)
            AND NOT EXISTS (SELECT FROM {reader}.follow_requests r
                WHERE r.requester_id = w.follower_id AND r.target_id = w.followee_id)
            """,
            _columns(asked),
            shard=shard,
            reader=reader,
        )
        found.update(rows)
    return found


def insert_several(work: Work, pairs: Mapping[tuple[int, int], bool]) -> None:
    """Store follows that `find_open` gave, with their mirrors, and count them; each with whether reposts are shown."""
    by_follower: dict[str, list[tuple[int, int]]] = {}
    by_followee: dict[str, list[tuple[int, int]]] = {}
    for follower_id, followee_id in pairs:
        by_follower.setdefault(work.shards.schema_of(follower_id), []).append((follower_id, followee_id))
        by_followee.setdefault(work.shards.schema_of(followee_id), []).append((follower_id, followee_id))
    for shard, edges in sorted(by_follower.items()):
        work.count(
            """
            WITH edge AS (
                INSERT INTO {shard}.following (follower_id, followee_id, show_reposts)
                SELECT * FROM unnest(%(followers)s::bigint[], %(followees)s::bigint[], %(shown)s::boolean[])
            ), feed AS (
                UPDATE {shard}.home_feed SET complete_above = %(max_id)s WHERE account_id = ANY(%(followers)s)
            )
            UPDATE {shard}.author_stats s SET following = s.following + new.follows
            FROM (SELECT id, count(*) AS follows FROM unnest(%(followers)s::bigint[]) AS id GROUP BY id) new
            WHERE s.author_id = new.id
            """,
            {**_columns(edges), "shown": [pairs[edge] for edge in edges], "max_id": MAX_ID},
            shard=shard,
        )
    for shard, edges in sorted(by_followee.items()):
        work.count(
            """
            WITH mirror AS (
                INSERT INTO {shard}.followers (followee_id, follower_id)
                SELECT * FROM unnest(%(followees)s::bigint[], %(followers)s::bigint[])
            )
            UPDATE {shard}.author_stats s SET followers = s.followers + new.followers
            FROM (SELECT id, count(*) AS followers FROM unnest(%(followees)s::bigint[]) AS id GROUP BY id) new
            WHERE s.author_id = new.id
            """,
            _columns(edges),
            shard=shard,
        )


def _columns(pairs: Iterable[tuple[int, int]]) -> dict[str, object]:
    followers, followees = zip(*pairs, strict=True)
    return {"followers": list(followers), "followees": list(followees)}


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
