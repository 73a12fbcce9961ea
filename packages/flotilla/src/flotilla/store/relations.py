"""What is between one person and others: pages of edges from one side, and all edges to some people at once.

Both edges of every pair are with each of the two, so each function asks one shard. Pages go by the other person's id:
the newest accounts first, because edges bear no date of their own.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, LiteralString, NamedTuple

from flotilla.store.database import Work

__all__ = ["EDGES", "Edge", "RelationRow", "between", "familiar", "page"]

Edge = Literal["followers", "following", "requests", "blocked", "muted"]

# For each edge the statement that gives the accounts at its other end.
EDGES: dict[Edge, LiteralString] = {
    "followers": """
        SELECT follower_id FROM {shard}.followers
        WHERE followee_id = %(account_id)s AND follower_id < %(before)s
        ORDER BY follower_id DESC LIMIT %(limit)s
        """,
    "following": """
        SELECT followee_id FROM {shard}.following
        WHERE follower_id = %(account_id)s AND followee_id < %(before)s
        ORDER BY followee_id DESC LIMIT %(limit)s
        """,
    "requests": """
        SELECT requester_id FROM {shard}.follow_requests_received
        WHERE target_id = %(account_id)s AND requester_id < %(before)s
        ORDER BY requester_id DESC LIMIT %(limit)s
        """,
    "blocked": """
        SELECT target_id FROM {shard}.blocks
        WHERE account_id = %(account_id)s AND target_id < %(before)s
        ORDER BY target_id DESC LIMIT %(limit)s
        """,
    "muted": """
        SELECT target_id FROM {shard}.mutes
        WHERE account_id = %(account_id)s AND target_id < %(before)s AND (expires_at IS NULL OR expires_at > now())
        ORDER BY target_id DESC LIMIT %(limit)s
        """,
}


class RelationRow(NamedTuple):
    """Every edge between the reader and one other account; the fields of a Relationship, in their order."""

    account_id: int
    following: bool
    show_reposts: bool
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muted_until: datetime | None
    requested: bool
    requested_by: bool


def page(work: Work, edge: Edge, *, account_id: int, before: int, limit: int) -> list[int]:
    """The accounts at the other end of that edge, the newest accounts first, all with ids below `before`."""
    rows = work.all(
        EDGES[edge],
        {"account_id": account_id, "before": before, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [other_id for (other_id,) in rows]


def between(work: Work, *, reader_id: int, account_ids: Sequence[int]) -> list[RelationRow]:
    """What is between the reader and each of the accounts."""
    rows = work.all(
        """
        SELECT other.id, f.followee_id IS NOT NULL, coalesce(f.show_reposts, true),
            EXISTS (SELECT FROM {shard}.followers b WHERE b.followee_id = %(reader_id)s AND b.follower_id = other.id),
            EXISTS (SELECT FROM {shard}.blocks b WHERE b.account_id = %(reader_id)s AND b.target_id = other.id),
            EXISTS (SELECT FROM {shard}.blocked_by b WHERE b.account_id = %(reader_id)s AND b.by_id = other.id),
            m.target_id IS NOT NULL, coalesce(m.notifications, false), m.expires_at,
            EXISTS (SELECT FROM {shard}.follow_requests r
                WHERE r.requester_id = %(reader_id)s AND r.target_id = other.id),
            EXISTS (SELECT FROM {shard}.follow_requests_received r
                WHERE r.target_id = %(reader_id)s AND r.requester_id = other.id)
        FROM unnest(%(account_ids)s::bigint[]) WITH ORDINALITY AS other (id, place)
        LEFT JOIN {shard}.following f ON f.follower_id = %(reader_id)s AND f.followee_id = other.id
        LEFT JOIN {shard}.mutes m ON m.account_id = %(reader_id)s AND m.target_id = other.id
            AND (m.expires_at IS NULL OR m.expires_at > now())
        ORDER BY other.place
        """,
        {"reader_id": reader_id, "account_ids": list(account_ids)},
        shard=work.shards.schema_of(reader_id),
    )
    return list(map(RelationRow._make, rows))


def familiar(work: Work, *, reader_id: int, account_ids: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Who of those the reader follows follows each of the accounts, at most `limit` of each: (account, follower).

    A locked account's followers are known to itself and to them only. It reads whom the reader follows once for each.
    """
    found: list[tuple[int, int]] = []
    for shard, ids in work.shards.by_schema(account_ids).items():
        found += work.all(
            """
            SELECT p.account_id, near.follower_id
            FROM {shard}.profile p
            CROSS JOIN LATERAL (
                SELECT f.follower_id FROM {reader}.following m
                JOIN {shard}.followers f ON f.followee_id = p.account_id AND f.follower_id = m.followee_id
                WHERE m.follower_id = %(reader_id)s ORDER BY m.followee_id DESC LIMIT %(limit)s
            ) near
            WHERE p.account_id = ANY(%(ids)s) AND (NOT p.locked OR p.account_id = %(reader_id)s OR EXISTS (
                SELECT FROM {shard}.followers f WHERE f.followee_id = p.account_id AND f.follower_id = %(reader_id)s))
            """,
            {"reader_id": reader_id, "ids": ids, "limit": limit},
            shard=shard,
            reader=work.shards.schema_of(reader_id),
        )
    return found
