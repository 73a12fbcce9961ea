"""One measured server carried to configurations that were not, by the ratio of two simulations. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatrial.advise.anchor import SURE, Anchor, Factors
from seatrial.advise.dearness import Dearness
from seatrial.advise.hours import Hours
from seatrial.advise.interval import summed_variance, t_half_width
from seatrial.model.capacity import capacity_rps, saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.queueing import Outcome, run_open
from seatrial.model.system import System
from seatrial.model.work import OperationDemand, draw_work
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["EXTRAPOLATED", "KIND_ERROR", "LEAST_RPS", "PROCESSES_ERROR", "SAME_BOX_ERROR", "Carrier", "Interval"]

DRAW_SHARE = 0.2
"""Of the requests, simulated for each draw: here and there meet the same ones, so little is lost."""

FAR_BELOW = 0.8
"""Of saturation: below it the objective, not the saturation, is what demands act on."""

LEAST_RPS = 1e-3
"""In place of the rate where none meets the objective, so that it has a logarithm."""

AS_MEASURED: Factors = (1.0, 1.0, 1.0)

EXTRAPOLATED = 4.0
"""Times what was measured; beyond it a model is taken to be wrong by twice as much."""

PROCESSES_ERROR, SAME_BOX_ERROR, CPUS_ERROR, PLACEMENT_ERROR, KIND_ERROR = 0.06, 0.03, 0.05, 0.065, 0.08
"""Relative standard errors of such models themselves, before any check of this one. Published for throughput: 3 % with
other numbers of users and measured demands (Kattepur and Nambiar 2015); 13 % at most with components placed elsewhere
(Stewart and Shen 2005), taken as two standard errors. Ours: more CPUs lie in between, another kind of server above.
More processes also wait for one another where no model looks (accept queues, locks that grow with load); what they cost
each other in CPU time comes on top, as `Dearness` tells."""


@dataclass(frozen=True, slots=True)
class Interval:
    """How far its ends lie below and above the logarithm of the capacity.

    alone: half of it, were it known what company costs a request. by_cpu: where that is not, how much less is carried
    if a request takes more CPU (1: as much less).
    """

    below: float
    above: float
    alone: float
    by_cpu: float


class Carrier:
    """What was measured of one server, times model there / model here.

    Both simulations have the same demands and the same drawn requests: an error of the demands' size cancels, only
    their shape matters. What changes their size on the way, because CPUs are shared by more workers or by fewer, is the
    dearness: the simulation makes a request as dear as the workers that want the CPUs at that moment crowd it.
    """

    def __init__(
        self, anchor: Anchor, spec: TrialSpec, requests: int, dearness: Dearness, hours: Hours | None = None
    ) -> None:
        """requests: simulated at each rate that is tried. hours: how far studies of the same app differ."""
        self.anchor, self._dearness, self._hours = anchor, dearness, hours
        self._slo, self._timeout_s, self._seed = spec.slo, spec.workload.timeout_s, spec.measure.seed
        self._requests = requests
        self._here: tuple[float | None, float] | None = None
        self._here_drawn: dict[tuple[int, bool], tuple[float, ...]] = {}

    def carried(
        self, configuration: Configuration, demands: Sequence[OperationDemand] | None = None
    ) -> tuple[float | None, float]:
        """Capacity (None: no rate meets the objective) and saturation there, in real requests per second.

        demands: in place of those that were measured.
        """
        needed = self.demands(configuration) if demands is None else demands
        capacity, saturation = self._model(needed, configuration, self._requests)
        saturation *= self.anchor.saturated_rps / self._model_here[1]
        return (None if capacity is None else min(capacity * self._factor, saturation)), saturation

    def demands(
        self, configuration: Configuration, factors: Factors = AS_MEASURED, load: float = 1.0
    ) -> tuple[OperationDemand, ...]:
        """The simulation's demands on CPUs as fast as that configuration's, and held as much to a part of one, in the
        company that was measured; factors: on app CPU, database CPU and waits. load: as a share of saturation."""
        app, database, wait = factors
        held = self._dearness.quota.factor(self.anchor.configuration, configuration, load)
        app *= configuration.cpu_factor * held
        database *= configuration.cpu_factor * (held if configuration.database_cpus is None else 1.0)
        return tuple(
            replace(
                demand,
                app_cpu_s=demand.app_cpu_s * app,
                database_cpu_s=demand.database_cpu_s * database,
                wait_s=demand.wait_s * wait,
                database_wait_s=demand.database_wait_s * wait,
                lock_wait_s=demand.lock_wait_s * wait,
            )
            for demand in self.anchor.demands
        )

    def saturated_demands(self, configuration: Configuration) -> tuple[OperationDemand, ...]:
        """The demands in the company of all workers there."""
        factor = self._dearness.factor(self.anchor.configuration, configuration)
        return self.demands(configuration, (factor, factor, 1.0))

    def system(self, configuration: Configuration) -> System:
        """What the simulation is told of that server, beside the demands."""
        return self._dearness.system(self.anchor.configuration, configuration, self._timeout_s)

    def run(self, configuration: Configuration, rate_rps: float, *, by_operation: bool = False) -> Outcome:
        """A simulated load of so many real requests per second."""
        hangs_on_load = self._dearness.quota.hangs_on_load(configuration)
        load = rate_rps / max(LEAST_RPS, self.carried(configuration)[1]) if hangs_on_load else 1.0
        work = draw_work(self.demands(configuration, load=load), self._requests, self._seed, configuration.at_once)
        return run_open(work, self.system(configuration), rate_rps / self._factor, by_operation=by_operation)

    def interval(
        self, configuration: Configuration, capacity: float, saturation: float, draws: int, starts: int
    ) -> Interval | None:
        """The 95 % interval; None after a single start.

        Near the objective a dearer request takes more away than a cheaper one adds.
        """
        anchor = self.anchor
        if anchor.variance_of_mean is None:
            return None
        by_objective = capacity < FAR_BELOW * saturation
        parts = [
            # One estimate of how starts differ stands behind both, so they are one part.
            (anchor.variance_of_mean + anchor.variance_of_start / starts, anchor.freedom),
            (self._drawn_variance(configuration, draws, by_objective), anchor.freedom),
            (self._model_variance(configuration), SURE),
            *([] if self._hours is None else [(self._hours.of_another, self._hours.freedom)]),
        ]
        sides = self._dearness.sides(anchor.configuration, configuration)
        most = max(math.fsum(part for part, _ in side) for side in sides)
        elasticities = self._elasticities(configuration, most, by_objective)
        alone, below, above = (
            t_half_width(*found) if (found := summed_variance([*parts, *company])) else 0.0
            for company in (
                (),
                *(
                    [(part * by_cpu**2, free) for part, free in side]
                    for by_cpu, side in zip(elasticities, sides, strict=True)
                ),
            )
        )
        return Interval(below, above, alone, math.fsum(elasticities) / 2.0)

    @property
    def _model_here(self) -> tuple[float | None, float]:
        """Capacity and saturation in the simulation of what was measured."""
        if self._here is None:
            self._here = self._model(self.anchor.demands, self.anchor.configuration, self._requests)
        return self._here

    @property
    def _factor(self) -> float:
        """Measured over simulated capacity here; of the saturation where no rate meets the objective here."""
        capacity, saturation = self._model_here
        if self.anchor.capacity_rps is None or capacity is None:
            return self.anchor.saturated_rps / saturation
        return self.anchor.capacity_rps / capacity

    def _model(
        self, demands: Sequence[OperationDemand], there: Configuration, requests: int
    ) -> tuple[float | None, float]:
        system = self.system(there)
        saturation = saturation_rps(demands, system, self._seed, requests)
        if not saturation:
            return None, 0.0
        capacity = capacity_rps(
            demands, system, self._slo, self._seed, requests, ceiling_rps=saturation, at_once=there.at_once
        )
        return capacity, saturation

    def _drawn_variance(self, configuration: Configuration, draws: int, by_objective: bool) -> float:
        """Variance of the logarithm of model there / model here, over drawn demands."""
        if configuration == self.anchor.configuration or draws < 1:
            return 0.0
        key = (draws, by_objective)
        factors = (AS_MEASURED, *self.anchor.draw(draws, self._seed))
        if key not in self._here_drawn:
            self._here_drawn[key] = self._log_rates(self.anchor.configuration, factors, by_objective)
        drawn = zip(self._log_rates(configuration, factors, by_objective), self._here_drawn[key], strict=True)
        ratios = [there - here for there, here in drawn]
        return math.fsum((ratio - ratios[0]) ** 2 for ratio in ratios[1:]) / draws

    def _elasticities(self, configuration: Configuration, variance: float, by_objective: bool) -> tuple[float, float]:
        """How much less it carries for dearer requests, and how much more for cheaper ones: of the logarithms, 0 to 1
        and more. Not at all where it waits for others. variance: of the logarithm of the CPU seconds there."""
        if variance <= 0.0:
            return 0.0, 0.0
        step = math.sqrt(variance)
        changed = ((math.exp(change), math.exp(change), 1.0) for change in (step, -step))
        now, dearer, cheaper = self._log_rates(configuration, (AS_MEASURED, *changed), by_objective)
        return (now - dearer) / step, (cheaper - now) / step

    def _log_rates(
        self, configuration: Configuration, every: Sequence[Factors], by_objective: bool
    ) -> tuple[float, ...]:
        """Logarithms of the model's rates, with each of these factors on the demands."""
        system, requests = self.system(configuration), max(1, round(self._requests * DRAW_SHARE))
        rates: list[float] = []
        for factors in every:
            demands = self.demands(configuration, factors)
            if by_objective:
                rate = self._model(demands, configuration, requests)[0] or 0.0
            else:
                rate = saturation_rps(demands, system, self._seed, requests)
            rates.append(math.log(max(rate, LEAST_RPS)))
        return tuple(rates)

    def _model_variance(self, configuration: Configuration) -> float:
        """Relative, of what such models are wrong by; twice the error beyond `EXTRAPOLATED` times what was measured."""
        here, there = self.anchor.configuration, configuration
        errors = {
            PROCESSES_ERROR: here.workers != there.workers,
            SAME_BOX_ERROR: (here.threads, here.pool) != (there.threads, there.pool),
            CPUS_ERROR: here.cpus != there.cpus,
            PLACEMENT_ERROR: (here.database_cpus, here.round_trip_s) != (there.database_cpus, there.round_trip_s),
            KIND_ERROR: here.worker_class != there.worker_class,
        }
        variance = math.fsum(error**2 for error, differs in errors.items() if differs)
        steps = (there.workers / here.workers, there.cpus / here.cpus, here.cpus / there.cpus)
        return variance * 4.0 if max(steps) > EXTRAPOLATED else variance
