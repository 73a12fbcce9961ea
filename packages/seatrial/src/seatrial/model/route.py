"""What a request goes through, stage by stage: seconds at a station, and what it takes and gives back on the way."""

from collections.abc import Sequence

from seatrial.model.system import System
from seatrial.model.work import OperationDemand, Work

__all__ = ["APART", "APP", "BACKEND", "DELAY", "GIVE", "LEAVES", "POOL", "TAKE", "Route", "route"]

APP, BACKEND, DELAY, APART = range(4)
"""Kinds of stages with seconds: app CPU; database CPU on the box; nothing that others could use; database CPU apart."""

TAKE, GIVE, LEAVES = 4, 7, 10
"""Kinds without: take one of a process's tokens (TAKE + which), give it back (GIVE + which), leave."""

POOL, LOOP, THREADS = range(3)
"""Tokens of a process: a database connection, its event loop, a thread beside the loop."""

TURNS_MAX = 8
"""Statements of a request that are simulated one by one; more are put together, since each costs time."""

Stage = tuple[int, Sequence[float]]

Route = tuple[tuple[int, ...], list[Sequence[float]]]
"""Kind of each stage, and for each stage what each request needs of it; a request skips a stage of which it needs 0."""


def route(work: Work, system: System) -> Route:
    """The stages of this work on this system, those left out that no request needs.

    In order: app CPU, then with a database connection in hand database CPU, app CPU and waits, then without it waits of
    other kinds and app CPU. On an event loop each stretch of app CPU takes the loop and gives it back, and there are as
    many with a connection in hand as there are answers to wait for: each time others may have the loop.
    """
    inside = _statements(work, system, [_turns(d) if system.is_event_loop else 1 for d in work.demands])
    if system.has_binding_pool:
        connected = work.flags([demand.takes_from_pool for demand in work.demands])
        inside = [(TAKE + POOL, connected), *inside, (GIVE + POOL, connected)]
    inside = [(APP, work.app_before_s), *inside, (DELAY, work.wait_s), (APP, work.app_after_s)]
    stages = _on_a_loop(inside, work) if system.is_event_loop else inside
    stages = [(kind, needs) for kind, needs in stages if any(needs)]
    never = [1.0] * len(work.operations)
    return (*(kind for kind, _ in stages), LEAVES), [*(needs for _, needs in stages), never]


def _turns(demand: OperationDemand) -> int:
    """How often a request waits for the database and then for its loop: for each statement, `TURNS_MAX` at most."""
    if demand.blocks_loop or demand.runs_in == "thread":
        return 1
    return max(1, min(round(demand.round_trips), TURNS_MAX))


def _statements(work: Work, system: System, turns: Sequence[int]) -> list[Stage]:
    """What is done with a connection in hand, of each operation in so many equal parts.

    Between two statements there is a part of the app CPU; after the only one, all of it.
    """
    held_s = work.held_wait_s
    if system.round_trip_s > 0.0:
        held_s = [a + b for a, b in zip(held_s, work.network_s(system.round_trip_s), strict=True)]
    kind = BACKEND if system.database_cpus is None else APART
    if max(turns) == 1:
        return [(kind, work.database_s), (APP, work.app_held_s), (DELAY, held_s)]
    stages: list[Stage] = []
    for turn in range(max(turns)):
        share = [1.0 / count if turn < count else 0.0 for count in turns]
        if turn:
            between = [1.0 / (count - 1) if turn < count else 0.0 for count in turns]
            stages.append((APP, work.parts(work.app_held_s, between)))
        stages += [(kind, work.parts(work.database_s, share)), (DELAY, work.parts(held_s, share))]
    return [*stages, (APP, work.parts(work.app_held_s, [1.0 if count == 1 else 0.0 for count in turns]))]


def _on_a_loop(inside: Sequence[Stage], work: Work) -> list[Stage]:
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
    stages: list[Stage] = [(TAKE + THREADS, in_thread), (TAKE + LOOP, kept)]
    for kind, needs in inside:
        if kind == APP:
            turns = [bool(need_s) and turn for need_s, turn in zip(needs, slices, strict=True)]
            stages += [(TAKE + LOOP, turns), (APP, needs), (GIVE + LOOP, turns)]
        else:
            stages.append((kind, needs))
    return [*stages, (GIVE + LOOP, kept), (GIVE + THREADS, in_thread)]
