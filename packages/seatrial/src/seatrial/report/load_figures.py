"""The figures of one load, under the names that `seatrial load --json` prints; text and JSON are made of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from seatrial.load.arrivals.day import Day
from seatrial.load.arrivals.profile import Profile
from seatrial.load.arrivals.shapes import Arrivals, Constant, Poisson
from seatrial.load.books.histogram import Histogram
from seatrial.load.books.observation import HeardCounts
from seatrial.load.books.series import SeriesRow
from seatrial.load.books.sessions import SessionCounts
from seatrial.load.books.tally import OperationTally
from seatrial.load.generator.result import LoadResult
from seatrial.load.generator.self_check import SelfCheck
from seatrial.measure.measurement import Caveat
from seatrial.report.load_caveats import load_caveats, subjects_fault

__all__ = ["SCHEMA", "Generator", "LoadFigures", "OperationFigures", "load_figures"]

SCHEMA = "seatrial.load/1"

Times = Mapping[str, float | None]
"""p50, p95, p99, p999 and max in seconds; null where nothing was seen."""

_QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True, slots=True)
class Generator:
    """How the generator itself did. busy: share of a CPU of its busiest process. waited: the largest share of the time
    in which one of them was ready to run and had no CPU. reasons: why it is not valid."""

    cpu_s: float
    requests_per_cpu_s: float | None
    busy: float
    waited: float
    valid: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperationFigures:
    """What was seen of one operation; see `LoadFigures`."""

    requests: int
    answered: int
    errors: Mapping[str, int]
    response_time_s: Times
    time_from_send_s: Times


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """One load. Each field is a name of the JSON, explained in docs/reference/load-json.md.

    mode: "open" or "closed". arrivals: "poisson", "constant", "profile", "day", "replay"; None of a closed loop.
    offered_rate_rps: requests due per second; None of a closed loop. arrival_rate_per_s: what began per second, which
    is less where one arrival is a journey of several requests. errors: requests by cause, only causes that occurred.
    """

    url: str
    mode: str
    arrivals: str | None
    duration_s: float
    offered_rate_rps: float | None
    throughput_rps: float
    requests: int
    answered: int
    errors: Mapping[str, int]
    error_ratio: float
    response_time_s: Times
    time_from_send_s: Times
    lateness_s: Mapping[str, float | None]
    generator: Generator
    operations: Mapping[str, OperationFigures]
    series: tuple[SeriesRow, ...]
    spacing: str | None = None
    arrival_rate_per_s: float | None = None
    concurrency: int | None = None
    warm_up_s: float = 0.0
    timeout_s: float = 10.0
    connections: int = 1000
    in_flight_max: int = 0
    listeners: int = 0
    processes: int = 1
    reused_retries: int = 0
    sessions: SessionCounts | None = None
    heard: HeardCounts = field(default=HeardCounts())
    self_check: SelfCheck | None = None
    failures: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    interrupted: bool = False
    seed: int = 1
    started_at: str = ""
    schema: str = field(default=SCHEMA)


def load_figures(result: LoadResult, url: str = "", started_at: datetime | None = None) -> LoadFigures:
    """What a load says. url: as it was given, with its path. Pure."""
    plan, total = result.plan, result.tally.total
    is_open = result.is_open
    faults = [fault for fault in result.faults if not subjects_fault(fault)]
    return LoadFigures(
        url=url or plan.base_url,
        mode="open" if is_open else "closed",
        arrivals=_kind(plan.arrivals),
        spacing=_spacing(plan.arrivals),
        duration_s=plan.duration_s,
        # What a journey asks for after its first request is offered too; of an interruption the last are not counted.
        offered_rate_rps=max(total.requests, result.arrivals) / plan.duration_s if is_open else None,
        arrival_rate_per_s=result.offered_rate_rps,
        throughput_rps=result.throughput_rps,
        requests=total.requests,
        answered=total.answered,
        errors=_errors(total),
        error_ratio=total.error_ratio,
        response_time_s=_times(total.from_due),
        time_from_send_s=_times(total.from_sent),
        lateness_s=_lateness(result.lateness),
        generator=Generator(
            cpu_s=result.cpu_s,
            requests_per_cpu_s=result.requests_per_cpu_s or None,
            busy=max((one.busy for one in result.processes), default=0.0),
            waited=max((one.waited for one in result.processes), default=0.0),
            valid=not faults,
            reasons=tuple(str(fault) for fault in faults),
        ),
        operations={name: _operation(one) for name, one in result.tally.operations.items()},
        series=result.tally.series(),
        concurrency=plan.concurrency,
        warm_up_s=plan.lead_in_s,
        timeout_s=plan.workload.timeout_s,
        connections=plan.in_flight_max if is_open else plan.concurrency or 0,
        in_flight_max=result.in_flight_max,
        listeners=plan.workload.listeners,
        processes=plan.processes,
        reused_retries=total.reused_retries,
        sessions=result.sessions,
        heard=result.heard,
        self_check=result.self_check,
        failures=result.failures,
        caveats=load_caveats(result),
        interrupted=result.is_interrupted,
        seed=plan.seed,
        started_at="" if started_at is None else started_at.astimezone(UTC).isoformat(timespec="seconds"),
    )


def _kind(arrivals: Arrivals | None) -> str | None:
    match arrivals:
        case None:
            return None
        case Constant():
            return "constant"
        case Poisson():
            return "poisson"
        case Profile():
            return "profile"
        case Day():
            return "day"
        case _:
            return "replay"


def _spacing(arrivals: Arrivals | None) -> str | None:
    match arrivals:
        case Constant():
            return "constant"
        case Poisson():
            return "poisson"
        case Profile() | Day():
            return arrivals.spacing
        case _:
            return None


def _errors(one: OperationTally) -> Mapping[str, int]:
    """By cause, the most frequent first."""
    return dict(one.errors.most_common())


def _operation(one: OperationTally) -> OperationFigures:
    return OperationFigures(
        requests=one.requests,
        answered=one.answered,
        errors=_errors(one),
        response_time_s=_times(one.from_due),
        time_from_send_s=_times(one.from_sent),
    )


def _times(histogram: Histogram) -> Times:
    values = histogram.quantiles_s(*_QUANTILES.values())
    return {**_known(_QUANTILES, values), "max": None if math.isnan(values[0]) else histogram.max_s}


def _lateness(histogram: Histogram) -> Mapping[str, float | None]:
    values = histogram.quantiles_s(0.5, 0.99)
    return {**_known(("p50", "p99"), values), "max": None if math.isnan(values[0]) else histogram.max_s}


def _known(names: Sequence[str] | Mapping[str, float], values: Sequence[float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in zip(names, values, strict=True)}
