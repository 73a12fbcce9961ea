"""What is concluded: all that report and deploy read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seatrial.measure.measurement import Caveat
from seatrial.measure.prediction_check import PredictionCheck

__all__ = [
    "SCHEMA",
    "Capacity",
    "DailyUsers",
    "DemandMs",
    "Findings",
    "MemoryFindings",
    "PlanFindings",
    "WorkerPrediction",
]

SCHEMA = "seatrial.findings/1"


@dataclass(frozen=True, slots=True)
class Capacity:
    """The highest offered rate that meets the objective, in requests per second.

    low_rps, high_rps: 95 % interval over fresh starts; where is_bracket, no interval, but rates between which trials
    passed and failed. pass_rps, fail_rps: highest rate seen to pass, lowest seen to fail in real trials (None when none
    was seen). offered_rate_rps is None when no rate meets the objective. workers, threads: the server it holds for;
    None of an app that was running already. method: how it was found, in words.
    """

    offered_rate_rps: float | None
    low_rps: float | None
    high_rps: float | None
    pass_rps: float | None
    fail_rps: float | None
    workers: int | None
    threads: int | None
    method: str = ""
    is_bracket: bool = False


@dataclass(frozen=True, slots=True)
class DemandMs:
    """CPU milliseconds per request. by_operation: name -> {"app", "database", "total", "wait", "share", "queries"}."""

    app: float | None
    database: float | None
    total: float | None
    low_total: float | None = None
    high_total: float | None = None
    wait: float | None = None
    alone_total: float | None = None
    by_operation: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryFindings:
    """Bytes of proportional set size: what the database, the first worker and each further worker take."""

    database: int | None
    first_worker: int | None
    further_worker: int | None
    system: int
    plan: int
    workers_that_fit: int | None


@dataclass(frozen=True, slots=True)
class WorkerPrediction:
    """What the model says of a worker count on this plan; measured_rps where it was tried.

    low_rps, high_rps: 95 % interval for what one study of it would say; None after a single start.
    """

    workers: int
    threads: int
    predicted_rps: float
    measured_rps: float | None
    fits_memory: bool
    low_rps: float | None = None
    high_rps: float | None = None


@dataclass(frozen=True, slots=True)
class PlanFindings:
    """The plan, as it was limited to: price with its source and date."""

    id: str
    name: str
    provider: str
    product: str
    cpus: float
    cpu_kind: str
    memory_bytes: int
    usd_month: float | None
    price_source: str
    price_as_of: str


@dataclass(frozen=True, slots=True)
class DailyUsers:
    """People a day at the habits in `assumptions` (name -> (low, typical, high)): 5, 50 and 95 % of the draws."""

    low: float | None
    typical: float | None
    high: float | None
    headroom: float
    assumptions: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Findings:
    """All conclusions of one study.

    verdict: "sustained" (a rate that meets the objective was found, and meets the target if there is one),
        "violated", or
    "invalid" (the rig was the limit). bottleneck: {"station", "utilization", "sentence"}.
    points: every trial as plain rows for the picture: offered_rate_rps, slo_quantile_s, p50_s, p99_s, verdict, label,
        workers.
    curve: the model's response-time curve for one worker: (offered_rate_rps, slo_quantile_s).
    checks: what was predicted before it was measured, this study's last; earlier ones of the same app before it.
    address: of an app that was running already; "" when Seatrial started it. Of such an app plan_capacity,
        memory_bytes and plan are None: nothing held it to a plan, and nothing read its meters.
    """

    subject: str
    server: str
    objective: str
    latency_max_s: float
    latency_quantile: float
    verdict: str
    verdict_sentence: str
    worker_capacity: Capacity
    plan_capacity: Capacity | None
    demand_ms: DemandMs
    queries_per_request: float | None
    memory_bytes: MemoryFindings | None
    workers_that_fit: int | None
    worker_predictions: tuple[WorkerPrediction, ...]
    bottleneck: Mapping[str, Any]
    plan: PlanFindings | None
    daily_users: DailyUsers
    caveats: tuple[Caveat, ...]
    limits_of_this: tuple[str, ...]
    points: tuple[Mapping[str, Any], ...] = ()
    curve: tuple[tuple[float, float], ...] = ()
    dearest_operation: str = ""
    dearest_queries: tuple[tuple[str, str, float], ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    measured_at: str = ""
    complete: bool = True
    address: str = ""
    checks: tuple[PredictionCheck, ...] = ()
    schema: str = field(default=SCHEMA)
