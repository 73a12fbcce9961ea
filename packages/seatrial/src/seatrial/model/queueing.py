"""A discrete-event simulation of one server: slots held for the whole request, CPUs shared by what can run.

Requests arrive by themselves (open) or as soon as one leaves (closed), wait first come first served for a free slot
(workers x threads) and hold it while they use app CPU, the database with a connection of their process's pool, wait,
and use app CPU again. What can run shares the CPUs equally, each on one core at most (processor sharing). In one
process only one thread's app CPU runs at a time (the GIL); on an event loop one request runs until it awaits. Database
backends are processes of their own. No closed formula has all of this at once: its tests hold it against those of
Erlang, Kleinrock, Pollaczek and Khinchine at the edges.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from seatrial.model.box import Box
from seatrial.model.stations import busy_shares
from seatrial.model.system import System
from seatrial.model.work import OperationDemand, Work, draw_work

__all__ = ["OperationDemand", "Outcome", "System", "run_open", "simulate_closed", "simulate_open"]

WARM_UP_SHARE = 0.1
"""Of a run, not counted: the first requests meet an empty server."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulated run showed after its warm-up.

    throughput_rps: right answers per second. response_times_s: of all requests, sorted; a failed one counts as the
    timeout. by_operation_s: the same of each operation. utilization: by station (`model.stations`), 0 to 1.
    """

    throughput_rps: float
    utilization: Mapping[str, float]
    response_times_s: tuple[float, ...]
    error_ratio: float
    by_operation_s: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def response_time_quantile_s(self, quantile: float, operation: str = "") -> float:
        """The response time that this share of all requests, or of an operation's, did not exceed."""
        times_s = self.by_operation_s[operation] if operation else self.response_times_s
        place = math.ceil(quantile * len(times_s)) - 1
        return times_s[min(len(times_s) - 1, max(0, place))]

    @property
    def response_time_mean_s(self) -> float:
        """Mean over all requests."""
        return math.fsum(self.response_times_s) / len(self.response_times_s)


def simulate_open(
    demands: Sequence[OperationDemand],
    system: System,
    offered_rate_rps: float,
    requests: int,
    seed: int,
    *,
    at_once: float = 1.0,
) -> Outcome:
    """Poisson arrivals at a rate that the server cannot slow down. at_once: of pages with so many requests each."""
    return run_open(draw_work(demands, requests, seed, at_once), system, offered_rate_rps)


def run_open(work: Work, system: System, offered_rate_rps: float, *, by_operation: bool = False) -> Outcome:
    """As `simulate_open`, for work already drawn; only with `by_operation` are operations told apart."""
    arrivals_s = list(accumulate(gap / offered_rate_rps for gap in work.gaps))
    box = Box(work, system)
    box.run_arrivals(arrivals_s)
    return _outcome(box, work, system, arrivals_s, by_operation=by_operation)


def simulate_closed(
    demands: Sequence[OperationDemand], system: System, concurrency: int, requests: int, seed: int
) -> float:
    """Throughput in requests per second with always `concurrency` requests inside or waiting.

    0 when nobody ever leaves: requests that hold their loop may wait for what only their loop could give back.
    """
    box = Box(draw_work(demands, requests, seed), system)
    done_s = box.run_population(min(concurrency, requests))
    if len(done_s) < min(requests, 2):
        return 0.0
    first = min(concurrency, len(done_s) // 4)  # the first find the server empty, the last leave it so
    last = len(done_s) - first
    first, last = max(first, 1), max(last, 2)
    return (last - first) / (done_s[last - 1] - done_s[first - 1])


def _outcome(box: Box, work: Work, system: System, arrivals_s: Sequence[float], *, by_operation: bool) -> Outcome:
    requests = len(arrivals_s)
    first = int(requests * WARM_UP_SHARE)
    counted, left_s = requests - first, box.left_s
    times_s = [left - arrived for left, arrived in zip(left_s[first:], arrivals_s[first:], strict=True)]
    errors = sum(time_s >= system.timeout_s for time_s in times_s)
    if errors:
        times_s = [min(time_s, system.timeout_s) for time_s in times_s]
    # All who arrived are served in the end, so an overloaded run lasts longer than its arrivals.
    ended_s = max(arrivals_s[-1], max((left for left in left_s if left < math.inf), default=0.0))
    duration_s = max(ended_s - arrivals_s[first], 1e-12)
    served = [request for request in range(first, requests) if left_s[request] < math.inf]
    return Outcome(
        throughput_rps=(counted - errors) / duration_s,
        utilization=busy_shares(box, work, served, duration_s, ended_s),
        response_times_s=tuple(sorted(times_s)),
        error_ratio=errors / counted,
        by_operation_s=_by_operation(work, first, times_s) if by_operation else {},
    )


def _by_operation(work: Work, first: int, times_s: Sequence[float]) -> Mapping[str, tuple[float, ...]]:
    found: list[list[float]] = [[] for _ in work.demands]
    for operation, time_s in zip(work.operations[first:], times_s, strict=True):
        found[operation].append(time_s)
    return {demand.operation: tuple(sorted(times)) for demand, times in zip(work.demands, found, strict=True) if times}
