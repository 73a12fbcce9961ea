"""Bars: how a whole divides into parts, as percentages of a bar's width. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.advise.findings import Findings, WorkerPrediction
from seatrial.report.inside_sentences import PARTS
from seatrial.report.numbers import megabytes

__all__ = [
    "OperationBar",
    "Part",
    "TimeBar",
    "WorkerBar",
    "memory_parts",
    "operation_bars",
    "time_bars",
    "worker_bars",
]


@dataclass(frozen=True, slots=True)
class OperationBar:
    """CPU of one operation: widths in % of the dearest one's bar; figures in ms, None when not read."""

    operation: str
    share: float | None
    app_ms: float
    database_ms: float
    total_ms: float
    wait_ms: float | None
    queries: float | None
    app_width: float
    database_width: float


@dataclass(frozen=True, slots=True)
class WorkerBar:
    """One worker count; widths in % of the largest rate's bar. measured_at: None where it was not tried."""

    prediction: WorkerPrediction
    width: float
    measured_at: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the plan's memory: start and width in % of the whole."""

    kind: str
    name: str
    amount: str
    start: float
    width: float


def operation_bars(findings: Findings) -> tuple[OperationBar, ...]:
    """Operations with a known cost, dearest first."""
    rows = []
    for operation, parts in findings.demand_ms.by_operation.items():
        app, database = parts.get("app"), parts.get("database")
        if app is not None or database is not None:
            rows.append((operation, parts, app or 0.0, database or 0.0))
    whole = max((app + database for _, _, app, database in rows), default=0.0) or 1.0
    bars = [
        OperationBar(
            operation=operation,
            share=parts.get("share"),
            app_ms=app,
            database_ms=database,
            total_ms=app + database,
            wait_ms=parts.get("wait"),
            queries=parts.get("queries"),
            app_width=_percent(app, whole),
            database_width=_percent(database, whole),
        )
        for operation, parts, app, database in rows
    ]
    return tuple(sorted(bars, key=lambda bar: -bar.total_ms))


@dataclass(frozen=True, slots=True)
class TimeBar:
    """The time of one operation alone: (part, start, width) in % of the slowest one's bar; figures as in the findings.

    A part below zero (the others then are more than the whole) has no width.
    """

    operation: str
    alone_ms: float
    pieces: tuple[tuple[str, float, float], ...]
    figures: Mapping[str, float | None]


def time_bars(findings: Findings) -> tuple[TimeBar, ...]:
    """Operations of which more than the CPU is known, slowest first."""
    rows = {
        name: parts
        for name, parts in findings.demand_ms.by_operation.items()
        if parts.get("alone") is not None and parts.get("unattributed") is not None
    }
    whole = max((sum(max(0.0, parts.get(part) or 0.0) for part in PARTS) for parts in rows.values()), default=0.0)
    bars = []
    for operation, parts in rows.items():
        pieces, start = [], 0.0
        for part in PARTS:
            width = _percent(max(0.0, parts.get(part) or 0.0), whole or 1.0)
            if width:
                pieces.append((part, round(start, 2), width))
                start += width
        bars.append(TimeBar(operation, parts.get("alone") or 0.0, tuple(pieces), parts))
    return tuple(sorted(bars, key=lambda bar: -bar.alone_ms))


def worker_bars(findings: Findings) -> tuple[WorkerBar, ...]:
    """Predicted rate by worker count, with the measured one where it was tried."""
    predictions = findings.worker_predictions
    whole = max((max(each.predicted_rps, each.measured_rps or 0.0) for each in predictions), default=0.0) or 1.0
    return tuple(
        WorkerBar(
            each,
            _percent(each.predicted_rps, whole),
            None if each.measured_rps is None else _percent(each.measured_rps, whole),
        )
        for each in predictions
    )


def memory_parts(findings: Findings) -> tuple[Part, ...]:
    """The plan's memory from left to right: system, database, as many workers as fit, the rest; () when not read."""
    memory = findings.memory_bytes
    if memory is None or memory.first_worker is None or memory.plan <= 0:
        return ()
    sizes = [("system", "operating system", memory.system)]
    if memory.database:
        sizes.append(("database", "PostgreSQL", memory.database))
    if memory.services:
        sizes.append(("services", "pooler, cache, balancer", memory.services))
    sizes.append(("first", "first worker", memory.first_worker))
    further = max(0, (findings.workers_that_fit or 0) - 1)
    if memory.further_worker is not None and further:
        name = "1 further worker" if further == 1 else f"{further} further workers"
        sizes.append(("further", name, memory.further_worker * further))
    left = memory.plan - sum(size for _, _, size in sizes)
    if left > 0:
        sizes.append(("free", "left over", left))
    whole = max(memory.plan, sum(size for _, _, size in sizes))
    parts, start = [], 0.0
    for kind, name, size in sizes:
        width = _percent(size, whole)
        parts.append(Part(kind, name, megabytes(size), round(start, 2), width))
        start += width
    return tuple(parts)


def _percent(part: float, whole: float) -> float:
    return round(part / whole * 100.0, 2)
