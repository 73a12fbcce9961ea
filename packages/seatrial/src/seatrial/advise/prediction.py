"""From a study to configurations that were not measured: how much they would carry, how fast, and how sure. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatrial.advise.anchor import SURE, Anchor, Factors, anchor_of
from seatrial.advise.capacity import Start
from seatrial.advise.interval import summed_variance, t_half_width
from seatrial.measure.study import Study
from seatrial.model.capacity import capacity_rps, saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.queueing import Outcome, run_open
from seatrial.model.stations import bounds_rps
from seatrial.model.system import System
from seatrial.model.work import OperationDemand, draw_work

__all__ = ["Prediction", "Predictor"]

REQUESTS = 20_000
"""Simulated at each rate that is tried. The same draws here and there: what is left of chance in their ratio is 1 %."""

DRAWS = 16
"""Of the demands. Only the variance of what they give is used, which 16 give to a third, a small part of the whole."""

DRAW_SHARE = 0.2
"""Of the requests, simulated for each draw: here and there meet the same ones, so little is lost."""

FAR_BELOW = 0.8
"""Of saturation: below it the objective, not the saturation, is what demands act on."""

SAME_BOX_ERROR, CPUS_ERROR, PLACEMENT_ERROR, KIND_ERROR = 0.03, 0.05, 0.065, 0.08
"""Relative standard errors of such models themselves, before any check of this one. Published for throughput: 3 % with
other numbers of users and measured demands (Kattepur and Nambiar 2015), 13 % at most with components placed elsewhere
(Stewart and Shen 2005), taken as two standard errors. For more CPUs, and for another kind of server, ours: in between,
and above."""

LEAST_RPS = 1e-3
"""In place of the rate where none meets the objective, so that it has a logarithm."""

EXTRAPOLATED = 4.0
"""Times what was measured."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one measured study of a configuration would say.

    capacity_rps: None when no rate meets the objective there. low_rps, high_rps: 95 % interval for the capacity that
    one study there would find; None when the study had a single start. saturation_rps: with always something waiting.
    utilization: by station, at capacity. gives_way: the stations that bind, first and next, by `bounds_rps`.
    is_extrapolated: beyond four times what was measured in workers, CPUs or rate.
    """

    configuration: Configuration
    capacity_rps: float | None
    low_rps: float | None
    high_rps: float | None
    saturation_rps: float
    utilization: Mapping[str, float]
    gives_way: tuple[str, ...]
    is_extrapolated: bool


class Predictor:
    """Carries a study's measured capacity to other configurations by the ratio of two simulations.

    predicted = measured here x model there / model here, both from the same demands and the same drawn requests: an
    error of the demands' size cancels, only their shape matters. What the demands do not explain of the measured
    saturation stays as a factor on all of them.

    The interval has three parts, taken as independent and summed by Satterthwaite: the spread of capacity between
    starts, those of this study and those of the one that it is compared with; the demands, drawn from their spread
    between starts; and what such models are wrong by. One prediction takes about a second of CPU.
    """

    def __init__(self, study: Study, *, requests: int = REQUESTS, starts: Sequence[Start] | None = None) -> None:
        """requests: simulated at each rate tried. starts: of the study, where they were grouped already.

        Raises:
            StudyError: the study does not identify what another configuration would do.
        """
        self._anchor: Anchor = anchor_of(study, starts)
        self._slo, self._timeout_s, self._seed = study.spec.slo, study.spec.workload.timeout_s, study.spec.measure.seed
        self._requests = requests
        here = self._anchor.declared.system(self._timeout_s)
        self._here_saturation_rps = saturation_rps(self._anchor.demands, here, self._seed, requests)
        self._here_rps = self._capacity_rps(self._anchor.demands, here, requests, self._here_saturation_rps)
        self._here_drawn: dict[tuple[int, bool], tuple[float, ...]] = {}
        self._kept: dict[tuple[Configuration, int, int], Prediction] = {}

    @property
    def declared(self) -> Configuration:
        """The server that was measured."""
        return self._anchor.declared

    @property
    def unexplained(self) -> float:
        """The saturation that the demands alone predict, over the measured one."""
        return self._anchor.unexplained

    def predict(self, configuration: Configuration, *, draws: int = DRAWS, starts: int | None = None) -> Prediction:
        """starts: of the study that this is compared with; as many as this one had unless said otherwise."""
        starts = starts or self._anchor.starts
        key = (configuration, draws, starts)
        if key not in self._kept:
            self._kept[key] = self._predict(configuration, draws, starts)
        return self._kept[key]

    def response_time_quantile_s(
        self, configuration: Configuration, rate_rps: float, quantile: float
    ) -> tuple[float, float, float]:
        """The response time that this share of requests does not exceed at an offered rate: (point, low, high).

        inf where the rate is more than such a server answers: there it grows for as long as the load lasts. The
        interval is that of the capacity: all times so much shorter, or longer.
        """
        predicted = self.predict(configuration)
        half = 0.0
        if predicted.capacity_rps and predicted.low_rps is not None:
            half = min(0.9, 1.0 - predicted.low_rps / predicted.capacity_rps)
        points = []
        for factor in (1.0, 1.0 - half, 1.0 + half):
            if rate_rps * factor >= predicted.saturation_rps:
                points.append(math.inf)
                continue
            outcome = self._run(configuration, rate_rps * factor)
            points.append(factor * outcome.response_time_quantile_s(quantile))
        return points[0], points[1], points[2]

    def by_operation(
        self, configuration: Configuration, rate_rps: float, quantiles: Sequence[float] = (0.5, 0.95, 0.99)
    ) -> Mapping[str, tuple[float, ...]]:
        """The quantiles of each operation's response time, in seconds, at a rate below saturation."""
        outcome = self._run(configuration, rate_rps, by_operation=True)
        return {
            operation: tuple(outcome.response_time_quantile_s(quantile, operation) for quantile in quantiles)
            for operation in outcome.by_operation_s
        }

    def demands_there(
        self, configuration: Configuration, factors: Factors = (1.0, 1.0, 1.0)
    ) -> tuple[OperationDemand, ...]:
        """The simulation's demands on that configuration's CPUs; factors: on app CPU, database CPU and waits."""
        app, database, wait = factors
        return tuple(
            replace(
                demand,
                app_cpu_s=demand.app_cpu_s * configuration.cpu_factor * app,
                database_cpu_s=demand.database_cpu_s * configuration.cpu_factor * database,
                wait_s=demand.wait_s * wait,
                database_wait_s=demand.database_wait_s * wait,
                lock_wait_s=demand.lock_wait_s * wait,
            )
            for demand in self._anchor.demands
        )

    def capacity_with(self, configuration: Configuration, demands: Sequence[OperationDemand]) -> float | None:
        """The capacity if the app's requests needed this instead; without interval."""
        return self._carried(demands, configuration.system(self._timeout_s))[0]

    def _predict(self, configuration: Configuration, draws: int, starts: int) -> Prediction:
        system, demands = configuration.system(self._timeout_s), self.demands_there(configuration)
        capacity, saturation = self._carried(demands, system)
        utilization: Mapping[str, float] = {}
        low = high = None
        if capacity is not None:
            utilization = self._run(configuration, capacity).utilization
            half = self._half_width(configuration, draws, starts, capacity < FAR_BELOW * saturation)
            if half is not None:
                low, high = capacity * math.exp(-half), capacity * math.exp(half)
        return Prediction(
            configuration=configuration,
            capacity_rps=capacity,
            low_rps=low,
            high_rps=high,
            saturation_rps=saturation,
            utilization=utilization,
            gives_way=tuple(bounds_rps(demands, system))[:2],
            is_extrapolated=self._is_far(configuration) or saturation > EXTRAPOLATED * self._anchor.measured_rps_max,
        )

    def _carried(self, demands: Sequence[OperationDemand], system: System) -> tuple[float | None, float]:
        """Capacity and saturation in real requests per second."""
        saturation = saturation_rps(demands, system, self._seed, self._requests)
        capacity = self._capacity_rps(demands, system, self._requests, saturation)
        saturation *= self._anchor.saturated_rps / self._here_saturation_rps
        return (None if capacity is None else min(capacity * self._factor, saturation)), saturation

    @property
    def _factor(self) -> float:
        """Measured over simulated capacity here; of the saturation where no rate meets the objective here."""
        if self._anchor.capacity_rps is None or self._here_rps is None:
            return self._anchor.saturated_rps / self._here_saturation_rps
        return self._anchor.capacity_rps / self._here_rps

    def _capacity_rps(
        self, demands: Sequence[OperationDemand], system: System, requests: int, ceiling_rps: float
    ) -> float | None:
        return capacity_rps(demands, system, self._slo, self._seed, requests, ceiling_rps=ceiling_rps)

    def _run(self, configuration: Configuration, rate_rps: float, *, by_operation: bool = False) -> Outcome:
        work = draw_work(self.demands_there(configuration), self._requests, self._seed)
        system = configuration.system(self._timeout_s)
        return run_open(work, system, rate_rps / self._factor, by_operation=by_operation)

    def _half_width(self, configuration: Configuration, draws: int, starts: int, by_objective: bool) -> float | None:
        """Half of the 95 % interval, of the logarithm of the capacity."""
        anchor = self._anchor
        if anchor.variance_of_mean is None:
            return None
        parts = [
            # One estimate of how starts differ stands behind both, so they are one part.
            (anchor.variance_of_mean + anchor.variance_of_start / starts, anchor.freedom),
            (self._drawn_variance(configuration, draws, by_objective), max(1, len(anchor.deviations) - 1)),
            (self._model_variance(configuration), SURE),
        ]
        found = summed_variance(parts)
        return t_half_width(*found) if found else 0.0

    def _drawn_variance(self, configuration: Configuration, draws: int, by_objective: bool) -> float:
        """Variance of the logarithm of model there / model here, over drawn demands."""
        if configuration == self.declared or draws < 1:
            return 0.0
        key = (draws, by_objective)
        if key not in self._here_drawn:
            self._here_drawn[key] = self._drawn(self.declared, draws, by_objective)
        ratios = [
            there - here
            for there, here in zip(self._drawn(configuration, draws, by_objective), self._here_drawn[key], strict=True)
        ]
        return math.fsum((ratio - ratios[0]) ** 2 for ratio in ratios[1:]) / draws

    def _drawn(self, configuration: Configuration, draws: int, by_objective: bool) -> tuple[float, ...]:
        """Logarithms of the model's rates: with the nominal demands, then with each draw."""
        system, requests = configuration.system(self._timeout_s), max(1, round(self._requests * DRAW_SHARE))
        rates = []
        for factors in ((1.0, 1.0, 1.0), *self._anchor.draw(draws, self._seed)):
            demands = self.demands_there(configuration, factors)
            rate: float | None = saturation_rps(demands, system, self._seed, requests)
            if by_objective and rate:
                rate = self._capacity_rps(demands, system, requests, rate)
            rates.append(math.log(max(rate or 0.0, LEAST_RPS)))
        return tuple(rates)

    def _model_variance(self, configuration: Configuration) -> float:
        """Relative, of what such models are wrong by; twice the error outside of what was measured."""
        here, there = self.declared, configuration
        errors = {
            SAME_BOX_ERROR: (here.workers, here.threads, here.pool) != (there.workers, there.threads, there.pool),
            CPUS_ERROR: here.cpus != there.cpus,
            PLACEMENT_ERROR: (here.database_cpus, here.round_trip_s) != (there.database_cpus, there.round_trip_s),
            KIND_ERROR: here.worker_class != there.worker_class,
        }
        variance = math.fsum(error**2 for error, differs in errors.items() if differs)
        is_far = self._is_far(configuration)
        return variance * 4.0 if is_far else variance

    def _is_far(self, configuration: Configuration) -> bool:
        anchor, cpus = self._anchor, configuration.cpus / self.declared.cpus
        return configuration.workers > EXTRAPOLATED * anchor.measured_workers_max or not (
            1.0 / EXTRAPOLATED <= cpus <= EXTRAPOLATED
        )
