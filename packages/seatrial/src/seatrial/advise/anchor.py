"""What a study pins predictions to: demands at the measured speed, its capacity, and how sure both are. Pure."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, variance

from seatrial.advise.capacity import Start, capacity_of, grouped
from seatrial.advise.demand import mean_cpu, queries_by_operation
from seatrial.advise.estimate import configuration_of, demands_under_load, slower, system_of
from seatrial.advise.interval import relative_noise, relative_variance
from seatrial.errors import StudyError
from seatrial.measure.measurement import OperationProfile
from seatrial.measure.study import Study
from seatrial.model.capacity import saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.system import System
from seatrial.model.work import OperationDemand

__all__ = ["Anchor", "Factors", "anchor_of"]

UNEXPLAINED_MAX = 1.5
"""Between the saturation that the demands predict and the measured one; beyond it they do not identify what binds."""

EXPLAINED = 1.1
"""Within it, nothing further is sought to explain the saturation."""

TRANSACTION_CONTROL = 2
"""Statements that begin and end a transaction, where only the others were counted."""

PROBE_REQUESTS = 4_000

SURE = 1e6
"""Degrees of freedom of a variance that was not estimated from a few starts."""

Factors = tuple[float, float, float]
"""On app CPU, database CPU and waits."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """capacity_rps: measured; None when even an idle subject misses the objective. saturated_rps: measured, the mean.

    demands: of the simulation, all stretched by `unexplained` (the saturation that they predicted over the measured
    one), so that the simulation runs at the measured speed. deviations: of each start, the logarithm of its CPU seconds
    per request over the mean: (app, database). wait_error: relative standard error of the mean wait.
    """

    declared: Configuration
    demands: tuple[OperationDemand, ...]
    unexplained: float
    capacity_rps: float | None
    saturated_rps: float
    deviations: tuple[tuple[float, float], ...]
    wait_error: float
    starts: int
    variance_of_mean: float | None
    variance_of_start: float
    freedom: float
    measured_workers_max: int
    measured_rps_max: float

    def draw(self, count: int, seed: int) -> tuple[Factors, ...]:
        """Means that other starts might have given, as factors on the demands.

        A draw weighs the starts' deviations with normal weights of variance 1 / (n (n - 1)), so that draws have the
        covariance of a mean over n starts: what moves app and database together does so here. Drawn in pairs of
        opposite sign, so that their mean is the nominal one.
        """
        chance, starts = random.Random(seed), len(self.deviations)
        scale = 1.0 / math.sqrt(starts * (starts - 1)) if starts > 1 else 0.0
        found: list[Factors] = []
        while len(found) < count:
            weights = [chance.gauss(0.0, scale) for _ in self.deviations]
            app = math.fsum(w * d for w, (d, _) in zip(weights, self.deviations, strict=True))
            database = math.fsum(w * d for w, (_, d) in zip(weights, self.deviations, strict=True))
            wait = chance.gauss(0.0, self.wait_error)
            found += [(math.exp(sign * app), math.exp(sign * database), math.exp(sign * wait)) for sign in (1.0, -1.0)]
        return tuple(found[:count])


def anchor_of(study: Study, starts: Sequence[Start] | None = None) -> Anchor:
    """What the study of one server pins down. starts: where they were grouped already.

    Raises:
        StudyError: its demands do not identify what another configuration would do; it says which are missing.
    """
    _refuse_unread(study)
    spec, server = study.spec, study.spec.subject.server
    every = grouped(study) if starts is None else tuple(starts)
    base = [start for start in every if start.shape == spec.subject.shape]
    estimates = [start.estimate for start in base if start.estimate is not None]
    capacity = capacity_of(study, base)
    if not estimates or capacity.method.startswith("no trial"):
        raise StudyError(
            "nothing can be predicted from this study: no trial near the capacity was left unspoiled.",
            try_this="Measure again on a quieter machine.",
        )
    declared = configuration_of(spec, server.workers, server.threads)
    system = system_of(spec, server.workers, server.threads)
    profiles = _with_round_trips(study)
    seen = [m for start in base for m in start.seen]
    saturated_rps = fmean(estimate.saturated_rps for estimate in estimates)
    demands = _as_the_loop_runs_them(
        demands_under_load(profiles, seen, system), system, saturated_rps, spec.measure.seed
    )
    unexplained = saturation_rps(demands, system, spec.measure.seed) / saturated_rps
    _refuse_unexplained(unexplained, saturated_rps)
    rates = [each.saturated_rps for each in estimates]
    corrections = [each.correction for each in estimates]
    mean = relative_variance(rates, corrections, further=0.0)
    further = relative_variance(rates, corrections, further=1.0)
    noise = (relative_noise(seen) / 1.96) ** 2
    cpus = [found for start in base if (found := mean_cpu(start.seen)) is not None]
    variance_of_mean: float | None = None
    freedom = SURE
    if capacity.is_bracket and capacity.low_rps and capacity.high_rps:
        # Not an interval over starts, but what is known: as if the ends were those of a 95 % interval.
        variance_of_mean = (math.log(capacity.high_rps / capacity.low_rps) / 2.0 / 1.96) ** 2
    elif mean is not None:
        variance_of_mean, freedom = max(mean[0], noise), mean[1]
    return Anchor(
        declared=declared,
        demands=tuple(slower(demand, unexplained) for demand in demands),
        unexplained=unexplained,
        capacity_rps=capacity.offered_rate_rps,
        saturated_rps=saturated_rps,
        deviations=tuple(
            zip(_log_deviations([a for a, _ in cpus]), _log_deviations([d for _, d in cpus]), strict=True)
        ),
        wait_error=_wait_error(profiles, [a + d for a, d in cpus]),
        starts=len(estimates),
        variance_of_mean=variance_of_mean,
        variance_of_start=max(0.0, further[0] - mean[0]) if mean and further else 0.0,
        freedom=freedom,
        measured_workers_max=max(start.workers or 1 for start in every),
        measured_rps_max=max(m.throughput_rps for m in study.measurements),
    )


def _refuse_unread(study: Study) -> None:
    if study.spec.subject.url:
        what = "an app that was running already shows neither its CPU seconds nor its workers"
        hint = "Give subject.app or server.command, so that Seatrial starts it and reads its meters."
    elif not study.operations:
        what = "it holds no operation that was measured alone"
        hint = "Measure again, and let the first start end."
    elif nothing := [p.operation for p in study.operations if p.requests < 1 or p.wall_s <= 0.0]:
        what = f"no answer of {', '.join(nothing)} was seen alone, so what it needs is not known"
        hint = "Measure again; look first whether these operations answer at all."
    elif not any(p.cpu_s for p in study.operations):
        what = "CPU seconds could not be read where it was measured, so what binds is not known"
        hint = "Measure on Linux with control groups."
    else:
        return
    raise StudyError(f"nothing can be predicted from this study: {what}.", try_this=hint)


def _refuse_unexplained(unexplained: float, saturated_rps: float) -> None:
    if 1.0 / UNEXPLAINED_MAX <= unexplained <= UNEXPLAINED_MAX:
        return
    raise StudyError(
        f"nothing can be predicted from this study: what its requests cost would allow "
        f"{unexplained * saturated_rps:.0f} requests/s, and {saturated_rps:.0f} were seen, so something binds that was "
        "not measured.",
        try_this="Look for locks, a pool smaller than the threads, or a service that the app waits for.",
    )


def _with_round_trips(study: Study) -> tuple[OperationProfile, ...]:
    """The profiles; where statements were counted in a pass of their own only, with their round trips."""
    counted = queries_by_operation(study.queries)
    return tuple(
        replace(p, round_trips=counted[p.operation] + TRANSACTION_CONTROL)
        if p.round_trips is None and counted.get(p.operation)
        else p
        for p in study.operations
    )


def _as_the_loop_runs_them(
    demands: tuple[OperationDemand, ...], system: System, saturated_rps: float, seed: int
) -> tuple[OperationDemand, ...]:
    """On an event loop, which operations block it is told by nothing but the saturation: whatever explains it best."""
    if not system.is_event_loop:
        return demands

    def missed(tried: Sequence[OperationDemand]) -> float:
        return abs(math.log(max(saturation_rps(tried, system, seed, PROBE_REQUESTS), 1e-6) / saturated_rps))

    if missed(demands) <= math.log(EXPLAINED):
        return demands
    waiting = [(d.operation,) for d in demands if d.wait_s + d.held_wait_s > 0.0]
    everybody = tuple(name for names in waiting for name in names)
    blocking = [tuple(replace(d, blocks_loop=d.operation in names) for d in demands) for names in (*waiting, everybody)]
    return min([demands, *blocking], key=missed)


def _log_deviations(values: Sequence[float]) -> list[float]:
    if not all(value > 0.0 for value in values):
        return [0.0] * len(values)
    logs = [math.log(value) for value in values]
    return [each - fmean(logs) for each in logs]


def _wait_error(profiles: Sequence[OperationProfile], cpu_s: Sequence[float]) -> float:
    """That of the requests seen alone; and no surer than the CPU seconds, which were seen in several starts."""
    waits = [p for p in profiles if p.share > 0.0 and p.wait_s > 0.0]
    total = math.fsum(p.share * p.wait_s for p in waits)
    own = math.fsum((p.share * p.wait_s) ** 2 * p.wait_scv / p.requests for p in waits) / total**2 if total else 0.0
    between = variance(cpu_s) / fmean(cpu_s) ** 2 / len(cpu_s) if len(cpu_s) > 1 and fmean(cpu_s) else 0.0
    return math.sqrt(max(own, between))
