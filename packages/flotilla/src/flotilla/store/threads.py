"""Rows that tie replies to what they reply to: with the parent a mirror row of each reply, and how many there are.

A reply whose parent was deleted keeps the parent's id, which then leads nowhere.
"""

from flotilla.store.database import Work

__all__ = ["ancestor_ids", "delete_all", "delete_reply", "descendant_ids", "insert_reply"]

# No thread is followed further than this, whatever its shape.
DEPTH_MAX = 200


def insert_reply(work: Work, *, post_id: int, reply_id: int, counted: bool) -> None:
    """Store that this is a reply to the post, which `posts.lock` holds."""
    work.count(
        """
        WITH mirror AS (
            INSERT INTO {shard}.replies_received (post_id, reply_id, counted)
            VALUES (%(post_id)s, %(reply_id)s, %(counted)s)
        )
        UPDATE {shard}.post_stats SET replies = replies + %(counted)s::integer WHERE post_id = %(post_id)s
        """,
        {"post_id": post_id, "reply_id": reply_id, "counted": counted},
        shard=work.shards.schema_of(post_id),
    )


def delete_reply(work: Work, *, post_id: int, reply_id: int) -> None:
    """Remove a reply from the post it belongs to, if that is still there; `posts.lock` holds it."""
    work.count(
        """
        WITH gone AS (
            DELETE FROM {shard}.replies_received WHERE post_id = %(post_id)s AND reply_id = %(reply_id)s
            RETURNING counted
        )
        UPDATE {shard}.post_stats s SET replies = s.replies - gone.counted::integer
        FROM gone WHERE s.post_id = %(post_id)s
        """,
        {"post_id": post_id, "reply_id": reply_id},
        shard=work.shards.schema_of(post_id),
    )


def delete_all(work: Work, post_id: int) -> None:
    """Forget which replies a post had that is about to go; the replies stay."""
    work.count(
        "DELETE FROM {shard}.replies_received WHERE post_id = %(post_id)s",
        {"post_id": post_id},
        shard=work.shards.schema_of(post_id),
    )


def ancestor_ids(work: Work, parent_id: int | None, *, limit: int) -> list[int]:
    """The posts above, nearest first, beginning with `parent_id`; as far as they are not deleted."""
    found: list[int] = []
    wanted = parent_id
    while wanted is not None and len(found) < limit:
        # Up to where the thread leaves this shard: with one schema, one statement.
        rows = work.all(
            """
            WITH RECURSIVE above AS (
                SELECT id, parent_id, 1 AS steps FROM {shard}.posts WHERE id = %(wanted)s
                UNION ALL
                SELECT p.id, p.parent_id, a.steps + 1 FROM above a JOIN {shard}.posts p ON p.id = a.parent_id
                WHERE a.steps < %(limit)s
            )
            SELECT id, parent_id FROM above ORDER BY steps
            """,
            {"wanted": wanted, "limit": limit - len(found)},
            shard=work.shards.schema_of(wanted),
        )
        found += [post_id for post_id, _ in rows]
        nearer = rows[-1][1] if rows else None
        shard = work.shards.schema_of(wanted)
        wanted = nearer if nearer is not None and work.shards.schema_of(nearer) != shard else None
    return found


def descendant_ids(work: Work, post_id: int, *, limit: int) -> list[tuple[int, int]]:
    """At most `limit` replies to the post, replies to those and so on, nearest first: (reply, parent)."""
    found: dict[int, int] = {}
    open_ids = [post_id]
    while open_ids and len(found) < limit:
        here = open_ids
        open_ids = []
        for shard, ids in work.shards.by_schema(here).items():
            rows = work.all(
                """
                WITH RECURSIVE below AS (
                    SELECT reply_id, post_id, 1 AS steps FROM {shard}.replies_received WHERE post_id = ANY(%(ids)s)
                    UNION ALL
                    SELECT r.reply_id, r.post_id, b.steps + 1
                    FROM below b JOIN {shard}.replies_received r ON r.post_id = b.reply_id
                    WHERE b.steps < %(depth)s
                )
                SELECT reply_id, post_id FROM below LIMIT %(limit)s
                """,
                {"ids": ids, "depth": DEPTH_MAX, "limit": limit - len(found)},
                shard=shard,
            )
            found |= dict(rows)
            # Replies to those that lie elsewhere are found there.
            open_ids += [reply_id for reply_id, _ in rows if work.shards.schema_of(reply_id) != shard]
    return list(found.items())
