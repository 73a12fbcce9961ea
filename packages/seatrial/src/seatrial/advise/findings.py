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
    "DatabaseLoad",
    "DearStatement",
    "DemandChange",
    "DemandMs",
    "Fault",
    "Findings",
    "InsideFindings",
    "MemoryFindings",
    "MemoryGrowth",
    "PlanFindings",
    "RegressionCheck",
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
    """CPU milliseconds per request, of the mix under load.

    services: of app, what pooler, cache and balancer use; None without any.
    by_operation: name -> {"app", "database", "total"}: CPU under load; {"alone", "app_alone", "database_alone",
    "database_wait", "lock_wait", "external_wait", "unattributed"}: the time of one request alone, and its parts, which
    add up to it; {"wait"}: all of it that was no CPU; {"connection_hold"}; and counts: {"share", "queries",
    "round_trips", "rows", "answer_bytes"}. All times in milliseconds; None where nothing tells.
    """

    app: float | None
    database: float | None
    total: float | None
    low_total: float | None = None
    high_total: float | None = None
    wait: float | None = None
    alone_total: float | None = None
    by_operation: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    services: float | None = None


@dataclass(frozen=True, slots=True)
class MemoryFindings:
    """Bytes of proportional set size: what the database, the first worker and each further worker take.

    services: pooler, cache and balancer together.
    """

    database: int | None
    first_worker: int | None
    further_worker: int | None
    system: int
    plan: int
    workers_that_fit: int | None
    services: int = 0


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
class DemandChange:
    """CPU milliseconds per request at half load and saturated. share: how much more the latter is, with its 95 %
    interval over starts."""

    half_ms: float
    saturated_ms: float
    half_database_ms: float
    saturated_database_ms: float
    share: float
    low_share: float | None
    high_share: float | None


@dataclass(frozen=True, slots=True)
class DatabaseLoad:
    """Milliseconds per request that backends spent in each state, at one load (a share of saturation).

    held_ms: in a transaction or at a statement; of these running_ms at one and not waiting, lock_wait_ms waiting for
    another transaction, other_wait_ms for anything else. held_ms and running_ms are None where they could not be told.
    grain_ms: the least that such glances can tell.
    """

    load: float
    throughput_rps: float
    held_ms: float | None
    running_ms: float | None
    lock_wait_ms: float
    other_wait_ms: float
    grain_ms: float


@dataclass(frozen=True, slots=True)
class DearStatement:
    """One SQL statement: calls, and milliseconds of the server, per request of the whole mix."""

    statement: str
    calls: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Fault:
    """Something an app does that costs it on a server. code: which, such as `missing-index`.

    operation: where; "" where it is in every request, the mean one of the mix then. cost_ms: of each such request, None
    where it is not known. error_ms: half the 95 % interval of that, None where it has none.
    """

    code: str
    operation: str
    what: str
    cost_ms: float | None
    try_this: str
    error_ms: float | None = None


@dataclass(frozen=True, slots=True)
class RegressionCheck:
    """CPU by operation from windows of mixed load, against that of operations sent alone.

    identified, unidentified: operations of which the windows tell, and do not. apart: of the former, (operation, ms
    alone, ms by regression, half width of its 95 % interval) where the two differ by more than that.
    """

    identified: tuple[str, ...]
    unidentified: tuple[str, ...]
    apart: tuple[tuple[str, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class MemoryGrowth:
    """Bytes that each request adds to the app's memory, with the 95 % interval over starts; seen over `requests`."""

    bytes_per_request: float
    low: float | None
    high: float | None
    requests: int
    is_above_noise: bool


@dataclass(frozen=True, slots=True)
class InsideFindings:
    """Where the time of a request goes, beyond what demand_ms says of each operation.

    middleware_ms: CPU that the measuring middleware adds to a request, +- middleware_error_ms (95 %); in no other
    figure. busy_slots: requests inside the app at half load, seen and by Little's law. database: at each load.
    database_per_request: name -> what `pg_stat_database` counted per request.
    """

    change: DemandChange | None = None
    middleware_ms: float | None = None
    middleware_error_ms: float | None = None
    busy_slots: tuple[float, float] | None = None
    database: tuple[DatabaseLoad, ...] = ()
    statements: tuple[DearStatement, ...] = ()
    regression: RegressionCheck | None = None
    growth: MemoryGrowth | None = None
    database_per_request: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Findings:
    """All conclusions of one study.

    verdict: "sustained" (a rate that meets the objective was found, and meets the target if there is one),
        "violated", or
    "invalid" (the rig was the limit). bottleneck: {"station", "utilization", "sentence"}.
    points: every trial as plain rows for the picture: offered_rate_rps, slo_quantile_s, p50_s, p99_s, verdict, label,
        workers.
    curve: the model's response-time curve for one worker: (offered_rate_rps, slo_quantile_s).
    faults: what the app does that costs it on a server, dearest first.
    checks: what was predicted before it was measured, this study's last; earlier ones of the same app before it.
    crowded_cost: CPU of a request with the more workers that were tried over that with the fewer, where these share
        CPUs; None where one number was tried. fraction_cost: CPU of a request on half a CPU over that
        on a whole one, at most; None where it was not tried.
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
    inside: InsideFindings = field(default_factory=InsideFindings)
    faults: tuple[Fault, ...] = ()
    dearest_operation: str = ""
    dearest_queries: tuple[tuple[str, str, float], ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    measured_at: str = ""
    complete: bool = True
    address: str = ""
    checks: tuple[PredictionCheck, ...] = ()
    crowded_cost: float | None = None
    fraction_cost: float | None = None
    schema: str = field(default=SCHEMA)
