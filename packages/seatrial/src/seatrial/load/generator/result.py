"""What a whole load gave: everything its processes saw, merged, and whether it says anything about the subject."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from seatrial.load.books.histogram import Histogram
from seatrial.load.books.interval import FAILURES_KEPT
from seatrial.load.books.observation import HeardCounts
from seatrial.load.books.sessions import SessionCounts
from seatrial.load.books.tally import Tally
from seatrial.load.generator.member import PartResult
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.generator.self_check import SelfCheck
from seatrial.load.generator.validity import Fault, generator_faults, journey_fault

__all__ = ["LoadResult", "ProcessShare", "load_result"]


@dataclass(frozen=True, slots=True)
class ProcessShare:
    """What one process of the generator did; see `PartResult` and `LoadResult.lateness`."""

    arrivals: int
    busy: float
    in_flight_max: int
    lateness_p99_s: float
    waited: float = 0.0


@dataclass(frozen=True, slots=True)
class LoadResult:
    """One load. is_open: it kept a schedule; else it was a closed loop, which has no offered rate.

    tally: of all processes. lateness: how late they took arrivals up; in a closed loop, an alarm of their own.
    arrivals: operations (or sessions) begun in the interval; in a closed loop, requests. cpu_s: CPU seconds of the
    generator in the interval. in_flight_max: the most requests on their way at once (of several processes, the sum of
    their own). failures: the first of each kind, in words. heard: what came over open sockets. faults: why the load
    says nothing about the subject. is_interrupted: it was broken off; plan.duration_s is then how long it lasted.
    abandoned: requests that were on their way when the interval was broken off, and are not counted; of what was broken
    off after the interval all is. curtailed: journeys ended before they had sent all, since they went on for too long
    after the interval.
    """

    plan: LoadPlan
    tally: Tally
    lateness: Histogram
    arrivals: int
    cpu_s: float
    processes: tuple[ProcessShare, ...]
    in_flight_max: int
    failures: tuple[str, ...] = ()
    sessions: SessionCounts | None = None
    heard: HeardCounts = field(default=HeardCounts())
    self_check: SelfCheck | None = None
    faults: tuple[Fault, ...] = ()
    is_interrupted: bool = False
    abandoned: int = 0
    curtailed: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it kept a schedule."""
        return self.plan.arrivals is not None

    @property
    def is_valid(self) -> bool:
        """Whether it says something about the subject."""
        return not self.faults

    @property
    def offered_rate_rps(self) -> float | None:
        """Operations (or sessions) begun per second; None for a closed loop, which holds no rate."""
        return self.arrivals / self.plan.duration_s if self.is_open else None

    @property
    def throughput_rps(self) -> float:
        """Right answers per second that became whole within the interval, also to what the lead-in had asked."""
        return self.tally.answered_inside / self.plan.duration_s

    @property
    def requests_per_cpu_s(self) -> float:
        """Requests per second of the generator's CPU time; what the cap refused was never sent, and costs nothing."""
        total = self.tally.total
        return (total.requests - total.errors["cap"]) / self.cpu_s if self.cpu_s > 0 else 0.0


def load_result(
    plan: LoadPlan, parts: Sequence[PartResult], *, self_check: SelfCheck | None = None, cpus: int = 1
) -> LoadResult:
    """Merge what the processes saw, at least one, and judge it. cpus: of this machine. Pure."""
    lasted_s = max(part.lasted_s for part in parts)
    is_interrupted = lasted_s < plan.duration_s or any(part.is_interrupted for part in parts)
    tally = Tally(started_s=parts[0].tally.started_s, duration_s=plan.duration_s, timeout_s=plan.workload.timeout_s)
    for part in parts:
        tally.merge(part.tally)
    plan = replace(plan, duration_s=lasted_s)
    lateness = Histogram()
    for part in parts:
        lateness.merge(_lateness(plan, part))
    arrivals = sum(part.arrivals for part in parts)
    failures = dict.fromkeys(words for part in parts for words in part.failures)
    return LoadResult(
        plan=plan,
        tally=tally,
        lateness=lateness,
        arrivals=arrivals,
        cpu_s=sum(part.busy for part in parts) * plan.duration_s,
        processes=tuple(
            ProcessShare(
                part.arrivals, part.busy, part.in_flight_max, _lateness(plan, part).quantile_s(0.99), waited=part.waited
            )
            for part in parts
        ),
        in_flight_max=sum(part.in_flight_max for part in parts),
        failures=tuple(failures)[:FAILURES_KEPT],
        heard=sum((part.heard for part in parts), HeardCounts()),
        sessions=_together([part.sessions for part in parts if part.sessions is not None]),
        self_check=self_check,
        faults=_faults(plan, tally, parts, self_check, cpus),
        is_interrupted=is_interrupted,
        abandoned=sum(part.abandoned for part in parts),
        curtailed=sum(part.curtailed for part in parts),
    )


def _lateness(plan: LoadPlan, part: PartResult) -> Histogram:
    if plan.arrivals is not None:
        return part.tally.lateness
    return part.pulse or Histogram()


def _latest_p99_s(plan: LoadPlan, parts: Sequence[PartResult]) -> float:
    """Of the process that was latest: an alarm tells of its own only."""
    return max(_lateness(plan, part).quantile_s(0.99) for part in parts)


def _faults(
    plan: LoadPlan, tally: Tally, parts: Sequence[PartResult], self_check: SelfCheck | None, cpus: int
) -> tuple[Fault, ...]:
    is_open = plan.arrivals is not None
    total = tally.total
    faults = generator_faults(
        lateness_p99_s=tally.lateness.quantile_s(0.99) if is_open else _latest_p99_s(plan, parts),
        busy=[part.busy for part in parts],
        waited=[part.waited for part in parts],
        offered_rate_rps=sum(part.arrivals for part in parts) / plan.duration_s if is_open else None,
        latency_max_s=plan.latency_max_s,
        refused_by_cap=total.errors["cap"],
        refused_before=sum(part.refused_before for part in parts),
        in_flight_max=plan.in_flight_max,
        timeout_s=plan.workload.timeout_s,
        cpus=cpus,
        self_check=self_check,
    )
    raised = journey_fault(tally.journey_errors, total.requests, [words for part in parts for words in part.failures])
    return (*faults, raised) if raised is not None else faults


def _together(counts: Sequence[SessionCounts]) -> SessionCounts | None:
    if not counts:
        return None
    return SessionCounts(
        begun=sum(one.begun for one in counts),
        ended=sum(one.ended for one in counts),
        failed=sum(one.failed for one in counts),
        under_way_at_start=sum(one.under_way_at_start for one in counts),
        under_way_max=sum(one.under_way_max for one in counts),
    )
