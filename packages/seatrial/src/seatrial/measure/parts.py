"""The parts of an operation's time alone, brought together from where each of them is seen. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from seatrial.measure.demands import InsideProfile
from seatrial.measure.measurement import OperationProfile, QueryProfile

__all__ = ["with_parts"]


def with_parts(
    profiles: Sequence[OperationProfile], queries: Sequence[QueryProfile], inside: Sequence[InsideProfile]
) -> tuple[OperationProfile, ...]:
    """The profiles with what database and middleware add; a part that nothing tells stays None.

    The redirects that an operation causes are in its queries, which are counted by operation sent; they are not taken
    for the parts of an operation that causes some.
    """
    by_query = {q.operation: q for q in queries if q.requests_per_arrival == 1.0}
    by_inside = {one.operation: one for one in inside}
    return tuple(_with_parts(p, by_query.get(p.operation), by_inside.get(p.operation)) for p in profiles)


def _with_parts(p: OperationProfile, query: QueryProfile | None, inside: InsideProfile | None) -> OperationProfile:
    lock_s = query.lock_wait_s if query else None
    database_s = _database_wait_s(p, query, inside)
    if database_s is not None and lock_s is not None:
        # Both see the wait for a lock; the one that only glances may see a little more of it than there is.
        lock_s = min(lock_s, database_s)
        database_s -= lock_s
    external_s = None
    if inside is not None:
        external_s = inside.elsewhere_s
        if inside.driver_wait_s is None:
            # A driver that cannot be timed waits where the app does: what is known of the database comes off.
            external_s -= p.database_cpu_s + (database_s or 0.0) + (lock_s or 0.0)
        external_s = max(0.0, external_s)
    parts = (p.app_cpu_s, p.database_cpu_s, database_s, lock_s, external_s)
    is_known = p.cpu_s > 0.0 and (inside is not None or query is not None)
    return replace(
        p,
        database_wait_s=database_s,
        lock_wait_s=lock_s,
        external_wait_s=external_s,
        connection_hold_s=_hold_s(query, inside),
        round_trips=query.statements_per_request + query.controls_per_request if query else None,
        rows=inside.rows if inside else None,
        answer_bytes=inside.answer_bytes if inside else None,
        unattributed_s=p.wall_s - sum(part or 0.0 for part in parts) if is_known else None,
    )


def _database_wait_s(p: OperationProfile, query: QueryProfile | None, inside: InsideProfile | None) -> float | None:
    """Waiting for the database, locks among it, that used none of its CPU: by the driver, else by the server's log."""
    if inside is not None and inside.driver_wait_s is not None:
        return max(0.0, inside.driver_wait_s - p.database_cpu_s)
    if query is not None and query.statements_s is not None:
        return max(0.0, query.statements_s - p.database_cpu_s)
    return None


def _hold_s(query: QueryProfile | None, inside: InsideProfile | None) -> float | None:
    if inside is not None and inside.hold_s is not None:
        return inside.hold_s
    return query.held_s if query else None
