"""From what was seen of a server's settings to the ones to take. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, variance

from seatrial.advise.levers.changes import changes_of
from seatrial.advise.levers.findings import Change
from seatrial.advise.tuning.candidates import candidates
from seatrial.advise.tuning.judge import TuneJudge
from seatrial.measure.measurement import Caveat
from seatrial.measure.tune_record import Shape, TuneRecord
from seatrial.model.confidence import student_t_quantile
from seatrial.spec.reading import Declared

__all__ = ["SCHEMA", "ServerRow", "TuneFindings", "conclude_tuning"]

SCHEMA = "seatrial.tune/1"

AS_GOOD = 0.02
"""Of the capacity: less is no reason to take more workers or threads."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """Settings that were tried. pool: database connections of each worker; None where the app is told none.

    capacity_rps: within the objective, mean over the starts; low_rps, high_rps: 95 % interval, None where nothing tells
    how starts differ. response_time_ms, memory_mb, cpu_ms: means, at the fixed load. promised_rps: by the model, from
    the first start alone. names: who would choose them. failure: why it did not work.
    """

    server: str
    worker_class: str
    workers: int
    threads: int | None
    pool: int | None
    starts: int
    capacity_rps: float | None
    low_rps: float | None
    high_rps: float | None
    saturated_rps: float | None
    response_time_ms: float | None
    memory_mb: float | None
    cpu_ms: float | None
    promised_rps: float | None
    names: tuple[str, ...]
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TuneFindings:
    """rows: best first. best: the settings to take, None when nothing meets the objective. ratio: its capacity over the
    declared one's, with the 95 % interval. not_tried: what others would choose and the plan does not hold. changes: the
    lines that make it so, none when it is so already."""

    subject: str
    plan: str
    objective: str
    quantile: float
    created_at: str
    fixed_rate_rps: float | None
    best: ServerRow | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    rows: tuple[ServerRow, ...]
    changes: tuple[Change, ...]
    refused: Mapping[str, str]
    not_tried: Mapping[str, str]
    combinations: int
    starts: int
    budget_s: float
    spent_s: float
    complete: bool
    caveats: tuple[Caveat, ...] = ()
    schema: str = SCHEMA
    confidence: float = 0.95


def conclude_tuning(record: TuneRecord, declared: Declared, judge: TuneJudge) -> TuneFindings:
    """The whole answer. declared: the file, for the lines to change."""
    spec = declared.spec
    spread = _spread(record)
    rows = {shape: _row(record, judge, shape, spread) for shape in record.shapes}
    best = _best(record, rows, spread)
    ratio, low, high = _against(record, rows, best, spread)
    possible = candidates(spec, record)
    return TuneFindings(
        subject=spec.subject.name,
        plan=spec.plan.name,
        objective=spec.slo.words(),
        quantile=spec.slo.latency_quantile,
        created_at=record.created_at,
        fixed_rate_rps=None if record.scouted is None else record.scouted.fixed_rate_rps,
        best=None if best is None else rows[best],
        ratio=ratio,
        ratio_low=low,
        ratio_high=high,
        rows=tuple(sorted(rows.values(), key=lambda row: -(row.capacity_rps or 0.0))),
        changes=() if best is None or best == record.declared else changes_of([best.lever], declared),
        refused=record.refused,
        not_tried={
            f"{name} ({shape.words()})": "it does not fit into the plan's memory or the database's connections"
            for name, shape in record.references.items()
            if shape not in record.shapes and shape not in possible
        },
        combinations=len({*possible, *record.shapes}),
        starts=len(record.tried) + (record.scouted is not None),
        budget_s=record.budget_s,
        spent_s=record.spent_s,
        complete=record.complete,
        caveats=_caveats(record, spread),
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    """Variance of the logarithm of one start's capacity, pooled over all settings, and its degrees of freedom."""

    variance: float
    freedom: int

    def half(self, starts: float) -> float | None:
        """Half of the 95 % interval of the mean logarithm of so many starts."""
        if self.freedom < 1:
            return None
        return student_t_quantile(0.975, self.freedom) * math.sqrt(self.variance / starts)


def _spread(record: TuneRecord) -> _Spread:
    total, freedom = 0.0, 0
    for shape in record.shapes:
        logs = [math.log(seen.saturated_rps or 1.0) for seen in record.starts_of(shape)]
        if len(logs) > 1:
            total += variance(logs) * (len(logs) - 1)
            freedom += len(logs) - 1
    return _Spread(total / freedom if freedom else 0.0, freedom)


def _row(record: TuneRecord, judge: TuneJudge, shape: Shape, spread: _Spread) -> ServerRow:
    starts = record.starts_of(shape)
    worth = judge.worth_rps(record, shape) or None
    half = spread.half(len(starts)) if starts and worth else None
    promises = judge.promises(record)

    def mean(name: str, scale: float = 1.0) -> float | None:
        values = [float(value) for seen in starts if (value := getattr(seen, name)) is not None]
        return fmean(values) * scale if values else None

    names = [name for name, one in record.references.items() if one == shape]
    return ServerRow(
        server=shape.server,
        worker_class=shape.worker_class,
        workers=shape.workers,
        threads=shape.threads if shape.has_threads else None,
        pool=shape.pool,
        starts=len(starts),
        capacity_rps=worth,
        low_rps=None if half is None or worth is None else worth * math.exp(-half),
        high_rps=None if half is None or worth is None else worth * math.exp(half),
        saturated_rps=mean("saturated_rps"),
        response_time_ms=mean("response_time_s", 1000.0),
        memory_mb=mean("memory_bytes", 1.0 / (1024 * 1024)),
        cpu_ms=mean("cpu_s", 1000.0),
        promised_rps=promises.of(shape).capacity_rps if promises else None,
        names=(*(["as declared"] if shape == record.declared else []), *names),
        failure=record.failure_of(shape),
    )


def _best(record: TuneRecord, rows: Mapping[Shape, ServerRow], spread: _Spread) -> Shape | None:
    """The highest capacity; of those as good as it as far as starts tell, the declared one, else the least memory."""
    known = {shape: row.capacity_rps for shape, row in rows.items() if row.capacity_rps}
    if not known:
        return None
    most = max(known, key=lambda shape: known[shape] or 0.0)
    # Settings that were started once are not taken for worse than the best by luck alone, nor for as good.
    again = [shape for shape in known if rows[shape].starts >= rows[most].starts]

    def is_as_good(shape: Shape) -> bool:
        away = math.log((known[most] or 1.0) / (known[shape] or 1.0))
        half = spread.half(_harmonic(rows[most].starts, rows[shape].starts)) or 0.0
        return away <= max(AS_GOOD, min(half, 2.5 * AS_GOOD))

    good = [shape for shape in again if is_as_good(shape)]
    if record.declared in good:
        return record.declared
    return min(good, key=lambda shape: (rows[shape].memory_mb or 0.0, shape.workers, shape.threads, shape.pool or 0))


def _harmonic(first: int, second: int) -> float:
    """Starts that one mean would need to be as sure as the difference of two."""
    return 1.0 / (1.0 / first + 1.0 / second)


def _against(
    record: TuneRecord, rows: Mapping[Shape, ServerRow], best: Shape | None, spread: _Spread
) -> tuple[float | None, float | None, float | None]:
    now = rows.get(record.declared)
    if best is None or now is None or not now.capacity_rps:
        return None, None, None
    ratio = (rows[best].capacity_rps or 0.0) / now.capacity_rps
    half = spread.half(_harmonic(rows[best].starts, now.starts))
    if best == record.declared:
        return 1.0, None, None
    return ratio, *((None, None) if half is None else (ratio * math.exp(-half), ratio * math.exp(half)))


def _caveats(record: TuneRecord, spread: _Spread) -> tuple[Caveat, ...]:
    found = {caveat.code: caveat for caveat in record.caveats}
    if spread.freedom < 1:
        text = "Every setting was started once, so nothing tells how much starts differ by chance."
        found["one-start-each"] = Caveat("one-start-each", text, "Give more time (--budget-minutes).")
    seen: Sequence[Caveat] = [caveat for one in record.tried for caveat in one.seen.caveats]
    for caveat in seen:
        found.setdefault(caveat.code, caveat)
    return tuple(found.values())
