"""From what was seen of levers to their answer. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from seatrial.advise.levers.changes import changes_of
from seatrial.advise.levers.effect import BETTER, CANNOT_TELL, Effect, Pair, effect, spread_of
from seatrial.advise.levers.findings import Combination, LeverFindings, LeverRow, Now
from seatrial.advise.levers.forecast import forecast
from seatrial.advise.levers.hosts import hosts_seen
from seatrial.measure.experiment import Scouted, Seen
from seatrial.measure.lever_record import Forecast, LeverRecord
from seatrial.measure.measurement import Caveat
from seatrial.model.configuration import Configuration
from seatrial.spec.lever import Lever
from seatrial.spec.reading import Declared
from seatrial.spec.subject import Subject
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["DOES_NOT_WORK", "MEASURES", "LeverJudge", "Measure", "conclude_levers"]

MEBIBYTE = 1024 * 1024
DOES_NOT_WORK = "does not work"


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity of a start. margin: how large a change of it is called none, as a share."""

    name: str
    margin: float
    more_is_better: bool


MEASURES = (
    Measure("saturated_rps", 0.05, more_is_better=True),
    Measure("cpu_s", 0.05, more_is_better=False),
    Measure("response_time_s", 0.20, more_is_better=False),
    Measure("memory_bytes", 0.05, more_is_better=False),
)
"""The first is what levers are ranked by."""


class LeverJudge:
    """What is asked while the levers are being tried."""

    def forecast(self, scouted: Scouted, now: TrialSpec, then: TrialSpec) -> Forecast | None:
        """What the model says before anything of it is measured; None where it cannot know."""
        return forecast(scouted.profiles, scouted.saturation, now, then)

    def gain(self, record: LeverRecord, base: Sequence[str], tried: Sequence[str]) -> float | None:
        """Highest throughput with over without, where it was surely raised; else None."""
        found = effects_of(record, tuple(base), tuple(tried))[MEASURES[0].name]
        return found.ratio if found is not None and found.outcome == BETTER else None


def effects_of(record: LeverRecord, base: tuple[str, ...], tried: tuple[str, ...]) -> dict[str, Effect | None]:
    """By measure, what pulling `tried` did against `base`."""
    starts = {seen.number: seen for seen in record.starts}
    numbers = [pair for each in record.comparisons if (each.base, each.tried) == (base, tried) for pair in each.pairs]
    found: dict[str, Effect | None] = {}
    for measure in MEASURES:
        pairs: list[Pair] = []
        for without, with_it in numbers:
            before, after = (getattr(starts[number], measure.name) for number in (without, with_it))
            if before and after:
                pairs.append((float(before), float(after)))
        spread = spread_of(*(_values(record.starts, names, measure) for names in (base, tried)))
        found[measure.name] = effect(pairs, spread, margin=measure.margin, more_is_better=measure.more_is_better)
    return found


def _values(starts: Sequence[Seen], names: tuple[str, ...], measure: Measure) -> list[float]:
    return [float(value) for seen in starts if seen.levers == names and (value := getattr(seen, measure.name))]


def conclude_levers(record: LeverRecord, declared: Declared) -> LeverFindings:
    """The whole answer. declared: the file, for the lines to change."""
    spec = declared.spec
    by_name = {lever.name: lever for lever in record.levers}
    tried = dict.fromkeys(each.tried[0] for each in record.comparisons if not each.base and len(each.tried) == 1)
    seen = {**tried, **dict.fromkeys(record.failures)}
    rows = [_row(record, declared, by_name[name]) for name in seen if name in by_name]
    server = spec.subject.server
    shape = Configuration(server.workers, server.threads, server.worker_class, spec.plan.limits.usable_cpus)
    return LeverFindings(
        subject=spec.subject.name,
        plan=spec.plan.name,
        server=_server_words(shape.words(), spec.subject),
        objective=spec.slo.words(),
        created_at=record.created_at,
        now=_now(record),
        fixed_rate_rps=record.fixed_rate_rps,
        quantile=spec.slo.latency_quantile,
        rows=tuple(sorted(rows, key=_rank, reverse=True)),
        combination=_combination(record, declared, by_name),
        refused={lever.name: lever.refusal for lever in record.levers if lever.refusal},
        left_out=record.left_out,
        budget_s=record.budget_s,
        spent_s=record.spent_s,
        starts=len(record.starts),
        margins={measure.name: measure.margin for measure in MEASURES},
        complete=record.complete,
        caveats=_caveats(record),
        seen=record.starts,
        comparisons=record.comparisons,
        hosts=hosts_seen(record.starts),
    )


def _server_words(shape: str, subject: Subject) -> str:
    own = "" if subject.server.kind == "gunicorn" else ", by a command line of its own"
    hosts = subject.services.hosts
    return f"{shape}{own}" + (f", on each of {hosts} hosts" if hosts > 1 else "")


def _row(record: LeverRecord, declared: Declared, lever: Lever) -> LeverRow:
    effects = effects_of(record, (), (lever.name,))
    first = effects[MEASURES[0].name]
    failure = record.failures.get(lever.name, "")
    outcome = DOES_NOT_WORK if failure else first.outcome if first else CANNOT_TELL
    details = next((seen.details for seen in record.starts if seen.failure and seen.levers == (lever.name,)), "")
    return LeverRow(
        name=lever.name,
        about=lever.about,
        costs=lever.costs,
        risk=lever.risk,
        is_own=lever.is_own,
        outcome=outcome,
        effects=effects,
        forecast=record.forecasts.get(lever.name),
        changes=changes_of([lever], declared),
        failure=failure,
        details=details,
    )


def _rank(row: LeverRow) -> tuple[int, float]:
    """What surely helps first, each group by the highest throughput; what does not work last."""
    first = row.effects[MEASURES[0].name]
    group = {BETTER: 2, DOES_NOT_WORK: 0}.get(row.outcome, 1)
    return group, first.ratio if first else 0.0


def _now(record: LeverRecord) -> Now:
    starts = [seen for seen in record.starts if not seen.levers]

    def mean(name: str) -> float | None:
        values = [float(value) for seen in starts if (value := getattr(seen, name))]
        return math.exp(fmean(map(math.log, values))) if values else None

    cpu_s, time_s, memory = (mean(name) for name in ("cpu_s", "response_time_s", "memory_bytes"))
    return Now(
        saturated_rps=mean("saturated_rps"),
        cpu_ms=None if cpu_s is None else cpu_s * 1000.0,
        response_time_ms=None if time_s is None else time_s * 1000.0,
        memory_mb=None if memory is None else memory / MEBIBYTE,
        starts=len(starts),
    )


def _combination(record: LeverRecord, declared: Declared, by_name: Mapping[str, Lever]) -> Combination | None:
    further = [each for each in record.comparisons if each.base]
    if not record.combined:
        return None
    tried = {each.tried[-1]: effects_of(record, each.base, each.tried)[MEASURES[0].name] for each in further}
    levers = [by_name[name] for name in record.combined]
    total = effects_of(record, (), record.combined)
    return Combination(record.combined, tried, total, changes_of(levers, declared))


def _caveats(record: LeverRecord) -> tuple[Caveat, ...]:
    """Each once, with how many starts it touched."""
    found: dict[str, Caveat] = {}
    counts: dict[str, int] = {}
    for seen in record.starts:
        for caveat in seen.caveats:
            found.setdefault(caveat.code, caveat)
            counts[caveat.code] = counts.get(caveat.code, 0) + 1
    of_starts = (
        Caveat(code, f"{caveat.text} (In {counts[code]} of {len(record.starts)} starts.)", caveat.next_step)
        for code, caveat in found.items()
    )
    # Of the test bed there are several, all of one code.
    return (*(caveat for caveat in record.caveats if caveat.code not in counts), *of_starts)
