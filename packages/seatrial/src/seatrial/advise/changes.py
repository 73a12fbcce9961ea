"""Which change helps most: the gradient of the capacity, by simulation. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from seatrial.advise.prediction import Predictor
from seatrial.model.configuration import Configuration
from seatrial.model.work import OperationDemand

__all__ = ["Change", "changes"]

MORE_CPU = 1.25

AWAY_ROUND_TRIP_S = 0.0005
"""To a database on a machine of its own in the same data centre; an assumption, told with the change."""

Demands = Sequence[OperationDemand]


@dataclass(frozen=True, slots=True)
class Change:
    """One change and what it is worth. what: a phrase such as "one more worker".

    configuration: with the change; the same as before where the app changes and not its server. gain: of the capacity,
    0.1 being a tenth more; None where there was none before or is none after it.
    """

    what: str
    configuration: Configuration
    capacity_rps: float | None
    gain: float | None


def changes(predictor: Predictor, configuration: Configuration | None = None) -> tuple[Change, ...]:
    """What each change alone would do to the capacity of that configuration (the declared one), best first.

    All are simulated with the same requests, so that small gains are still in the right order; below 2 % they are
    chance.
    """
    here = configuration or predictor.declared
    demands = predictor.demands_there(here)
    before = predictor.capacity_with(here, demands)
    found = []
    for what, there, needed in (*_of_the_server(here, demands), *_of_the_app(here, demands)):
        after = predictor.capacity_with(there, needed)
        gain = after / before - 1.0 if before and after else None
        found.append(Change(what, there, after, gain))
    return tuple(sorted(found, key=lambda change: -(change.capacity_rps or 0.0)))


def _of_the_server(here: Configuration, demands: Demands) -> Iterator[tuple[str, Configuration, Demands]]:
    yield "one more worker", replace(here, workers=here.workers + 1), demands
    if not here.is_event_loop and here.worker_class != "sync":
        yield "one more thread in each worker", replace(here, threads=here.threads + 1), demands
    if here.pool is not None:
        yield "one more database connection in each worker", replace(here, pool=here.pool + 1), demands
    yield "25 % more CPU", replace(here, cpus=MORE_CPU * here.cpus), demands
    if not any(demand.uses_database for demand in demands):
        return
    if here.database_cpus is None:
        apart = replace(here, database_cpus=1.0, round_trip_s=AWAY_ROUND_TRIP_S)
        yield "the database on one CPU of its own, half a millisecond away", apart, demands
    else:
        yield "25 % more CPU for the database", replace(here, database_cpus=MORE_CPU * here.database_cpus), demands


def _of_the_app(here: Configuration, demands: Demands) -> Iterator[tuple[str, Configuration, Demands]]:
    def changed(change: Callable[[OperationDemand], OperationDemand]) -> tuple[OperationDemand, ...]:
        return tuple(change(demand) for demand in demands)

    yield "half the app's own CPU", here, changed(lambda d: replace(d, app_cpu_s=d.app_cpu_s / 2.0))
    if any(d.uses_database for d in demands):
        half = changed(
            lambda d: replace(
                d,
                database_cpu_s=d.database_cpu_s / 2.0,
                database_wait_s=d.database_wait_s / 2.0,
                lock_wait_s=d.lock_wait_s / 2.0,
                round_trips=d.round_trips / 2.0,
            )
        )
        yield "half the work in the database", here, half
    if any(d.wait_s > 0.0 for d in demands):
        yield "half the waiting outside the database", here, changed(lambda d: replace(d, wait_s=d.wait_s / 2.0))
    if any(d.blocks_loop for d in demands):
        yield "nothing that blocks the event loop", here, changed(lambda d: replace(d, blocks_loop=False))
