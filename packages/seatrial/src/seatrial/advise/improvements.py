"""What the model says helps most on a plan: one thing changed at a time, and the gain with its interval. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from seatrial.advise.advice import Change
from seatrial.advise.prediction import Prediction, Predictor
from seatrial.model.configuration import Configuration
from seatrial.model.work import OperationDemand

__all__ = ["improvements"]

CHANGES_TOLD = 3

WORTH_TELLING = 1.03
"""A gain below it is within what the model may be wrong by."""

RELATIVE_ERROR_95 = 0.06
"""Of the ratio of two rates of one box in such a model: two standard errors of 3 %, see `advise.carrier`."""

RELATIVE_95 = 1.96

HALF = 0.5
ROUND_TRIP_S = 0.001


def improvements(
    predictor: Predictor, configuration: Configuration, *, workers_max: int, has_database: bool
) -> tuple[Change, ...]:
    """The three changes that raise the capacity of this configuration most, largest gain first.

    workers_max: as many as fit into the memory.
    """
    now = predictor.predict(configuration)
    if not now.capacity_rps:
        return ()
    changes = [
        *_of_settings(predictor, configuration, now, workers_max=workers_max, has_database=has_database),
        *_of_demands(predictor, configuration, now.capacity_rps),
    ]
    worth = [change for change in changes if change.gain[1] >= WORTH_TELLING]
    return tuple(sorted(worth, key=lambda change: -change.gain[1])[:CHANGES_TOLD])


def _of_settings(
    predictor: Predictor, here: Configuration, now: Prediction, *, workers_max: int, has_database: bool
) -> Iterator[Change]:
    declared = predictor.predict(predictor.declared)
    twice = replace(here, cpus=2 * here.cpus, workers=max(here.workers, math.ceil(2 * here.cpus)))
    text = f"{twice.cpus:g} CPUs and {twice.words()}, instead of {here.cpus:g} and {here.words()}."
    tried: list[tuple[str, str, Configuration]] = [("twice the CPUs", text, twice)]
    if here.workers < workers_max:
        more = replace(here, workers=here.workers + 1)
        tried.append(("one more worker", f"{more.words()} instead of {here.words()}.", more))
    if here.worker_class == "gthread":
        more = replace(here, threads=2 * here.threads)
        tried.append(("more threads", f"{more.threads} threads in each worker instead of {here.threads}.", more))
    if here.worker_class == "sync":
        more = replace(here, worker_class="gthread", threads=4)
        tried.append(("threads", "Workers with 4 threads (gthread) instead of one request at a time (sync).", more))
    if here.pool is not None and here.pool < here.threads:
        more = replace(here, pool=2 * here.pool)
        tried.append(("a larger pool", f"{more.pool} connections in each worker instead of {here.pool}.", more))
    if has_database and here.database_cpus is None:
        more = replace(here, database_cpus=1.0, round_trip_s=ROUND_TRIP_S)
        text = "PostgreSQL on a machine of its own with 1 CPU, 1 ms away."
        tried.append(("the database apart", text, more))
    for name, sentence, there in tried:
        found = predictor.predict(there)
        if found.capacity_rps and now.capacity_rps:
            gain = found.capacity_rps / now.capacity_rps
            half = _half_width(predictor, found, now, declared)
            yield Change(name, sentence, found.capacity_rps, (gain * math.exp(-half), gain, gain * math.exp(half)))


def _of_demands(predictor: Predictor, here: Configuration, now_rps: float) -> Iterator[Change]:
    """What if the operation that is dearest to a station needed half of it there."""
    demands = predictor.demands_there(here)
    kinds = (
        ("app_cpu_s", "CPU of the app", "a cache, or less work for each request"),
        ("database_cpu_s", "CPU of PostgreSQL", "an index, or fewer queries"),
        ("lock_wait_s", "waiting for locks", "shorter transactions, or fewer on one row"),
        ("database_wait_s", "waiting inside PostgreSQL", "an index, or more of the data in memory"),
        ("wait_s", "waiting", "a shorter timeout, or the wait moved to a background worker"),
    )
    for attribute, words, way in kinds:
        dearest = max(demands, key=lambda demand: demand.share * getattr(demand, attribute))
        own_s = getattr(dearest, attribute)
        if own_s <= 0.0:
            continue
        halved = replace(dearest, **{attribute: own_s * HALF})
        rate = predictor.capacity_with(here, _with(demands, dearest, halved))
        sentence = f"If {dearest.operation} needed half of its {1000 * own_s:.2g} ms of {words}: {way}."
        yield from _supposed(f"half the {words} in {dearest.operation}", sentence, rate, now_rps)
    if blocking := [demand.operation for demand in demands if demand.blocks_loop]:
        rate = predictor.capacity_with(here, [replace(demand, blocks_loop=False) for demand in demands])
        sentence = f"If {' and '.join(blocking)} awaited in place of blocking: an async library, or a thread."
        yield from _supposed("nothing that blocks the event loop", sentence, rate, now_rps)


def _supposed(name: str, sentence: str, rate_rps: float | None, now_rps: float) -> Iterator[Change]:
    """A change of the app that is only supposed; nothing where no rate meets the objective then."""
    if rate_rps:
        gain = rate_rps / now_rps
        low, high = gain * (1 - RELATIVE_ERROR_95), gain * (1 + RELATIVE_ERROR_95)
        yield Change(name, sentence, rate_rps, (low, gain, high), is_supposed=True)


def _with(
    demands: Sequence[OperationDemand], old: OperationDemand, new: OperationDemand
) -> tuple[OperationDemand, ...]:
    return tuple(new if demand is old else demand for demand in demands)


def _half_width(predictor: Predictor, there: Prediction, here: Prediction, declared: Prediction) -> float:
    """Of the logarithm of the gain: what both intervals hold of their own, the measured capacity being common to them.

    The common part is the interval of the measured server, so of each square that much is left off. What is not known
    of what company costs is common too, but for what company there and here differ by.
    """
    intervals = [each.interval for each in (there, here) if each.interval is not None]
    measured = 0.0 if declared.interval is None else declared.interval.alone
    own = math.fsum(max(0.0, each.alone**2 - measured**2) for each in intervals)
    by_cpu = max((each.by_cpu for each in intervals), default=0.0)
    company = predictor.company_variance(here.configuration, there.configuration) * (RELATIVE_95 * by_cpu) ** 2
    return max(RELATIVE_ERROR_95, math.sqrt(own + company))
