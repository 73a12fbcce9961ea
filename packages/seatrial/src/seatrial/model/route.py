"""What a request goes through, stage by stage: seconds at a station, and what it takes and gives back on the way."""

from collections.abc import Sequence

from seatrial.model.system import System
from seatrial.model.work import Work

__all__ = ["APART", "APP", "BACKEND", "DELAY", "GIVE", "LEAVES", "POOL", "TAKE", "Route", "route"]

APP, BACKEND, DELAY, APART = range(4)
"""Kinds of stages with seconds: app CPU; database CPU on the box; nothing that others could use; database CPU apart."""

TAKE, GIVE, LEAVES = 4, 7, 10
"""Kinds without: take one of a process's tokens (TAKE + which), give it back (GIVE + which), leave."""

POOL, LOOP, THREADS = range(3)
"""Tokens of a process: a database connection, its event loop, a thread beside the loop."""

Route = tuple[tuple[int, ...], list[Sequence[float]]]
"""Kind of each stage, and for each stage what each request needs of it; a request skips a stage of which it needs 0."""


def route(work: Work, system: System) -> Route:
    """The stages of this work on this system, those left out that no request needs.

    In order: app CPU, then with a database connection in hand database CPU, app CPU and waits, then without it waits of
    other kinds and app CPU. On an event loop each stretch of app CPU takes the loop and gives it back.
    """
    held_s = work.held_wait_s
    if system.round_trip_s > 0.0:
        held_s = [a + b for a, b in zip(held_s, work.network_s(system.round_trip_s), strict=True)]
    inside: list[tuple[int, Sequence[float]]] = [
        (APP, work.app_before_s),
        (BACKEND if system.database_cpus is None else APART, work.database_s),
        (APP, work.app_held_s),
        (DELAY, held_s),
        (DELAY, work.wait_s),
        (APP, work.app_after_s),
    ]
    if system.has_binding_pool:
        connected = work.flags([demand.takes_from_pool for demand in work.demands])
        inside[4:4], inside[1:1] = [(GIVE + POOL, connected)], [(TAKE + POOL, connected)]
    stages = _on_a_loop(inside, work) if system.is_event_loop else inside
    stages = [(kind, needs) for kind, needs in stages if any(needs)]
    never = [1.0] * len(work.operations)
    return (*(kind for kind, _ in stages), LEAVES), [*(needs for _, needs in stages), never]


def _on_a_loop(inside: Sequence[tuple[int, Sequence[float]]], work: Work) -> list[tuple[int, Sequence[float]]]:
    """The stages with those of the loop and of its threads around them."""
    threaded = [demand.runs_in == "thread" for demand in work.demands]
    # Who never awaits keeps the loop from end to end, as who blocks it does.
    awaits = [demand.uses_database or demand.wait_s > 0.0 for demand in work.demands]
    keeps = [
        not thread and (demand.blocks_loop or not wait)
        for demand, thread, wait in zip(work.demands, threaded, awaits, strict=True)
    ]
    slices = work.flags([not thread and not keep for thread, keep in zip(threaded, keeps, strict=True)])
    kept, in_thread = work.flags(keeps), work.flags(threaded)
    stages: list[tuple[int, Sequence[float]]] = [(TAKE + THREADS, in_thread), (TAKE + LOOP, kept)]
    for kind, needs in inside:
        if kind == APP:
            turns = [bool(need_s) and turn for need_s, turn in zip(needs, slices, strict=True)]
            stages += [(TAKE + LOOP, turns), (APP, needs), (GIVE + LOOP, turns)]
        else:
            stages.append((kind, needs))
    return [*stages, (GIVE + LOOP, kept), (GIVE + THREADS, in_thread)]
