"""One cell judged: what the base's study predicted for it beside what its own study saw. Pure, but for the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean

from books import Unit
from design import changed
from scoring import relative_error

from seatrial.advise.capacity import Start, capacity_of, grouped
from seatrial.advise.footprint import memory_seen
from seatrial.advise.prediction import Predictor
from seatrial.measure.measurement import Measurement, Verdict
from seatrial.measure.study import Study
from seatrial.model.configuration import Configuration

__all__ = ["Judged", "configuration_of_study", "judged", "starts_rps"]

FULL = 0.9
"""Busy share from which a station counts as the one that gave way."""

P95_RATE_MAX = 0.8
"""Of the measured capacity: above it the p95 is not asked for."""


P95_OTHERS_MAX = 0.05
"""Of the subject's CPUs, used by neither app nor database meanwhile: above it the p95 is not asked for either. Whoever
shares a CPU equally is there for S / (1 - busy) (Kleinrock 1967): at half load 5 % make that 1.11 times as long, and
the 15 % that a trial may have 1.43 times, which is nobody's prediction."""


@dataclass(frozen=True)
class Judged:
    """One cell. Rates in requests per second, times in seconds, memory in bytes; None where nothing can be compared.

    kind: the goal it counts for. p95: (rate, predicted, measured). memory: (predicted, measured). named, seen: the
    station predicted to give way first, and those that were full when the app was saturated (else the fullest).
    drift: the saturation of the base measured nearest in time over that of the first base: all CPU seconds are divided
    by it before anything is predicted; minutes: between that base and the cell.
    machine: how long a fixed walk through memory took in the cell's study, over the base's: above 1 the machine was
    slower, for no fault of the prediction.
    """

    unit: str
    app: str
    kind: str
    changes: Mapping[str, object]
    measured_rps: float | None
    predicted_rps: float | None
    low_rps: float | None
    high_rps: float | None
    named: str
    seen: tuple[str, ...]
    p95: tuple[float, float, float] | None
    memory: tuple[float, float] | None
    machine: float | None
    drift: float = 1.0
    minutes: float | None = None
    note: str = ""

    @property
    def error(self) -> float | None:
        """Of the capacity."""
        if not self.measured_rps or self.predicted_rps is None:
            return None
        return relative_error(self.predicted_rps, self.measured_rps)

    @property
    def is_covered(self) -> bool | None:
        """Whether the interval holds what was measured."""
        if not self.measured_rps or self.low_rps is None or self.high_rps is None:
            return None
        return self.low_rps <= self.measured_rps <= self.high_rps

    @property
    def is_named_rightly(self) -> bool | None:
        """Whether the station that gives way first was among those that did."""
        return self.named in self.seen if self.named and self.seen else None


def configuration_of_study(study: Study) -> Configuration:
    """What was really set up: the round trip as the relay was timed."""
    server, database = study.spec.subject.server, study.spec.subject.database
    round_trip_s = float(study.environment.get("database_round_trip_s") or database.round_trip_s)
    return Configuration(
        workers=server.workers,
        threads=server.threads,
        worker_class=server.worker_class,
        cpus=study.spec.plan.limits.usable_cpus,
        database_cpus=1.0 if database.is_apart else None,
        round_trip_s=round_trip_s,
        pool=None if database.kind == "none" else database.pool,
    )


def declared(study: Study) -> list[Start]:
    """The starts of the declared server, without those of what the model found worth trying."""
    return [start for start in grouped(study) if start.shape == study.spec.subject.shape]


def declared_measurements(study: Study) -> list[Measurement]:
    """What was seen of the declared server."""
    return [m for m in study.measurements if (m.workers, m.threads) == study.spec.subject.shape]


def starts_rps(study: Study) -> list[float]:
    """The capacity of each start of the declared server."""
    estimates = [start.estimate for start in declared(study)]
    return [e.capacity_rps for e in estimates if e is not None and e.capacity_rps]


def measured_rps(study: Study) -> float | None:
    """The capacity of the declared server, as the study concludes it."""
    return capacity_of(study, declared(study)).offered_rate_rps


def kind_of(unit: Unit, workers_max: int) -> str:
    """The goal that a cell counts for: the hardest of what it changes. workers_max: in the base's study."""
    changes = changed(unit.setting, unit.app.base)
    if "round_trip_ms" in changes:
        return "apart"
    return "beyond" if "cpus" in changes or unit.setting.workers > workers_max else "inside"


def is_saturated(seen: Measurement) -> bool:
    """Whether it is a closed loop that the rig did not spoil."""
    return seen.label == "saturation" and seen.verdict != Verdict.INVALID


def saturated_rps(study: Study) -> float | None:
    """Of the declared server, the mean over its closed loops: an open overload is another one in each start."""
    found = [m.throughput_rps for m in declared_measurements(study) if is_saturated(m)]
    return fmean(found) if found else None


def drift_of(unit: Unit, study: Study, base: Study, bases: Sequence[Study]) -> tuple[float, float | None]:
    """How much faster the machine had become, by the base nearest in time to the study, and the minutes between them.

    1 for the base once more: it tells what other hours do.
    """
    reference = saturated_rps(base)
    known = [(each, rate) for each in bases if (rate := saturated_rps(each)) is not None]
    if unit.is_base or not reference or not known:
        return 1.0, None
    at = datetime.fromisoformat(study.created_at)
    apart = [abs((datetime.fromisoformat(each.created_at) - at).total_seconds()) / 60.0 for each, _ in known]
    minutes, (_, rate) = min(zip(apart, known, strict=True), key=lambda each: each[0])
    return rate / reference, minutes


def judged(unit: Unit, study: Study, base: Study, predictor: Predictor, bases: Sequence[Study] = ()) -> Judged:
    """A cell, or the base once more, against the base's study. bases: the same app's base, measured at other times."""
    configuration = configuration_of_study(study)
    drift, minutes = drift_of(unit, study, base, [base, *bases])
    # On a slower machine CPU seconds are more; what is waited for comes when it comes.
    there = replace(configuration, cpu_factor=configuration.cpu_factor / drift)
    predicted = predictor.predict(there, starts=max(1, len(starts_rps(study))))
    measured = measured_rps(study)
    workers_max = max(m.workers or 1 for m in base.measurements)
    full = [
        m
        for m in declared_measurements(study)
        if is_saturated(m) or (m.mode == "open" and m.verdict == Verdict.VIOLATED)
    ]
    changes = {name: getattr(unit.setting, name) for name in changed(unit.setting, unit.app.base)}
    return Judged(
        unit=unit.name,
        app=unit.app.name,
        kind="again" if unit.is_base else kind_of(unit, workers_max),
        changes=changes,
        measured_rps=measured,
        predicted_rps=predicted.capacity_rps,
        low_rps=predicted.low_rps,
        high_rps=predicted.high_rps,
        named=predicted.gives_way[0] if predicted.gives_way else "",
        seen=stations_seen(full, configuration, unit.app.blocks_s(configuration.round_trip_s)),
        p95=_p95(study, measured, predictor, there),
        memory=None if unit.is_base else _memory(study, base),
        machine=_machine(study, base),
        drift=drift,
        minutes=minutes,
        note="extrapolated" if predicted.is_extrapolated else "",
    )


def stations_seen(full: Sequence[Measurement], configuration: Configuration, blocks_s: float) -> tuple[str, ...]:
    """The stations that were full when the app was; where no CPU or process was, what is held.

    That slots or connections are all taken then proves nothing, since they are held while others are waited for; they
    are named only when no CPU, process or event loop was full. blocks_s: as of `App`.
    """
    if not full:
        return ()
    busy: dict[str, float] = {}
    for seen in full:
        for name, share in _busy_shares(seen, configuration, blocks_s).items():
            busy[name] = max(share, busy.get(name, 0.0))
    if named := tuple(name for name, share in busy.items() if share >= FULL):
        return named
    pool = configuration.pool
    return ("pool",) if pool is not None and pool < configuration.threads else ("slots",)


def _busy_shares(seen: Measurement, configuration: Configuration, blocks_s: float) -> dict[str, float]:
    rate, app_s, database_s = seen.throughput_rps, seen.app_cpu_s or 0.0, seen.database_cpu_s or 0.0
    busy = (
        {"CPU": rate * (app_s + database_s) / configuration.cpus}
        if configuration.database_cpus is None
        else {"app CPU": rate * app_s / configuration.cpus, "database CPU": rate * database_s}
    )
    speed = min(1.0, configuration.cpus)
    if configuration.is_event_loop:
        # On a CPU that it shares with the backends, a loop that could go on waits for their turns, too: then it is as
        # little to be had as when it runs.
        turns_s = database_s if configuration.database_cpus is None and configuration.cpus <= 1.0 else 0.0
        busy["event loop"] = rate * ((app_s + turns_s) / speed + blocks_s) / configuration.workers
    elif configuration.worker_class == "gthread" and configuration.threads > 1:
        busy["GIL"] = rate * app_s / (configuration.workers * speed)
    return busy


def _p95(
    study: Study, capacity_rps: float | None, predictor: Predictor, configuration: Configuration
) -> tuple[float, float, float] | None:
    """At half load: its rate, and the 95th percentile predicted and measured."""
    half = [
        m
        for m in study.measurements
        if m.label == "half load" and m.verdict != Verdict.INVALID and m.others_share <= P95_OTHERS_MAX
    ]
    if not half or not capacity_rps or half[0].offered_rate_rps > P95_RATE_MAX * capacity_rps:
        return None
    rate = half[0].offered_rate_rps
    predicted, _, _ = predictor.response_time_quantile_s(configuration, rate, 0.95)
    return rate, predicted, half[0].response_time_s["p95"]


def _memory(study: Study, base: Study) -> tuple[float, float] | None:
    """App and database together: predicted from the base's readings, and the most that was read."""
    subject, server = study.spec.subject, study.spec.subject.server
    model = memory_seen(base.memory, base.spec.subject)
    read = [m.app_bytes + m.database_bytes for m in study.memory if m.workers == server.workers]
    if model is None or not read:
        return None
    connections = subject.connections(server.workers, server.threads)
    return model.memory_of(server.workers, connections, threads=server.threads)[1], float(max(read))


def _machine(study: Study, base: Study) -> float | None:
    times = [
        [m.memory_walk_s for m in declared_measurements(each) if m.label == "saturation" and m.memory_walk_s]
        for each in (study, base)
    ]
    return fmean(times[0]) / fmean(times[1]) if all(times) else None
