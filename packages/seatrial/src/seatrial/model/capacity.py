"""What the simulated server can carry: saturation, capacity under an objective, and response time against rate."""

import math
from collections.abc import Sequence

from seatrial.model.box import System
from seatrial.model.queueing import Outcome, run_open, simulate_closed
from seatrial.model.work import OperationDemand, Work, draw_work
from seatrial.spec.slo import SLO

__all__ = ["capacity_ratio", "capacity_rps", "response_curve", "saturation_rps"]

CAPACITY_REQUESTS = 40_000
SATURATION_REQUESTS = 20_000
CURVE_REQUESTS = 20_000
PRECISION = 0.004
"""Relative width at which the bisection stops."""


def saturation_rps(
    demands: Sequence[OperationDemand], system: System, seed: int, requests: int = SATURATION_REQUESTS
) -> float:
    """The throughput with every slot always taken: no offered rate above it can last."""
    return simulate_closed(demands, system, system.slots, requests, seed)


def capacity_rps(
    demands: Sequence[OperationDemand], system: System, slo: SLO, seed: int, requests: int = CAPACITY_REQUESTS
) -> float | None:
    """The highest offered rate that meets the objective for as long as it lasts; None when an idle server misses it.

    By bisection over runs of the same drawn requests. A run is long enough to hold about ten relaxation times of a
    queue at 97 % load, so a rate does not pass only because its queue had no time to grow; and saturation bounds it.
    Two seeds differ by about 1 %.
    """
    work = draw_work(demands, requests, seed)
    if not _idle_meets(work, system, slo):
        return None
    low_rps, high_rps = 0.0, saturation_rps(demands, system, seed, requests)
    first_step = 0.9  # capacity is near saturation unless something waits
    while high_rps - low_rps > PRECISION * high_rps:
        middle_rps = low_rps + (high_rps - low_rps) * (first_step if low_rps == 0.0 else 0.5)
        first_step = 0.5
        if _meets(run_open(work, system, middle_rps), slo):
            low_rps = middle_rps
        else:
            high_rps = middle_rps
        if high_rps < 1e-6:
            return None
    return (low_rps + high_rps) / 2.0


def capacity_ratio(
    demands: Sequence[OperationDemand], system: System, slo: SLO, seed: int, requests: int = CAPACITY_REQUESTS
) -> float | None:
    """Capacity as a share of saturation, in (0, 1]: a measured saturation times this is the capacity to expect."""
    capacity = capacity_rps(demands, system, slo, seed, requests)
    return None if capacity is None else min(1.0, capacity / saturation_rps(demands, system, seed, requests))


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
    work = draw_work(demands, requests, seed)
    return tuple((rate, run_open(work, system, rate).response_time_quantile_s(quantile)) for rate in rates_rps)


def _meets(outcome: Outcome, slo: SLO) -> bool:
    return (
        outcome.error_ratio <= slo.error_ratio_max
        and outcome.response_time_quantile_s(slo.latency_quantile) <= slo.latency_max_s
    )


def _idle_meets(work: Work, system: System, slo: SLO) -> bool:
    """Whether requests that never meet another one meet the objective."""
    app_rate = min(1.0, system.cpus)
    database_rate = min(1.0, system.cpus if system.database_cpus is None else system.database_cpus)
    alone_s = sorted(
        (before + after) / app_rate + database / database_rate + wait
        for before, database, wait, after in zip(
            work.app_before_s, work.database_s, work.wait_s, work.app_after_s, strict=True
        )
    )
    place = max(0, math.ceil(slo.latency_quantile * len(alone_s)) - 1)
    late = sum(time_s >= system.timeout_s for time_s in alone_s)
    return alone_s[place] <= slo.latency_max_s and late <= slo.error_ratio_max * len(alone_s)
