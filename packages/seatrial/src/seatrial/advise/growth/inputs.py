"""What growth is reckoned from in a study: demands by operation, which of them write, memory, a rate. Pure."""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from seatrial.advise.conclude import conclude
from seatrial.advise.estimate import demands_under_load, system_seen
from seatrial.advise.findings import Findings
from seatrial.errors import StudyError
from seatrial.measure.measurement import OperationProfile, QueryProfile, SizeDemands
from seatrial.measure.study import Study
from seatrial.model.work import OperationDemand
from seatrial.spec.trial_spec import TrialSpec
from seatrial.spec.workload import REDIRECTED

__all__ = [
    "GrowthInputs",
    "Mix",
    "Part",
    "growth_inputs",
    "mix_of",
    "seen_reads_per_write",
    "split_mix",
    "writing_operations",
]

_WRITING = re.compile(r"\b(insert\s+into|update|delete\s+from|merge\s+into)\b", re.IGNORECASE)
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WRITES_FROM = 0.5
"""Writing statements per arrival from which an operation is one that writes. Below it most arrivals write nothing."""

DEFAULT_HALF = 0.1
"""Relative 95 % half width of demands when too few starts tell it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the mix. kind: "read", "write" or "after a write": a read that must see what was just written."""

    demand: OperationDemand
    kind: str


@dataclass(frozen=True, slots=True)
class Mix:
    """Mean demands of one request, in CPU seconds. write_share: of requests. read_s, write_s: of the database.

    after_write_share: of requests, the reads that follow a write at once (a redirect), so must see it.
    """

    app_s: float
    read_s: float
    write_s: float
    write_share: float
    after_write_share: float

    @property
    def database_s(self) -> float:
        """Of the database, per request of the mix."""
        return self.write_share * self.write_s + (1.0 - self.write_share) * self.read_s


@dataclass(frozen=True, slots=True)
class GrowthInputs:
    """demands: under load. writes: the operations that write; empty: not known.

    writes_from: "statements", "methods" or "assumption". demand_half: relative 95 % half width over fresh starts.
    workers_per_cpu: of the best configuration measured. first_worker_bytes and the others: None when memory was
    not read. connections_per_worker: at most, by its pool. has_database: one whose CPU was read, so that it
    can be reckoned. operations: profiled one at a time; sizes: the same with several amounts of data.
    """

    spec: TrialSpec
    findings: Findings
    demands: tuple[OperationDemand, ...]
    writes: frozenset[str]
    writes_from: str
    demand_half: float
    workers_per_cpu: float
    threads: int
    connections_per_worker: int
    background_connections: int
    has_database: bool
    first_worker_bytes: int | None
    further_worker_bytes: int | None
    database_bytes: int | None
    operations: tuple[OperationProfile, ...] = ()
    sizes: tuple[SizeDemands, ...] = ()

    @property
    def request_s(self) -> float:
        """CPU seconds of one request of the measured mix, app and database."""
        total = math.fsum(each.share for each in self.demands)
        return math.fsum(each.share * (each.app_cpu_s + each.database_cpu_s) for each in self.demands) / total

    def workers_on(self, cpus: float) -> int:
        """App processes on a host of so many CPUs."""
        return max(1, math.ceil(round(self.workers_per_cpu * cpus, 6)))

    def host_bytes(self, workers: int, *, with_database: bool) -> int:
        """Memory of so many workers (and of the database beside them); 0 when memory was not read."""
        if self.first_worker_bytes is None or self.further_worker_bytes is None:
            return 0
        app = self.first_worker_bytes + (workers - 1) * self.further_worker_bytes
        return app + (self.database_bytes or 0 if with_database else 0)


def growth_inputs(study: Study) -> GrowthInputs:
    """What growth needs of a study.

    Raises:
        StudyError: it has no demands (nothing was measured, or CPU could not be read).
    """
    spec = study.spec
    system = system_seen(spec, study.measurements) if study.measurements else None
    demands = demands_under_load(study.operations, study.measurements, system) if system else ()
    if not sum(demand.share * (demand.app_cpu_s + demand.database_cpu_s) for demand in demands):
        raise StudyError(
            "this study does not say what a request costs in CPU, and growth is reckoned from that.",
            try_this="Measure the app with its own processes (subject.app, not subject.url) on Linux.",
        )
    findings = conclude(study)
    writes, writes_from = writing_operations(study.queries, spec)
    usable = findings.plan_capacity or findings.worker_capacity
    cpus = spec.plan.limits.usable_cpus
    memory = findings.memory_bytes
    threads = spec.subject.server.slots // spec.subject.server.workers
    return GrowthInputs(
        spec=spec,
        findings=findings,
        demands=demands,
        writes=writes,
        writes_from=writes_from,
        demand_half=_relative_half(findings),
        workers_per_cpu=(usable.workers or spec.subject.whole_server.workers) / cpus,
        threads=threads,
        connections_per_worker=spec.subject.database.connections_per_worker(threads),
        background_connections=spec.subject.database.background_connections,
        has_database=spec.subject.database.kind == "embedded",
        first_worker_bytes=memory.first_worker if memory else None,
        further_worker_bytes=memory.further_worker if memory else None,
        database_bytes=memory.database if memory else None,
        operations=study.operations,
        sizes=study.sizes,
    )


def writing_operations(queries: Sequence[QueryProfile], spec: TrialSpec) -> tuple[frozenset[str], str]:
    """The operations that write, and how that is known.

    By the statements that the database's log showed; without a log by the methods of plain requests; otherwise unknown.
    """
    if queries:
        found = [
            q.operation
            for q in queries
            if sum(count for text, count in q.often if _WRITING.search(text)) * q.requests_per_arrival >= WRITES_FROM
        ]
        return frozenset(found), "statements"
    operations = spec.workload.operations
    if operations and not spec.workload.mix:
        return frozenset(o.name for o in operations if o.method.upper() not in READING_METHODS), "methods"
    return frozenset(), "assumption"


def split_mix(demands: Sequence[OperationDemand], writes: Collection[str], reads_per_write: float) -> tuple[Part, ...]:
    """The mix as parts that only read and parts that write, with so many reads per write. Shares sum to 1.

    What follows the redirect of a write is a read after it. Where no operation is known to write, each has its share of
    writes, at the same cost.
    """
    write_share = 1.0 / (1.0 + reads_per_write)
    by_kind: dict[str, list[OperationDemand]] = {"read": [], "write": [], "after a write": []}
    for demand in demands:
        by_kind[_kind(demand.operation, writes)].append(demand)
    shares = {kind: math.fsum(demand.share for demand in own) for kind, own in by_kind.items()}
    if not shares["write"]:
        total = shares["read"]
        return tuple(
            Part(replace(demand, share=demand.share / total * share), kind)
            for demand in demands
            for kind, share in (("read", 1.0 - write_share), ("write", write_share))
        )
    after_share = min(1.0 - write_share, write_share * shares["after a write"] / shares["write"])
    wanted = {"write": write_share, "after a write": after_share, "read": 1.0 - write_share - after_share}
    known = math.fsum(share for kind, share in wanted.items() if shares[kind])
    return tuple(
        Part(replace(demand, share=demand.share / shares[kind] * wanted[kind] / known), kind)
        for kind, own in by_kind.items()
        for demand in own
    )


def _kind(operation: str, writes: Collection[str]) -> str:
    if operation in writes:
        return "write"
    return "after a write" if operation.removesuffix(REDIRECTED) in writes else "read"


def mix_of(parts: Sequence[Part]) -> Mix:
    """Mean demands of one request, of one read and of one write."""

    def mean_s(kinds: Collection[str]) -> float:
        own = [part.demand for part in parts if part.kind in kinds]
        share = math.fsum(demand.share for demand in own)
        return math.fsum(demand.share * demand.database_cpu_s for demand in own) / share if share else 0.0

    def share_of(kind: str) -> float:
        return math.fsum(part.demand.share for part in parts if part.kind == kind)

    return Mix(
        app_s=math.fsum(part.demand.share * part.demand.app_cpu_s for part in parts),
        read_s=mean_s({"read", "after a write"}),
        write_s=mean_s({"write"}),
        write_share=share_of("write"),
        after_write_share=share_of("after a write"),
    )


def seen_reads_per_write(demands: Sequence[OperationDemand], writes: Collection[str]) -> float | None:
    """Of the measured mix; None where nothing in it writes, or everything does."""
    total = math.fsum(demand.share for demand in demands)
    share = math.fsum(demand.share for demand in demands if demand.operation in writes) / total
    return (1.0 - share) / share if 0.0 < share < 1.0 else None


def _relative_half(findings: Findings) -> float:
    demand = findings.demand_ms
    if demand.low_total is None or demand.high_total is None or not demand.total:
        return DEFAULT_HALF
    return max(0.01, fmean((demand.high_total - demand.total, demand.total - demand.low_total)) / demand.total)
