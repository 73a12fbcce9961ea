"""What the model says a lever will do, before it is measured. Pure."""

import math
from collections.abc import Sequence
from dataclasses import replace

from seatrial.advise.carrier import KIND_ERROR, LEAST_RPS, PROCESSES_ERROR, SAME_BOX_ERROR
from seatrial.advise.dearness import Dearness
from seatrial.advise.estimate import configuration_of, demands_under_load, slower
from seatrial.measure.lever_record import Forecast
from seatrial.measure.measurement import Measurement, OperationProfile
from seatrial.model.capacity import saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.work import OperationDemand
from seatrial.spec.subject import Subject
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["forecast"]

UNEXPLAINED_MAX = 1.5
"""Between the throughput that the demands predict and the measured one; beyond it they do not tell what binds."""

REQUESTS = 6_000
STANDARD_ERRORS = 1.96


def forecast(
    profiles: Sequence[OperationProfile], saturation: Measurement, now: TrialSpec, then: TrialSpec
) -> Forecast | None:
    """Highest throughput then over now, with the interval of what such a model is wrong by.

    None where more changes than a server's workers, threads, kind and pool: what another variable or another service
    changes inside the app nobody can know beforehand; where the demands do not explain what was measured; and on
    several hosts, since the model's requests are all on one.
    """
    if now.subject.services.hosts > 1 or then.subject.services.hosts > 1:
        return None
    if _without_server(now.subject) != _without_server(then.subject) or not profiles:
        return None
    here, there = _configuration(now), _configuration(then)
    timeout_s, seed = now.workload.timeout_s, now.measure.seed
    demands = demands_under_load(profiles, [saturation], here.system(timeout_s))
    if not demands or not saturation.throughput_rps:
        return None
    unexplained = saturation_rps(demands, here.system(timeout_s), seed, REQUESTS) / saturation.throughput_rps
    if not 1.0 / UNEXPLAINED_MAX <= unexplained <= UNEXPLAINED_MAX:
        return None
    at_speed = [slower(demand, unexplained) for demand in demands]
    rates = [saturation_rps(at_speed, each.system(timeout_s), seed, REQUESTS) for each in (here, there)]
    if not min(rates):
        return None
    # What a request costs in company counts as far as CPU seconds decide: nothing where slots are what binds.
    ends = []
    for sign, side in zip((1.0, -1.0), Dearness().sides(here, there), strict=True):
        change = sign * math.sqrt(math.fsum(part for part, _ in side))
        changed = [_dearer(demand, math.exp(change)) for demand in at_speed]
        rate = saturation_rps(changed, there.system(timeout_s), seed, REQUESTS) if change else rates[1]
        lost = math.log(max(rate, LEAST_RPS) / rates[1])
        ends.append(STANDARD_ERRORS * math.hypot(math.sqrt(_variance(here, there)), lost))
    ratio = rates[1] / rates[0]
    return Forecast(ratio, ratio * math.exp(-ends[0]), ratio * math.exp(ends[1]))


def _configuration(spec: TrialSpec) -> Configuration:
    workers, threads = spec.subject.shape
    return configuration_of(spec, workers or 1, threads or 1)


def _without_server(subject: Subject) -> Subject:
    """The same with nothing in it that the model knows the effect of."""
    server = replace(subject.server, workers=1, threads=1, worker_class="gthread")
    return replace(subject, server=server, database=replace(subject.database, pool=None))


def _dearer(demand: OperationDemand, factor: float) -> OperationDemand:
    return replace(demand, app_cpu_s=demand.app_cpu_s * factor, database_cpu_s=demand.database_cpu_s * factor)


def _variance(here: Configuration, there: Configuration) -> float:
    errors = {
        PROCESSES_ERROR: here.workers != there.workers,
        SAME_BOX_ERROR: (here.threads, here.pool) != (there.threads, there.pool),
        KIND_ERROR: here.worker_class != there.worker_class,
    }
    return math.fsum(error**2 for error, differs in errors.items() if differs)
