"""Rows of notifications, in the shard of whoever they are for: one for each event, and one for each group of events.

A group is what a person is shown as one line: everyone who liked the same post. Its row has the count and the latest of
those who did it, so that a page of notifications never counts anything.
"""

from collections.abc import Sequence
from typing import LiteralString

from flotilla.store.database import Work
from flotilla.store.ids import bucket_of

__all__ = [
    "ACTORS_KEPT",
    "clear",
    "delete",
    "delete_about",
    "delete_by",
    "delete_group",
    "delete_one",
    "forget_old",
    "insert",
    "insert_several",
]

# Of each group, how many of those who did it are kept in its row.
ACTORS_KEPT = 8

_INSERT: LiteralString = """
    WITH wanted AS (
        SELECT w.*
        FROM unnest(%(ids)s::bigint[], %(buckets)s::integer[], %(actors)s::bigint[], %(targets)s::bigint[],
            %(threads)s::bigint[]) AS w (account_id, bucket, actor_id, target, thread_id)
        WHERE w.account_id <> w.actor_id
        AND NOT EXISTS (SELECT FROM {shard}.blocks b WHERE b.account_id = w.account_id AND b.target_id = w.actor_id)
        AND NOT EXISTS (SELECT FROM {shard}.blocked_by b WHERE b.account_id = w.account_id AND b.by_id = w.actor_id)
        AND NOT EXISTS (SELECT FROM {shard}.mutes m WHERE m.account_id = w.account_id AND m.target_id = w.actor_id
            AND m.notifications AND (m.expires_at IS NULL OR m.expires_at > now()))
        AND NOT EXISTS (SELECT FROM {shard}.thread_mutes m
            WHERE m.account_id = w.account_id AND m.thread_id = w.thread_id)
        AND (NOT (%(only_followers)s OR EXISTS (SELECT FROM g.account a WHERE a.id = w.actor_id AND a.silenced))
            OR EXISTS (SELECT FROM {shard}.following f
                WHERE f.follower_id = w.account_id AND f.followee_id = w.actor_id))
    ), event AS (
        INSERT INTO {shard}.notifications (account_id, kind, actor_id, target, id, message)
        SELECT account_id, %(kind)s, actor_id, target, {shard}.next_id(bucket), %(message)s
        FROM wanted ORDER BY account_id, target, actor_id
        ON CONFLICT DO NOTHING RETURNING account_id, actor_id, target, id
    ), grouped AS (
        INSERT INTO {shard}.notification_groups AS g (account_id, kind, target, last_id, events, actor_ids)
        SELECT account_id, %(kind)s, target, max(id), count(*), (array_agg(actor_id ORDER BY id DESC))[1:%(kept)s]
        FROM event GROUP BY account_id, target ORDER BY account_id, target
        ON CONFLICT (account_id, kind, target) DO UPDATE SET
            last_id = greatest(g.last_id, excluded.last_id),
            events = g.events + excluded.events,
            actor_ids = (excluded.actor_ids || g.actor_ids)[1:%(kept)s]
    )
    SELECT account_id, id FROM event
    """
# What `_delete` does, each around the condition that an event `n` fulfils.
_HOLD: LiteralString = """
    SELECT account_id, kind, target FROM {shard}.notification_groups g WHERE (account_id, kind, target) IN
        (SELECT account_id, kind, target FROM {shard}.notifications n WHERE """
_IN_ORDER: LiteralString = ") ORDER BY account_id, kind, target FOR UPDATE"
_GONE: LiteralString = """
    WITH gone AS (
        DELETE FROM {shard}.notifications n
        USING unnest(%(held_accounts)s::bigint[], %(held_kinds)s::smallint[], %(held_targets)s::bigint[])
            AS held (account_id, kind, target)
        WHERE n.account_id = held.account_id AND n.kind = held.kind AND n.target = held.target AND """
_UNCOUNT: LiteralString = """
        RETURNING n.account_id, n.kind, n.target, n.actor_id
    ), groups AS (
        SELECT account_id, kind, target, count(*) AS events, array_agg(actor_id) AS actor_ids
        FROM gone GROUP BY account_id, kind, target
    )
    UPDATE {shard}.notification_groups g SET events = g.events - gone.events, actor_ids = ARRAY(
        SELECT actor_id FROM unnest(g.actor_ids) WITH ORDINALITY AS kept (actor_id, place)
        WHERE actor_id <> ALL(gone.actor_ids) ORDER BY place
    )
    FROM groups gone
    WHERE g.account_id = gone.account_id AND g.kind = gone.kind AND g.target = gone.target
    RETURNING g.account_id, g.kind, g.target, g.events, cardinality(g.actor_ids)
    """


def insert(
    work: Work,
    *,
    account_ids: Sequence[int],
    kind: int,
    actor_id: int,
    target: int,
    thread_id: int = 0,
    message: str = "",
    only_followers: bool = False,
) -> list[tuple[int, int]]:
    """Tell those of the accounts that want to hear it of the actor; each one's id with that of its notification.

    The actor's own account, one that blocks or mutes the actor or mutes the thread, and one that the actor blocks are
    left out, of a silenced actor or with `only_followers` whoever does not follow them, and whoever was told before.
    """
    events = [(account_id, actor_id, target, thread_id) for account_id in account_ids]
    return insert_several(work, events, kind=kind, message=message, only_followers=only_followers)


def insert_several(
    work: Work,
    events: Sequence[tuple[int, int, int, int]],
    *,
    kind: int,
    message: str = "",
    only_followers: bool = False,
) -> list[tuple[int, int]]:
    """The same for deeds of several actors: (account, actor, target, thread or 0) each."""
    told: list[tuple[int, int]] = []
    for shard, ids in sorted(work.shards.by_schema({account_id for account_id, *_ in events}).items()):
        here = frozenset(ids)
        accounts, actors, targets, threads = map(list, zip(*(each for each in events if each[0] in here), strict=True))
        rows = work.all(
            _INSERT,
            {
                "ids": accounts,
                "buckets": [bucket_of(account_id) for account_id in accounts],
                "actors": actors,
                "targets": targets,
                "threads": threads,
                "kind": kind,
                "message": message,
                "only_followers": only_followers,
                "kept": ACTORS_KEPT,
            },
            shard=shard,
        )
        told += [(account_id, notification_id) for account_id, notification_id in rows]
    return told


def delete(work: Work, *, account_id: int, kind: int, actor_id: int, target: int | None = None) -> None:
    """Take back what that actor's deed told that account; without a target every deed of the kind."""
    _delete(
        work,
        "n.account_id = %(account_id)s AND n.kind = %(kind)s AND n.actor_id = %(actor_id)s"
        " AND (%(target)s::bigint IS NULL OR n.target = %(target)s)",
        {"account_id": account_id, "kind": kind, "actor_id": actor_id, "target": target},
        shard=work.shards.schema_of(account_id),
    )


def delete_by(work: Work, *, account_id: int, actor_id: int, kinds: Sequence[int]) -> None:
    """Take back everything of those kinds that the actor's deeds told the account."""
    _delete(
        work,
        "n.account_id = %(account_id)s AND n.kind = ANY(%(kinds)s) AND n.actor_id = %(actor_id)s",
        {"account_id": account_id, "actor_id": actor_id, "kinds": list(kinds)},
        shard=work.shards.schema_of(account_id),
    )


def delete_one(work: Work, *, account_id: int, notification_id: int) -> None:
    """Remove one notification of an account, if it has it."""
    _delete(
        work,
        "n.account_id = %(account_id)s AND n.id = %(notification_id)s",
        {"account_id": account_id, "notification_id": notification_id},
        shard=work.shards.schema_of(account_id),
    )


def delete_about(work: Work, *, target: int, kinds: Sequence[int]) -> None:
    """Remove what anyone was told about a target that is gone."""
    for shard in sorted(work.shards.schemas):
        _delete(
            work,
            "n.target = %(target)s AND n.kind = ANY(%(kinds)s)",
            {"target": target, "kinds": list(kinds)},
            shard=shard,
        )


def delete_group(work: Work, *, account_id: int, kind: int, target: int) -> None:
    """Remove one group of an account's notifications with its events."""
    _delete(
        work,
        "n.account_id = %(account_id)s AND n.kind = %(kind)s AND n.target = %(target)s",
        {"account_id": account_id, "kind": kind, "target": target},
        shard=work.shards.schema_of(account_id),
    )


def clear(work: Work, *, account_id: int) -> None:
    """Remove every notification of an account."""
    _delete(work, "n.account_id = %(account_id)s", {"account_id": account_id}, shard=work.shards.schema_of(account_id))


def forget_old(work: Work, *, before: int, most: int) -> int:
    """Remove at most so many groups in each shard, with their events, to which nothing came since the id; how many."""
    removed = 0
    for shard in work.shards.schemas:
        removed += work.count(
            """
            WITH old AS (
                SELECT account_id, kind, target FROM {shard}.notification_groups
                WHERE last_id < %(before)s LIMIT %(most)s FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM {shard}.notifications n USING old
                WHERE n.account_id = old.account_id AND n.kind = old.kind AND n.target = old.target
            )
            DELETE FROM {shard}.notification_groups g USING old
            WHERE g.account_id = old.account_id AND g.kind = old.kind AND g.target = old.target
            """,
            {"before": before, "most": most},
            shard=shard,
        )
    return removed


def _delete(work: Work, which: LiteralString, parameters: dict[str, object], *, shard: str) -> None:
    """Delete the events `n` that fulfil the condition, and keep their groups right.

    The groups are held first, in one order everywhere, so that two such deletions never wait for each other. An event
    that comes meanwhile into a group that is not held stays: it came afterwards.
    """
    held = work.all(_HOLD + which + _IN_ORDER, parameters, shard=shard)
    if not held:
        return
    accounts, kinds, targets = map(list, zip(*held, strict=True))
    keys = parameters | {"held_accounts": accounts, "held_kinds": kinds, "held_targets": targets}
    left = work.all(_GONE + which + _UNCOUNT, keys, shard=shard)
    _remove_empty(work, [key for *key, events, _ in left if events == 0], shard=shard)
    for account_id, kind, target, events, actors in left:
        if events and not actors:
            _find_actors(work, account_id, kind, target, shard=shard)


def _remove_empty(work: Work, keys: Sequence[Sequence[int]], *, shard: str) -> None:
    if keys:
        account_ids, kinds, targets = map(list, zip(*keys, strict=True))
        work.count(
            """
            DELETE FROM {shard}.notification_groups g
            USING unnest(%(account_ids)s::bigint[], %(kinds)s::smallint[], %(targets)s::bigint[])
                AS gone (account_id, kind, target)
            WHERE g.account_id = gone.account_id AND g.kind = gone.kind AND g.target = gone.target
            """,
            {"account_ids": account_ids, "kinds": kinds, "targets": targets},
            shard=shard,
        )


def _find_actors(work: Work, account_id: int, kind: int, target: int, *, shard: str) -> None:
    # All whom the row knew have taken their deeds back, but there were more than it keeps.
    work.count(
        """
        UPDATE {shard}.notification_groups SET actor_ids = ARRAY(
            SELECT actor_id FROM {shard}.notifications
            WHERE account_id = %(account_id)s AND kind = %(kind)s AND target = %(target)s
            ORDER BY id DESC LIMIT %(kept)s
        )
        WHERE account_id = %(account_id)s AND kind = %(kind)s AND target = %(target)s
        """,
        {"account_id": account_id, "kind": kind, "target": target, "kept": ACTORS_KEPT},
        shard=shard,
    )
