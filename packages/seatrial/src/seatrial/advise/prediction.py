"""From a study to configurations that were not measured: how much they would carry, how fast, and how sure. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatrial.advise.anchor import anchors_of, crowds_of
from seatrial.advise.capacity import Start
from seatrial.advise.carrier import EXTRAPOLATED, Carrier, Interval
from seatrial.advise.dearness import Dearness, dearness_of
from seatrial.advise.hours import Hours, hours_of
from seatrial.measure.study import Study
from seatrial.model.configuration import Configuration
from seatrial.model.stations import bounds_rps
from seatrial.model.system import System
from seatrial.model.work import OperationDemand

__all__ = ["Prediction", "Predictor"]

REQUESTS = 20_000
"""Simulated at each rate that is tried. The same draws here and there: what is left of chance in their ratio is 1 %."""

DRAWS = 16
"""Of the demands. Only the variance of what they give is used, which 16 give to a third, a small part of the whole."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one measured study of a configuration would say.

    capacity_rps: None when no rate meets the objective there. low_rps, high_rps: 95 % interval for the capacity that
    one study there would find; None when the study had a single start. saturation_rps: with always something waiting.
    utilization: by station, at capacity. gives_way: the stations that bind, first and next, by `bounds_rps`.
    is_extrapolated: beyond four times what was measured in workers, CPUs or rate. interval: the same, of the logarithm.
    """

    configuration: Configuration
    capacity_rps: float | None
    low_rps: float | None
    high_rps: float | None
    saturation_rps: float
    utilization: Mapping[str, float]
    gives_way: tuple[str, ...]
    is_extrapolated: bool
    interval: Interval | None = None


class Predictor:
    """Carries what a study measured to other configurations by the ratio of two simulations.

    predicted = measured here x model there / model here, "here" being the measured server nearest in workers and
    threads. What the demands do not explain of the measured saturation stays as a factor on all of them.

    The interval has three parts, taken as independent and summed by Satterthwaite: the spread of capacity between
    starts, those of this study and those of the one that it is compared with; the demands, drawn from their spread
    between starts; and what such models are wrong by. Where other numbers of workers share the CPUs, what is not known
    of how much dearer a request is then; where the study knows earlier ones of the same code, how far studies at other
    hours differ. One prediction takes about a second of CPU.

    workers_measured: of each measured server.
    """

    def __init__(self, study: Study, *, requests: int = REQUESTS, starts: Sequence[Start] | None = None) -> None:
        """requests: simulated at each rate tried. starts: of the study, where they were grouped already.

        Raises:
            StudyError: the study does not identify what another configuration would do.
        """
        anchors = anchors_of(study, starts)
        self._hours = hours_of(study)
        self._dearness = dearness_of((*anchors, *crowds_of(study, anchors[0], starts)))
        self._carriers = [Carrier(anchor, study.spec, requests, self._dearness, self._hours) for anchor in anchors]
        self._alone = Carrier(anchors[0], study.spec, requests, dearness_of(anchors[:1]), self._hours)
        self.workers_measured = tuple(anchor.configuration.workers for anchor in anchors)
        self._rps_max = max(m.throughput_rps for m in study.measurements)
        self._kept: dict[tuple[Configuration, int, int, Configuration | None], Prediction] = {}

    @property
    def declared(self) -> Configuration:
        """The server that the study was declared for."""
        return self._carriers[0].anchor.configuration

    @property
    def hours(self) -> Hours | None:
        """What is known of other hours, and then is in every interval; None: nothing, with a single study."""
        return self._hours

    @property
    def dearness(self) -> Dearness:
        """What the study saw of how much dearer a request is when workers share CPUs."""
        return self._dearness

    def company_variance(self, here: Configuration, there: Configuration) -> float:
        """Of the logarithm of a request's CPU seconds there over those here, as far as it is not known what company
        costs it."""
        return math.fsum(part for part, _ in self._dearness.variances(here, there))

    @property
    def unexplained(self) -> float:
        """The saturation that the declared server's demands alone predict, over the measured one."""
        return self._carriers[0].anchor.unexplained

    def predict(
        self,
        configuration: Configuration,
        *,
        draws: int = DRAWS,
        starts: int | None = None,
        from_declared: bool = False,
    ) -> Prediction:
        """The capacity there, its interval, and what gives way.

        starts: of the study that this is compared with; as many as the declared server had unless said otherwise.
        from_declared: as if nothing but the declared server had been measured.
        """
        starts = starts or self._carriers[0].anchor.starts
        carrier = self._alone if from_declared else self._from(configuration)
        key = (configuration, draws, starts, None if from_declared else carrier.anchor.configuration)
        if key not in self._kept:
            self._kept[key] = self._predict(carrier, configuration, draws, starts)
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
            outcome = self._from(configuration).run(configuration, rate_rps * factor)
            points.append(factor * outcome.response_time_quantile_s(quantile))
        return points[0], points[1], points[2]

    def by_operation(
        self, configuration: Configuration, rate_rps: float, quantiles: Sequence[float] = (0.5, 0.95, 0.99)
    ) -> Mapping[str, tuple[float, ...]]:
        """The quantiles of each operation's response time, in seconds, at a rate below saturation."""
        outcome = self._from(configuration).run(configuration, rate_rps, by_operation=True)
        return {
            operation: tuple(outcome.response_time_quantile_s(quantile, operation) for quantile in quantiles)
            for operation in outcome.by_operation_s
        }

    def demands_there(self, configuration: Configuration) -> tuple[OperationDemand, ...]:
        """The simulation's demands on that configuration's CPUs, at the measured speed and in the measured company."""
        return self._from(configuration).demands(configuration)

    def saturated_demands(self, configuration: Configuration) -> tuple[OperationDemand, ...]:
        """The same in the company of all of its workers."""
        return self._from(configuration).saturated_demands(configuration)

    def system_there(self, configuration: Configuration) -> System:
        """What the simulation is told of that server, beside `demands_there`."""
        return self._from(configuration).system(configuration)

    def capacity_with(self, configuration: Configuration, demands: Sequence[OperationDemand]) -> float | None:
        """The capacity if the app's requests needed this in place of `demands_there`; without interval."""
        return self._from(configuration).carried(configuration, demands)[0]

    def _predict(self, carrier: Carrier, configuration: Configuration, draws: int, starts: int) -> Prediction:
        capacity, saturation = carrier.carried(configuration)
        utilization: Mapping[str, float] = {}
        low = high = None
        interval = None
        if capacity is not None:
            utilization = carrier.run(configuration, capacity).utilization
            interval = carrier.interval(configuration, capacity, saturation, draws, starts)
            if interval is not None:
                low, high = capacity * math.exp(-interval.below), capacity * math.exp(interval.above)
        return Prediction(
            configuration=configuration,
            capacity_rps=capacity,
            low_rps=low,
            high_rps=high,
            saturation_rps=saturation,
            utilization=utilization,
            gives_way=tuple(bounds_rps(carrier.saturated_demands(configuration), carrier.system(configuration)))[:2],
            is_extrapolated=self._is_extrapolated(configuration, saturation),
            interval=interval,
        )

    def _from(self, configuration: Configuration) -> Carrier:
        """What is carried there: the measured server nearest to it in workers and threads."""

        def distance(carrier: Carrier) -> float:
            here = carrier.anchor.configuration
            workers = abs(math.log(configuration.workers / here.workers))
            return workers + abs(math.log(configuration.threads / here.threads))

        return min(self._carriers, key=distance)

    def _is_extrapolated(self, configuration: Configuration, saturation_rps: float) -> bool:
        cpus = configuration.cpus / self.declared.cpus
        return (
            configuration.workers > EXTRAPOLATED * max(self.workers_measured)
            or not 1.0 / EXTRAPOLATED <= cpus <= EXTRAPOLATED
            or saturation_rps > EXTRAPOLATED * self._rps_max
        )
