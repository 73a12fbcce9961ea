"""Where the time of a request goes, what the load does to that, and what memory does over many requests. Pure."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from seatrial.advise.findings import (
    DatabaseLoad,
    DearStatement,
    DemandChange,
    InsideFindings,
    MemoryGrowth,
    RegressionCheck,
)
from seatrial.measure.demands import DatabaseActivity, Demands, MemoryPoint
from seatrial.measure.figures import rounded
from seatrial.measure.measurement import Caveat, Measurement, OperationProfile, QueryProfile, Verdict
from seatrial.measure.study import Study
from seatrial.model.confidence import interval_over_starts

__all__ = ["growth_of", "inside_caveats", "inside_of"]

STATEMENTS_TOLD = 5
UNATTRIBUTED_MAX = 0.10
SLOTS_APART_MAX = 0.10
OTHERS_MAX = 0.15
WARM = ("half load", "saturation", "confirm low")


def inside_of(study: Study, starts: Sequence[Sequence[Measurement]], weights: Mapping[str, float]) -> InsideFindings:
    """starts: the intervals of each start of the declared server. weights: operation -> its part of the arrivals."""
    demands = study.demands or Demands()
    cost = demands.middleware
    return InsideFindings(
        change=_change(starts),
        middleware_ms=1000.0 * cost.cost_s if cost else None,
        middleware_error_ms=2000.0 * cost.error_s if cost else None,
        database=tuple(
            _database_load(one.load, one.throughput_rps, one.database) for one in demands.loads if one.database
        ),
        busy_slots=next(((a, b) for a, b, _ in _slots(demands)), None),
        statements=_statements(study.queries, weights),
        regression=_regression(demands),
        growth=growth_of(study.memory_growth),
        database_per_request=demands.database_per_request,
    )


def inside_caveats(study: Study) -> tuple[Caveat, ...]:
    """What of the parts does not add up, or was disturbed."""
    found = []
    off = [p for p in study.operations if p.unattributed_s is not None and not _adds_up(p)]
    if off:
        told = ", ".join(f"{p.operation} {_signed_ms(p.unattributed_s or 0.0)} of {_ms(p.wall_s)}" for p in off)
        text = f"The parts of these operations' time do not add up to the whole within 10 %: {told}."
        found.append(Caveat("unattributed", text, "Trust the whole, and the CPU; take the other parts as hints."))
    demands = study.demands or Demands()
    for seen, expected, load in _slots(demands):
        if abs(seen - expected) > SLOTS_APART_MAX * max(seen, expected):
            text = (
                f"At {100 * load:.0f} % load {rounded(seen)} requests were seen inside the app on average, where rate "
                f"times time inside makes {rounded(expected)} (Little's law)."
            )
            found.append(Caveat("slots-apart", text, "Take the times inside the app as hints."))
    busy = max((one.others_share for one in demands.loads), default=0.0)
    if busy > OTHERS_MAX:
        text = f"While the app was watched from inside, others used {100 * busy:.0f} % of its CPUs: waits look longer."
        found.append(Caveat("noisy-inside", text, "Measure on a quieter machine for the parts of a request's time."))
    return tuple(found)


def growth_of(points: Sequence[MemoryPoint]) -> MemoryGrowth | None:
    """Bytes that each request adds: a line through the readings of each start, and its interval over the starts.

    From the end of the half load on, since before that threads and caches take what they need once, and not after the
    trial that must fail, in which some hundred connections take more than any other load.
    """
    slopes, served = [], []
    for run in sorted({point.run for point in points}):
        taken = [point for point in points if point.run == run and point.label in WARM]
        if len(taken) >= 2 and taken[-1].requests > taken[0].requests:
            slopes.append(_slope([p.requests for p in taken], [p.app_bytes for p in taken]))
            served.append(taken[-1].requests - taken[0].requests)
    if not slopes:
        return None
    mean, low, high = interval_over_starts(slopes)
    return MemoryGrowth(mean, low, high, int(fmean(served)), is_above_noise=low is not None and low > 0.0)


def _slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    x_mean, y_mean = fmean(xs), fmean(ys)
    spread = sum((x - x_mean) ** 2 for x in xs)
    return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread


def _change(starts: Sequence[Sequence[Measurement]]) -> DemandChange | None:
    """CPU per request at half load and saturated, from the starts that have both."""
    pairs = []
    for start in starts:
        fit = {m.label: m for m in start if m.verdict != Verdict.INVALID and m.cpu_s}
        half, full = fit.get("half load"), fit.get("saturation")
        if half is not None and full is not None:
            pairs.append((half, full))
    if not pairs:
        return None
    shares = [(full.cpu_s or 0.0) / (half.cpu_s or 1.0) - 1.0 for half, full in pairs]
    mean, low, high = interval_over_starts(shares)
    return DemandChange(
        half_ms=1000.0 * fmean([half.cpu_s or 0.0 for half, _ in pairs]),
        saturated_ms=1000.0 * fmean([full.cpu_s or 0.0 for _, full in pairs]),
        half_database_ms=1000.0 * fmean([half.database_cpu_s or 0.0 for half, _ in pairs]),
        saturated_database_ms=1000.0 * fmean([full.database_cpu_s or 0.0 for _, full in pairs]),
        share=mean,
        low_share=low,
        high_share=high,
    )


def _database_load(load: float, throughput_rps: float, seen: DatabaseActivity) -> DatabaseLoad:
    return DatabaseLoad(
        load=load,
        throughput_rps=throughput_rps,
        held_ms=None if seen.held_s is None else 1000.0 * seen.held_s,
        running_ms=None if seen.running_s is None else 1000.0 * seen.running_s,
        lock_wait_ms=1000.0 * seen.lock_wait_s,
        other_wait_ms=1000.0 * seen.other_wait_s,
        # One backend seen once more or less: what such glances cannot tell.
        grain_ms=1000.0 / max(1, seen.glances) / throughput_rps if throughput_rps else 0.0,
    )


def _slots(demands: Demands) -> list[tuple[float, float, float]]:
    """Requests seen inside, expected by Little's law, and the load, for each load that shows both."""
    return [
        (one.busy_slots, one.throughput_rps * one.inside_wall_s, one.load)
        for one in demands.loads
        if one.busy_slots is not None and one.inside_wall_s is not None
    ]


def _statements(queries: Sequence[QueryProfile], weights: Mapping[str, float]) -> tuple[DearStatement, ...]:
    """The statements that take the server the longest, per request of the whole mix."""
    requests = sum(weights.get(q.operation, 0.0) * q.requests_per_arrival for q in queries)
    calls: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for q in queries:
        part = weights.get(q.operation, 0.0) * q.requests_per_arrival / requests if requests else 0.0
        for text, count, taken_s in q.dear:
            calls[text] = calls.get(text, 0.0) + part * count
            seconds[text] = seconds.get(text, 0.0) + part * taken_s
    dearest = sorted(seconds, key=lambda text: -seconds[text])[:STATEMENTS_TOLD]
    return tuple(DearStatement(text, calls[text], 1000.0 * seconds[text]) for text in dearest)


def _regression(demands: Demands) -> RegressionCheck | None:
    rows = demands.regression
    if not rows:
        return None
    known = [row for row in rows if row.regressed_s is not None and row.error_s is not None]
    apart = tuple(
        (row.operation, 1000.0 * row.alone_s, 1000.0 * (row.regressed_s or 0.0), 2000.0 * (row.error_s or 0.0))
        for row in known
        if abs((row.regressed_s or 0.0) - row.alone_s) > 2.0 * (row.error_s or 0.0)
    )
    return RegressionCheck(tuple(r.operation for r in known), tuple(r.operation for r in rows if r not in known), apart)


def _adds_up(profile: OperationProfile) -> bool:
    # Half a millisecond is what a wake-up or two may take; it is no part of anything.
    return abs(profile.unattributed_s or 0.0) <= max(UNATTRIBUTED_MAX * profile.wall_s, 0.0005)


def _ms(seconds: float) -> str:
    return f"{rounded(1000.0 * seconds, 2)} ms"


def _signed_ms(seconds: float) -> str:
    return f"{'-' if seconds < 0 else '+'}{_ms(abs(seconds))}"
