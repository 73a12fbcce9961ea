"""What a study pins predictions to: demands at the measured speed, its capacity, and how sure both are. Pure."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, variance

from seatrial.advise.blocking import as_the_loop_runs_them
from seatrial.advise.capacity import Start, capacities_tried, capacity_of, grouped, is_brief
from seatrial.advise.demand import mean_cpu, queries_by_operation
from seatrial.advise.estimate import configuration_of, demands_under_load, slower
from seatrial.advise.findings import Capacity
from seatrial.advise.interval import relative_noise, relative_variance
from seatrial.advise.other_quota import OtherQuota, cpu_ratio, other_quota_of
from seatrial.errors import StudyError
from seatrial.measure.measurement import OperationProfile
from seatrial.measure.study import Study
from seatrial.model.capacity import saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.work import OperationDemand

__all__ = ["SURE", "Anchor", "Factors", "anchors_of", "crowds_of", "moderated"]

UNEXPLAINED_MAX = 1.5
"""Between the saturation that the demands predict and the measured one; beyond it they do not identify what binds."""

TRANSACTION_CONTROL = 2
"""Statements that begin and end a transaction, where only the others were counted."""

USUAL_SPREAD, USUAL_WEIGHT = 0.028, 2.0
"""Relative standard deviation between fresh starts of one server (2 to 4 % on fit machines), and how many degrees of
freedom that knowledge is worth. Two or three starts alone may agree by luck, or give an interval of factors."""

SURE = 1e6
"""Degrees of freedom of a variance that was not estimated from a few starts."""

Factors = tuple[float, float, float]
"""On app CPU, database CPU and waits."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """capacity_rps: measured; None when even an idle subject misses the objective. saturated_rps: measured, the mean.

    demands: of the simulation, all stretched by `unexplained` (the saturation that they predicted over the measured
    one), so that the simulation runs at the measured speed. deviations: of each start, the logarithm of its CPU seconds
    per request over the mean: (app, database). wait_error: relative standard error of the mean wait. variance_of_mean,
    variance_of_start: relative, of the capacity and of that of one start, with their degrees of freedom; the former is
    None where a single start has no spread. half_load_ratio: CPU seconds of a request at half load over those when
    saturated; None where one of them was not seen. other_quota: None where none was tried.
    """

    configuration: Configuration
    demands: tuple[OperationDemand, ...]
    unexplained: float
    capacity_rps: float | None
    saturated_rps: float
    wait_error: float
    starts: int
    deviations: tuple[tuple[float, float], ...] = ()
    variance_of_mean: float | None = None
    variance_of_start: float = 0.0
    freedom: float = SURE
    half_load_ratio: float | None = None
    other_quota: OtherQuota | None = None

    @property
    def cpu_s(self) -> float:
        """CPU seconds of a mean request when saturated, of app and database, as they were read."""
        cpu_s = math.fsum(demand.share * (demand.app_cpu_s + demand.database_cpu_s) for demand in self.demands)
        return cpu_s / math.fsum(demand.share for demand in self.demands) / self.unexplained

    @property
    def cpu_variance(self) -> tuple[float, float]:
        """Relative, of `cpu_s` of one start, drawn towards the usual one, and its degrees of freedom."""
        app_s = math.fsum(demand.share * demand.app_cpu_s for demand in self.demands)
        database_s = math.fsum(demand.share * demand.database_cpu_s for demand in self.demands)
        logs = [(app_s * app + database_s * database) / (app_s + database_s) for app, database in self.deviations]
        seen = (variance(logs), float(len(logs) - 1)) if len(logs) > 1 else (0.0, 0.0)
        return moderated(*seen), seen[1] + USUAL_WEIGHT

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


def anchors_of(study: Study, starts: Sequence[Start] | None = None) -> tuple[Anchor, ...]:
    """What the study pins down of each server that it measured, the declared one first.

    starts: of the study, where they were grouped already.

    Raises:
        StudyError: its demands do not identify what another configuration would do; it says which are missing.
    """
    _refuse_unread(study)
    shape = study.spec.subject.shape
    every = grouped(study) if starts is None else tuple(starts)
    base = [start for start in every if start.shape == shape]
    capacity = capacity_of(study, base)
    if capacity.method.startswith("no trial") or not any(start.estimate for start in base):
        raise StudyError(
            "nothing can be predicted from this study: no trial near the capacity was left unspoiled.",
            try_this="Measure again on a quieter machine.",
        )
    declared = _spread_over_starts(_anchor(study, base, capacity), capacity, base)
    if not 1.0 / UNEXPLAINED_MAX <= declared.unexplained <= UNEXPLAINED_MAX:
        raise StudyError(
            f"nothing can be predicted from this study: what its requests cost would allow "
            f"{declared.unexplained * declared.saturated_rps:.0f} requests/s, and {declared.saturated_rps:.0f} were "
            "seen, so something binds that was not measured.",
            try_this="Look for locks, a pool smaller than the threads, or a service that the app waits for.",
        )
    # Who blocks is a trait of the app: it is told where nothing else is between, by the server that was measured best.
    blocking = tuple(demand.operation for demand in declared.demands if demand.blocks_loop)
    others = []
    for tried in capacities_tried(study, every):
        seen = [start for start in every if start.shape == (tried.workers, tried.threads)]
        other = _anchor(study, seen, tried, blocking)
        if 1.0 / UNEXPLAINED_MAX <= other.unexplained <= UNEXPLAINED_MAX:
            # Too few starts to have a spread of their own: that of the declared server's, for one mean of so many.
            of_mean = None if declared.variance_of_mean is None else declared.variance_of_start / other.starts
            others.append(
                replace(
                    other,
                    deviations=declared.deviations,
                    variance_of_mean=of_mean,
                    variance_of_start=declared.variance_of_start,
                    freedom=declared.freedom,
                )
            )
    return (declared, *others)


def crowds_of(study: Study, declared: Anchor, starts: Sequence[Start] | None = None) -> tuple[Anchor, ...]:
    """Servers that were measured briefly: what a request costs there, and no capacity."""
    every = grouped(study) if starts is None else tuple(starts)
    blocking = tuple(demand.operation for demand in declared.demands if demand.blocks_loop)
    shapes = sorted({(s.workers, s.threads) for s in every if s.workers and s.threads and s.estimate is not None})
    found = []
    for shape in shapes:
        seen = [start for start in every if start.shape == shape]
        if shape != study.spec.subject.shape and is_brief(seen):
            found.append(_anchor(study, seen, Capacity(None, None, None, None, None, *shape), blocking))
    return tuple(anchor for anchor in found if 1.0 / UNEXPLAINED_MAX <= anchor.unexplained <= UNEXPLAINED_MAX)


def _anchor(study: Study, starts: Sequence[Start], capacity: Capacity, blocking: Sequence[str] | None = None) -> Anchor:
    """Of one server, without the spread between its starts. blocking: which operations block their event loop; None:
    told by this server."""
    spec, profiles = study.spec, _with_round_trips(study)
    configuration = configuration_of(spec, starts[0].workers or 1, starts[0].threads or 1)
    system = configuration.system(spec.workload.timeout_s)
    estimates = [start.estimate for start in starts if start.estimate is not None]
    saturated_rps = fmean(estimate.saturated_rps for estimate in estimates)
    demands = demands_under_load(profiles, [m for start in starts for m in start.seen], system)
    if blocking is None:
        demands = as_the_loop_runs_them(demands, system, saturated_rps, spec.measure.seed)
    else:
        demands = tuple(replace(demand, blocks_loop=demand.operation in blocking) for demand in demands)
    unexplained = saturation_rps(demands, system, spec.measure.seed) / saturated_rps
    cpus = [found for start in starts if (found := mean_cpu(start.seen)) is not None]
    return Anchor(
        configuration=configuration,
        demands=tuple(slower(demand, unexplained) for demand in demands),
        unexplained=unexplained,
        capacity_rps=capacity.offered_rate_rps,
        saturated_rps=saturated_rps,
        wait_error=_wait_error(profiles, [a + d for a, d in cpus]),
        starts=len(estimates),
        half_load_ratio=cpu_ratio("half load", "saturation", [m for start in starts for m in start.seen]),
        other_quota=other_quota_of(starts),
    )


def _spread_over_starts(anchor: Anchor, capacity: Capacity, starts: Sequence[Start]) -> Anchor:
    """The same with how sure its capacity is, from how its starts differ."""
    estimates = [start.estimate for start in starts if start.estimate is not None]
    rates = [each.saturated_rps for each in estimates]
    corrections = [each.correction for each in estimates]
    mean = relative_variance(rates, corrections, further=0.0)
    further = relative_variance(rates, corrections, further=1.0)
    of_start = 0.0
    cpus = [found for start in starts if (found := mean_cpu(start.seen)) is not None]
    of_mean: float | None = None
    freedom = SURE
    if capacity.is_bracket and capacity.low_rps and capacity.high_rps:
        # Not an interval over starts, but what is known: as if the ends were those of a 95 % interval.
        of_mean = (math.log(capacity.high_rps / capacity.low_rps) / 2.0 / 1.96) ** 2
    if mean is not None and further is not None:
        of_start = moderated(seen := further[0] - mean[0], mean[1])
        if of_mean is None:
            noise = (relative_noise([m for start in starts for m in start.seen]) / 1.96) ** 2
            of_mean = max(noise, of_start * (mean[0] / seen if seen > 0.0 else 1.0 / len(rates)))
            freedom = mean[1] + USUAL_WEIGHT
    apps, databases = _log_deviations([app for app, _ in cpus]), _log_deviations([database for _, database in cpus])
    return replace(
        anchor,
        deviations=tuple(zip(apps, databases, strict=True)),
        variance_of_mean=of_mean,
        variance_of_start=of_start,
        freedom=freedom,
    )


def moderated(variance_seen: float, freedom: float) -> float:
    """A relative variance between starts, drawn towards the usual one.

    (f s^2 + f0 s0^2) / (f + f0), with f + f0 degrees of freedom: the moderated t of Smyth (Statistical Applications in
    Genetics and Molecular Biology 3, 2004).
    """
    return (freedom * variance_seen + USUAL_WEIGHT * USUAL_SPREAD**2) / (freedom + USUAL_WEIGHT)


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


def _with_round_trips(study: Study) -> tuple[OperationProfile, ...]:
    """The profiles; where statements were counted in a pass of their own only, with their round trips."""
    counted = queries_by_operation(study.queries)
    return tuple(
        replace(p, round_trips=counted[p.operation] + TRANSACTION_CONTROL)
        if p.round_trips is None and counted.get(p.operation)
        else p
        for p in study.operations
    )


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
