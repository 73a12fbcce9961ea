"""Reading notifications: pages of groups, single events, how many are new, and how far a person has read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from flotilla.store.database import Work

__all__ = ["EventRow", "GroupRow", "MarkerRow", "events", "groups", "markers", "move_markers", "unread"]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A line of the page of notifications; `is_new`: it came after what the marker says was read."""

    kind: int
    target: int
    last_id: int
    events: int
    actor_ids: list[int]
    message: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """One notification by itself, as the API gives it."""

    notification_id: int
    kind: int
    target: int
    actor_id: int
    message: str


@dataclass(frozen=True, slots=True)
class MarkerRow:
    """How far somebody has read a timeline."""

    timeline: str
    last_read_id: int
    version: int
    updated_at: datetime


def groups(work: Work, *, account_id: int, before: int, limit: int) -> list[GroupRow]:
    """The newest groups before `before`."""
    rows = work.all(
        """
        SELECT g.kind, g.target, g.last_id, g.events, g.actor_ids,
            coalesce((SELECT n.message FROM {shard}.notifications n WHERE n.account_id = g.account_id
                AND n.id = g.last_id), ''),
            g.last_id > coalesce((SELECT m.last_read_id FROM {shard}.markers m
                WHERE m.account_id = g.account_id AND m.timeline = 'notifications'), 0)
        FROM {shard}.notification_groups g
        WHERE g.account_id = %(account_id)s AND g.last_id < %(before)s
        ORDER BY g.last_id DESC LIMIT %(limit)s
        """,
        {"account_id": account_id, "before": before, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    return [GroupRow(*row) for row in rows]


def events(
    work: Work,
    *,
    account_id: int,
    after: int,
    before: int,
    limit: int,
    oldest_first: bool,
    kinds: Sequence[int],
) -> list[EventRow]:
    """Single notifications of those kinds between the two ids: the newest, or with `oldest_first` the oldest of them.

    Newest first in either case.
    """
    wanted: LiteralString = """
        SELECT n.id, n.kind, n.target, n.actor_id, n.message FROM {shard}.notifications n
        WHERE n.account_id = %(account_id)s AND n.id > %(after)s AND n.id < %(before)s AND n.kind = ANY(%(kinds)s)
        ORDER BY n.id """
    rows = work.all(
        wanted + ("LIMIT %(limit)s" if oldest_first else "DESC LIMIT %(limit)s"),
        {"account_id": account_id, "after": after, "before": before, "limit": limit, "kinds": list(kinds)},
        shard=work.shards.schema_of(account_id),
    )
    return sorted((EventRow(*row) for row in rows), key=lambda row: row.notification_id, reverse=True)


def unread(work: Work, *, account_id: int, limit: int) -> int:
    """How many groups are new, counted up to `limit`."""
    row = work.one(
        """
        SELECT count(*) FROM (
            SELECT FROM {shard}.notification_groups g
            WHERE g.account_id = %(account_id)s AND g.last_id > coalesce((SELECT m.last_read_id FROM {shard}.markers m
                WHERE m.account_id = %(account_id)s AND m.timeline = 'notifications'), 0)
            LIMIT %(limit)s
        ) new
        """,
        {"account_id": account_id, "limit": limit},
        shard=work.shards.schema_of(account_id),
    )
    assert row is not None
    return int(row[0])


def markers(work: Work, *, account_id: int) -> list[MarkerRow]:
    """How far that person has read each timeline."""
    rows = work.all(
        "SELECT timeline, last_read_id, version, updated_at FROM {shard}.markers WHERE account_id = %(account_id)s",
        {"account_id": account_id},
        shard=work.shards.schema_of(account_id),
    )
    return [MarkerRow(*row) for row in rows]


def move_markers(work: Work, moves: Mapping[tuple[int, str], int]) -> None:
    """Remember that timelines, by (account, name), were read up to those ids, unless more of them was read already."""
    for shard, account_ids in sorted(work.shards.by_schema({account_id for account_id, _ in moves}).items()):
        here = frozenset(account_ids)
        keys = [key for key in moves if key[0] in here]
        work.count(
            """
            INSERT INTO {shard}.markers AS m (account_id, timeline, last_read_id)
            SELECT * FROM unnest(%(account_ids)s::bigint[], %(timelines)s::text[], %(read_ids)s::bigint[])
            ORDER BY 1, 2
            ON CONFLICT (account_id, timeline) DO UPDATE
            SET last_read_id = excluded.last_read_id, version = m.version + 1, updated_at = now()
            WHERE m.last_read_id < excluded.last_read_id
            """,
            {
                "account_ids": [account_id for account_id, _ in keys],
                "timelines": [timeline for _, timeline in keys],
                "read_ids": [moves[key] for key in keys],
            },
            shard=shard,
        )
