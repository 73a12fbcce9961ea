"""What was seen: the values that a study keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.load.books.observation import HeardCounts

__all__ = [
    "Caveat",
    "FileCost",
    "HostUse",
    "Measurement",
    "MemoryReading",
    "OperationProfile",
    "QueryProfile",
    "SettingCost",
    "SizeDemands",
    "TableScan",
    "Verdict",
]


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something that limits what a number means. code: stable, for programs; text: a sentence; next_step: what to
    do."""

    code: str
    text: str
    next_step: str = ""


class Verdict:
    """Three outcomes of a trial; `INVALID` means the rig, not the subject, was the limit."""

    SUSTAINED = "sustained"
    VIOLATED = "violated"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class OperationProfile:
    """One operation, one request at a time: where its time goes when nobody else is there.

    share: of all requests in the mix, 0..1 (all profiles sum to 1). requests: how many were measured.
    app_cpu_s, database_cpu_s: mean CPU seconds per request; wait_s: mean wall time that was neither (disk, locks,
        network, sleep).
    wall_s: mean response time alone. *_scv: squared coefficient of variation of the CPU (app + database) and of the
        wait.
    p95_wall_s: of the response time alone.

    Means per request, alone; None where nothing tells. database_wait_s: waiting for the database when that used no CPU
    (disk, commit, a sleep, the way there and back); lock_wait_s: for a lock of another transaction. external_wait_s:
    waiting inside the app for anything else (another service, a sleep). unattributed_s: wall_s less all parts.
    connection_hold_s: a database connection was held. round_trips: messages to the database that were answered. rows:
    handed to the app, or changed. answer_bytes: of the answer's body as the app gave it.
    """

    operation: str
    share: float
    requests: int
    app_cpu_s: float
    database_cpu_s: float
    wait_s: float
    wall_s: float
    p95_wall_s: float
    cpu_scv: float
    wait_scv: float
    database_wait_s: float | None = None
    lock_wait_s: float | None = None
    external_wait_s: float | None = None
    connection_hold_s: float | None = None
    round_trips: float | None = None
    rows: float | None = None
    answer_bytes: float | None = None
    unattributed_s: float | None = None

    @property
    def cpu_s(self) -> float:
        """App and database CPU seconds per request."""
        return self.app_cpu_s + self.database_cpu_s


@dataclass(frozen=True, slots=True)
class SizeDemands:
    """Operations profiled one at a time with so much data: what `{size}` was in `subject.prepare`, such as people."""

    size: float
    operations: tuple[OperationProfile, ...]


@dataclass(frozen=True, slots=True)
class TableScan:
    """A statement whose plan reads a whole table and throws rows away. rows: of the table; seconds: per request."""

    statement: str
    table: str
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class QueryProfile:
    """SQL statements per request of one operation, its redirects among the requests; transaction control not counted.

    often: (statement, count per request), most often first. dear: (statement, count per request, seconds of the server
    per request), dearest first. controls_per_request: BEGIN, COMMIT and the like. Seconds per request: statements_s,
    that the server took for all of them, by its own clock, while it logged them; from glances at the backends
    lock_wait_s, that one waited for a lock, and held_s, that a connection was in a transaction or at a statement.
    scans: of the dearest statements. connections_per_request: different ones that were used, over the requests;
    connect_s: what opening one takes.
    """

    operation: str
    requests: int
    requests_per_arrival: float
    statements_per_request: float
    often: tuple[tuple[str, float], ...] = ()
    dear: tuple[tuple[str, float, float], ...] = ()
    controls_per_request: float = 0.0
    statements_s: float | None = None
    lock_wait_s: float | None = None
    held_s: float | None = None
    scans: tuple[TableScan, ...] = ()
    connections_per_request: float | None = None
    connect_s: float | None = None


@dataclass(frozen=True, slots=True)
class SettingCost:
    """What a setting for working on an app costs one operation, alone, with it on against off.

    setting: "debug", "templates" or "development-server"; where: how it stands there. requests: of both kinds together.
    cpu_s: of the app, more with it on, mean; error_s: half the 95 % interval of that. None of an operation
    that it could not be switched off for, since it then fails or was seen too seldom. operation: "" where nothing was
    compared.
    """

    setting: str
    where: str
    operation: str
    requests: int
    cpu_s: float | None = None
    error_s: float | None = None


@dataclass(frozen=True, slots=True)
class FileCost:
    """A file, such as a stylesheet, that the app itself handed out when it was asked for it alone.

    operations: whose pages ask for it. cpu_s: of the app for each request of it; None without readings. wall_s: how
    long it took.
    """

    path: str
    operations: tuple[str, ...]
    requests: int
    bytes: int
    cpu_s: float | None
    wall_s: float


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """Proportional set sizes (PSS) in bytes at one moment; processes: the app's, master first. services:
    pooler, cache and balancer."""

    run: int
    label: str
    workers: int
    threads: int
    app_bytes: int
    process_bytes: tuple[int, ...]
    database_bytes: int
    limit_bytes: int
    services_bytes: int = 0


@dataclass(frozen=True, slots=True)
class HostUse:
    """One of several hosts in an interval. name: "host 1" and so on; "database" for one that is apart.

    cpu_utilization: of the vCPUs it may use. memory_bytes: of all its processes, at the end; limit_bytes: None without
    one. throttled_s: held back by its quota. None where nothing was read.
    """

    name: str
    cpu_utilization: float | None
    memory_bytes: int | None
    limit_bytes: int | None
    throttled_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One interval of load. Every number travels with its conditions.

    label: "warm-up" | "concurrency" | "half load" | "saturation" | "confirm low" | "confirm high" | "search"; on `cpus`
        vCPUs in place of the plan's, "other quota", a saturation, and "other quota, half load".
    run: number of the start. workers, threads: None of an app that was running already; slots: how many requests such
        an app was seen to work on at once.
    mode: "open" (offered rate held) or "closed" (`concurrency` requests always inside).
    offered_rate_rps, throughput_rps: requests due, and good answers, per second of the interval.
    response_time_s: quantile name ("p50", "p90", "p95", "p99", "max") -> seconds from due; failures count as the
        timeout.
    slo_quantile_s: the objective's quantile, same clock. errors: cause -> count.
    app_cpu_s, database_cpu_s: CPU seconds per request completed in the interval; None without readings. services_cpu_s:
    of app_cpu_s, what pooler, cache and balancer used; None without any.
    cpu_utilization: CPU used by both (by the app alone, where the database is apart), as a share of the plan's vCPUs,
    or of `cpus`, where that is not None.
    lateness_p99_s, generator_busy: how well the generator did. spin_ratio: wall over CPU time of a spin just before.
    others_share: of the subject's CPUs, used by neither app nor database meanwhile. memory_walk_s: CPU seconds of a
    fixed walk through memory just before and after (mean): the machine's own speed.
    hosts: each of several, and a database that is apart; () for one host. heard: of held listeners; None without them.
    answered_by_second: good answers in each whole second of the interval; their spread is the noise inside one run.
    worker_shares: each worker's part of the workers' CPU, the largest first; () for one, and where they are not told.
    """

    run: int
    label: str
    mode: str
    workers: int | None
    threads: int | None
    started_at: str
    duration_s: float
    offered_rate_rps: float
    throughput_rps: float
    requests: int
    error_ratio: float
    response_time_s: Mapping[str, float]
    slo_quantile_s: float
    verdict: str
    concurrency: int | None = None
    errors: Mapping[str, int] = field(default_factory=dict)
    app_cpu_s: float | None = None
    database_cpu_s: float | None = None
    cpu_utilization: float | None = None
    throttled_s: float = 0.0
    lateness_p99_s: float = 0.0
    generator_busy: float = 0.0
    spin_ratio: float = 1.0
    others_share: float = 0.0
    memory_walk_s: float | None = None
    answered_by_second: tuple[int, ...] = ()
    failures: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    slots: int | None = None
    services_cpu_s: float | None = None
    hosts: tuple[HostUse, ...] = ()
    heard: HeardCounts | None = None
    worker_shares: tuple[float, ...] = ()
    cpus: float | None = None

    @property
    def cpu_s(self) -> float | None:
        """CPU seconds per request, app and database together."""
        if self.app_cpu_s is None:
            return None
        return self.app_cpu_s + (self.database_cpu_s or 0.0)
