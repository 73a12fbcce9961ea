"""From what one start showed to its capacity: measured saturation, carried to the objective by the model. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from seatrial.advise.blocking import as_the_loop_runs_them
from seatrial.measure.measurement import Measurement, OperationProfile, Verdict
from seatrial.model.capacity import capacity_rps, saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.system import System
from seatrial.model.work import OperationDemand
from seatrial.spec.trial_spec import TrialSpec

__all__ = [
    "Estimate",
    "configuration_of",
    "demands_under_load",
    "estimate",
    "estimates",
    "open_correction",
    "saturated_rps",
    "saturation_of",
    "slower",
    "system_of",
    "system_seen",
]

ESTIMATE_REQUESTS = 40_000
"""Simulated requests per rate tried: the estimate then varies by 1 % between seeds (by 3 % with 12,000)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """capacity_rps: None when even an idle subject misses the objective. ratio: capacity over saturation, in the model.

    saturated_rps: measured. model_saturation_rps: what the demands alone predict; far from the measured one means that
    something binds that the demands do not show. correction: of the closed loop by this start's own open load; None of
    a start that took the mean of the others'.
    """

    capacity_rps: float | None
    ratio: float | None
    saturated_rps: float
    model_saturation_rps: float
    correction: float | None = None


def estimate(profiles: Sequence[OperationProfile], seen: Sequence[Measurement], spec: TrialSpec) -> Estimate:
    """Capacity of one start from what it has shown; without a saturated interval, of its demands alone. Pure."""
    return estimates(profiles, [seen], spec)[0]


def estimates(
    profiles: Sequence[OperationProfile], starts: Sequence[Sequence[Measurement]], spec: TrialSpec
) -> tuple[Estimate, ...]:
    """Capacity of each of several starts of one server, from their measured saturation rates. Pure.

    capacity = measured saturation x (capacity / saturation in the model), both model rates from the same demands: an
    error of the demands' size cancels, only their shape matters. The ratio is one for all starts, so that the spread
    between them is theirs and not the simulation's.
    """
    system = system_seen(spec, [m for seen in starts for m in seen])
    demands = demands_under_load(profiles, [m for seen in starts for m in seen], system)
    # On an event loop nobody waits for a slot, so under an open overload those who come take the loop's time from those
    # who are inside: the simulation of an open load does the same, and to correct for it would count it twice.
    own = [None if system.is_event_loop else open_correction(seen) for seen in starts]
    correction = fmean(found) if (found := [each for each in own if each is not None]) else 1.0
    rates = [saturated_rps(seen, correction if each is None else each) for seen, each in zip(starts, own, strict=True)]
    known = [
        saturation_rps(demands, system, spec.measure.seed, ESTIMATE_REQUESTS) if rate is None else max(rate, 1e-6)
        for rate in rates
    ]
    mean = fmean(known)
    # Who blocks the loop makes all others wait, long before it is full.
    demands = as_the_loop_runs_them(demands, system, mean, spec.measure.seed)
    model_saturation = saturation_rps(demands, system, spec.measure.seed, ESTIMATE_REQUESTS)
    # The objective is an absolute time, so the model must run at the measured speed.
    scaled = tuple(slower(demand, model_saturation / mean) for demand in demands)
    # All times that much longer, the saturation is that much lower: the mean itself.
    capacity = capacity_rps(scaled, system, spec.slo, spec.measure.seed, ESTIMATE_REQUESTS, ceiling_rps=mean)
    if capacity is None:
        return tuple(Estimate(None, None, rate, model_saturation) for rate in known)
    ratio = min(1.0, capacity / mean)
    return tuple(
        Estimate(rate * ratio, ratio, rate, model_saturation, each) for rate, each in zip(known, own, strict=True)
    )


def configuration_of(spec: TrialSpec, workers: int, threads: int) -> Configuration:
    """The declared server with so many workers and threads."""
    database = spec.subject.database
    return Configuration(
        workers=workers,
        threads=threads,
        worker_class=spec.subject.server.worker_class,
        cpus=spec.plan.limits.usable_cpus,
        # A database that is apart gets one CPU in the test bed.
        database_cpus=1.0 if database.is_apart else None,
        round_trip_s=database.round_trip_s,
        pool=None if database.pool is None else database.pool + database.overflow,
    )


def system_of(spec: TrialSpec, workers: int, threads: int) -> System:
    """The plan's box with this server on it."""
    return configuration_of(spec, workers, threads).system(spec.workload.timeout_s)


def system_seen(spec: TrialSpec, seen: Sequence[Measurement]) -> System:
    """The system of these measurements: of an app that was running already, the slots it was seen to have."""
    last = seen[-1]
    if last.workers is not None and last.threads is not None:
        return system_of(spec, last.workers, last.threads)
    return system_of(spec, last.slots or 1, 1)


def saturation_of(seen: Sequence[Measurement]) -> Measurement | None:
    """The last saturated interval that the rig did not spoil."""
    fit = [m for m in seen if m.label == "saturation" and m.verdict != Verdict.INVALID]
    return fit[-1] if fit else None


def saturated_rps(seen: Sequence[Measurement], correction: float = 1.0) -> float | None:
    """Throughput of one start whenever something always waited; None before it was saturated.

    correction: of the closed loop by the start's own open load; a brief start, which had none, takes that of others.
    """
    saturated = saturation_of(seen)
    return None if saturated is None else saturated.throughput_rps * correction


def open_correction(seen: Sequence[Measurement]) -> float | None:
    """Pooled throughput of the saturated interval and of the overloaded open one, over the former's; None without both.

    Above capacity an open load finds the subject busy all the time, with more connections waiting than a closed loop
    holds: that is what visitors would do to it, and some servers answer slower then. A trial above saturation that
    passed counts as well: it answered more than was taken for saturation, and to pool the failed ones alone would make
    every capacity too low.
    """
    saturated = saturation_of(seen)
    if saturated is None or not saturated.throughput_rps:
        return None
    # An objective far below saturation is missed without overload: such a trial says nothing of saturation.
    overloaded = [
        m
        for m in seen
        if m.label == "confirm high"
        and m.verdict != Verdict.INVALID
        and not m.errors
        and m.offered_rate_rps > 1.02 * saturated.throughput_rps
    ]
    if not overloaded:
        return None
    both = [saturated, *overloaded]
    pooled = sum(m.throughput_rps * m.duration_s for m in both) / sum(m.duration_s for m in both)
    # Some servers answer less and less the more wait: but what was answered in time was no overload yet.
    below = [m for m in seen if m.label == "confirm low" and m.verdict == Verdict.SUSTAINED]
    return max(pooled, *(m.throughput_rps for m in below), 0.0) / saturated.throughput_rps


def demands_under_load(
    profiles: Sequence[OperationProfile], seen: Sequence[Measurement], system: System
) -> tuple[OperationDemand, ...]:
    """Demands per operation with the CPU they cost under load: measured one at a time, scaled to the mix's mean then.

    Without CPU readings the whole time in the subject is taken as waiting, of the length that explains the saturation.
    """
    saturated = [m for m in seen if m.label == "saturation" and m.verdict != Verdict.INVALID]
    alone_s = sum(p.share * p.cpu_s for p in profiles)
    loaded = [m.cpu_s for m in saturated if m.cpu_s]
    if alone_s > 0.0:
        scale = fmean(loaded) / alone_s if loaded else 1.0
        demands = tuple(_demand(p, scale, system.round_trip_s) for p in profiles if p.share > 0.0)
        return tuple(map(_between_statements, demands)) if system.is_event_loop else demands
    wall_s = sum(p.share * p.wall_s for p in profiles)
    rate_rps = fmean(m.throughput_rps for m in saturated) if saturated else 0.0
    stretch = system.slots / (rate_rps * wall_s) if rate_rps > 0.0 and wall_s > 0.0 else 1.0
    return tuple(
        OperationDemand(p.operation, p.share, app_cpu_s=0.0, wait_s=p.wall_s * stretch, wait_scv=p.wait_scv)
        for p in profiles
        if p.share > 0.0
    )


def _demand(profile: OperationProfile, scale: float, round_trip_s: float) -> OperationDemand:
    """CPU as under load: `scale` times that alone. round_trip_s: to the database then, taken out of the waits.

    What waits in no known place (all of it, in old studies) waits outside the database.
    """
    # The parts were seen in another pass than the whole; where they are more, the whole is believed.
    lock_wait_s = min(profile.lock_wait_s or 0.0, profile.wait_s)
    database_wait_s = min(profile.database_wait_s or 0.0, profile.wait_s - lock_wait_s)
    wait_s = profile.wait_s - database_wait_s - lock_wait_s
    network_s = (profile.round_trips or 0.0) * round_trip_s
    inside_s = min(database_wait_s, network_s)
    outside_s = network_s - inside_s
    held_app_s = 0.0
    if profile.connection_hold_s is not None:
        held_app_s = profile.connection_hold_s - profile.database_cpu_s - database_wait_s - lock_wait_s - outside_s
    return OperationDemand(
        operation=profile.operation,
        share=profile.share,
        app_cpu_s=profile.app_cpu_s * scale,
        database_cpu_s=profile.database_cpu_s * scale,
        wait_s=max(0.0, wait_s - outside_s),
        cpu_scv=profile.cpu_scv,
        wait_scv=profile.wait_scv,
        database_wait_s=database_wait_s - inside_s,
        lock_wait_s=lock_wait_s,
        round_trips=profile.round_trips or 0.0,
        held_app_share=min(1.0, max(0.0, held_app_s / profile.app_cpu_s)) if profile.app_cpu_s else 0.0,
    )


def _between_statements(demand: OperationDemand) -> OperationDemand:
    """On a loop it counts how long a connection is held, since each turn of it is waited for; where that was not seen,
    app CPU is taken to be spent evenly before, between and after the statements."""
    statements = round(demand.round_trips)
    if demand.held_app_share or statements < 2:
        return demand
    return replace(demand, held_app_share=(statements - 1) / (statements + 1))


def slower(demand: OperationDemand, factor: float) -> OperationDemand:
    """Every time that much longer."""
    return replace(
        demand,
        app_cpu_s=demand.app_cpu_s * factor,
        database_cpu_s=demand.database_cpu_s * factor,
        wait_s=demand.wait_s * factor,
        database_wait_s=demand.database_wait_s * factor,
        lock_wait_s=demand.lock_wait_s * factor,
    )
