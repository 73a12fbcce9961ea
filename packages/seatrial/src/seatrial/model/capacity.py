"""What the simulated server can carry: saturation, capacity under an objective, and response time against rate.

Answers are kept: a conclusion asks again and again of the same server, and a simulation takes the time of thousands of
look-ups.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from seatrial.model.highest_rate import Tried, highest_rate_rps
from seatrial.model.queueing import run_open, simulate_closed
from seatrial.model.quota import stretched_s
from seatrial.model.route import APART, DELAY, route
from seatrial.model.system import System
from seatrial.model.work import OperationDemand, Work, draw_work
from seatrial.spec.slo import SLO
from seatrial.spec.subject import SATURATING_MAX, saturating_requests

__all__ = ["capacity_rps", "response_curve", "saturation_rps"]

CAPACITY_REQUESTS = 40_000
SATURATION_REQUESTS = 20_000
CURVE_REQUESTS = 20_000

SPARE_MAX = 64
"""Connections beyond one for each request that the load keeps open while it saturates."""

ANSWERS_KEPT = 4096
"""Of each question; one takes some kilobytes at most, the demands of its operations being its key."""


def saturation_rps(
    demands: Sequence[OperationDemand], system: System, seed: int, requests: int = SATURATION_REQUESTS
) -> float:
    """The throughput with every slot always taken, or `SATURATING_MAX` of them: no offered rate above it can last.

    Where a request waits for its own process, as many are kept inside as when it is measured.
    """
    return _saturation_rps(tuple(demands), system, seed, requests)


@lru_cache(ANSWERS_KEPT)
def _saturation_rps(demands: tuple[OperationDemand, ...], system: System, seed: int, requests: int) -> float:
    inside = min(system.slots, SATURATING_MAX)
    if system.has_affinity:
        inside = saturating_requests(system.workers, system.threads)
        system = replace(system, connections_least=inside + min(inside, SPARE_MAX))
    return simulate_closed(demands, system, inside, requests, seed)


def capacity_rps(
    demands: Sequence[OperationDemand],
    system: System,
    slo: SLO,
    seed: int,
    requests: int = CAPACITY_REQUESTS,
    *,
    ceiling_rps: float | None = None,
    at_once: float = 1.0,
) -> float | None:
    """The highest offered rate that meets the objective for as long as it lasts; None when an idle server misses it.

    By bisection over runs of the same drawn requests. A run is long enough to hold about ten relaxation times of a
    queue at 97 % load, so a rate does not pass only because its queue had no time to grow; and saturation bounds it
    (ceiling_rps, where it is known already). Two seeds differ by about 1 %. at_once: as of `draw_work`.
    """
    return _capacity_rps(tuple(demands), system, slo, seed, requests, ceiling_rps=ceiling_rps, at_once=at_once)


@lru_cache(ANSWERS_KEPT)
def _capacity_rps(
    demands: tuple[OperationDemand, ...],
    system: System,
    slo: SLO,
    seed: int,
    requests: int,
    *,
    ceiling_rps: float | None,
    at_once: float,
) -> float | None:
    work = draw_work(demands, requests, seed, at_once)
    alone_s = _alone_s(work, system)
    idle_s = alone_s[max(0, math.ceil(slo.latency_quantile * len(alone_s)) - 1)]
    late = sum(time_s >= system.timeout_s for time_s in alone_s)
    if idle_s > slo.latency_max_s or late > slo.error_ratio_max * len(alone_s):
        return None

    def slack(time_s: float) -> float:
        return slo.latency_max_s / max(time_s, 1e-9)

    def run(rate_rps: float) -> Tried:
        outcome = run_open(work, system, rate_rps)
        time_s = outcome.response_time_quantile_s(slo.latency_quantile)
        meets = outcome.error_ratio <= slo.error_ratio_max and time_s <= slo.latency_max_s
        return Tried(rate_rps, slack(time_s), meets)

    if ceiling_rps is None:
        ceiling_rps = saturation_rps(demands, system, seed, requests)
    return highest_rate_rps(run, slack(idle_s), ceiling_rps)


def response_curve(
    demands: Sequence[OperationDemand],
    system: System,
    quantile: float,
    rates_rps: Sequence[float],
    seed: int,
    *,
    requests: int = CURVE_REQUESTS,
) -> tuple[tuple[float, float], ...]:
    """The quantile of the response time at each offered rate: pairs (offered_rate_rps, seconds)."""
    return _response_curve(tuple(demands), system, quantile, tuple(rates_rps), seed, requests=requests)


@lru_cache(ANSWERS_KEPT)
def _response_curve(
    demands: tuple[OperationDemand, ...],
    system: System,
    quantile: float,
    rates_rps: tuple[float, ...],
    seed: int,
    *,
    requests: int,
) -> tuple[tuple[float, float], ...]:
    work = draw_work(demands, requests, seed)
    return tuple((rate, run_open(work, system, rate).response_time_quantile_s(quantile)) for rate in rates_rps)


def _alone_s(work: Work, system: System) -> list[float]:
    """Response times of requests that never meet another one, in order."""
    kinds, needs = route(work, system)
    on_cpu_s, else_s = [0.0] * len(work.operations), [0.0] * len(work.operations)
    for kind, column in zip(kinds, needs, strict=True):
        if kind in {DELAY, APART}:
            speed = system.database_speed if kind == APART else 1.0
            else_s = [total + need_s / speed for total, need_s in zip(else_s, column, strict=True)]
        elif kind < DELAY:
            on_cpu_s = [total + need_s for total, need_s in zip(on_cpu_s, column, strict=True)]
    # Nobody else is there.
    alone = system.company_speeds[1]
    pairs = zip(on_cpu_s, else_s, strict=True)
    return sorted(stretched_s(cpu_s / alone, system.cpus) + other_s for cpu_s, other_s in pairs)
