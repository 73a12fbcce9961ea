"""One placement appraised: how many workers it holds, what they carry there, and how sure that is. Pure."""

import math
from collections.abc import Callable
from dataclasses import replace

from seatrial.advise.advice import MemoryShare, Offer, plan_row
from seatrial.advise.placements import Placement
from seatrial.advise.prediction import Prediction, Predictor
from seatrial.measure.study import Study
from seatrial.model.capacity import saturation_rps
from seatrial.model.carrying import CarryFactor
from seatrial.model.configuration import Configuration
from seatrial.model.connections import SUPERUSER_RESERVED, ConnectionSum, connections_needed
from seatrial.model.memory import MemoryModel
from seatrial.model.stations import bounds_rps
from seatrial.spec.plan import Plan

__all__ = ["OWN_LIMIT", "ROUND_TRIP_S", "WORKERS_MAX", "Appraiser"]

ROUND_TRIP_S = 0.001
"""To a database on another machine of the same data centre, and back. An assumption."""

OWN_LIMIT = 100
"""max_connections of a PostgreSQL that nobody told otherwise."""

WORKERS_MAX = 64
WORTH_A_WORKER = 0.02
"""A further worker must add this share of throughput to be worth its memory."""

PROBE_REQUESTS = 4_000

FAR_BELOW = 0.8
"""Of saturation: below it the objective binds, and the capacity does not change as the saturation does."""

RELATIVE_95 = 1.96


class Appraiser:
    """Appraises placements for the app of one study.

    carry: from a plan to the factor on the CPU seconds of a request there. at_once: requests that a page sends in the
    same moment, beyond what was measured.
    """

    def __init__(
        self,
        study: Study,
        predictor: Predictor,
        memory: MemoryModel | None,
        carry: Callable[[Plan], CarryFactor],
        at_once: float = 1.0,
    ) -> None:
        self._at_once = at_once
        self._study, self._predictor, self._memory, self._carry = study, predictor, memory, carry
        self._probed: dict[Configuration, float] = {}
        self._most: dict[str, int] = {}
        self._bounds: dict[str, float] = {}

    @property
    def predictor(self) -> Predictor:
        """What the rates come from."""
        return self._predictor

    @property
    def memory(self) -> MemoryModel | None:
        """Of app and database; None where it could not be read."""
        return self._memory

    def carried(self, plan: Plan) -> CarryFactor:
        """The factor on the CPU seconds of a request there."""
        return self._carry(plan)

    def most_workers(self, placement: Placement) -> int:
        """The most workers that the machine's memory, and the database's limit of connections, surely hold."""
        if placement.id not in self._most:
            self._most[placement.id] = self._count_workers(placement)
        return self._most[placement.id]

    def least_memory(self, placement: Placement) -> MemoryShare | None:
        """What one worker needs there; None where memory was not read."""
        return self._memory_share(placement, 1)

    def connections_of(self, placement: Placement, workers: int) -> ConnectionSum:
        """Every connection that the app may open there, against the database's limit."""
        database, services = self._study.spec.subject.database, self._study.spec.subject.services
        threads = self._predictor.declared.threads
        managed = placement.database
        return connections_needed(
            workers,
            database.connections_per_worker(threads),
            pool=None if database.pool is None else (database.pool, database.overflow),
            pooler=None if services.pooler == "none" else services.pool_size,
            background=database.background_connections,
            # Of a managed database the plan says what is left for its customer.
            reserve=SUPERUSER_RESERVED if managed is None else 0,
            limit=OWN_LIMIT if managed is None else managed.connections_max,
        )

    def quick_rps(self, placement: Placement, cpus: float) -> float:
        """About the throughput of the best worker count with always something waiting: no capacity there is above it.

        cpus: that may be used for ever. By a short simulation, so that hundreds of plans can be looked at.
        """
        return self.best_workers(placement, cpus)[1]

    def best_workers(self, placement: Placement, cpus: float) -> tuple[int, float]:
        """The fewest workers beyond which one more adds less than 2 %, one for each CPU to begin with, and their
        throughput."""
        factor, most = self._carry(placement.machine).factor, max(1, self.most_workers(placement))
        best = min(most, max(1, math.floor(cpus)))
        best_rps = self._probe_rps(self._configuration(placement, best, cpus, factor))
        for workers in range(best + 1, most + 1):
            rate_rps = self._probe_rps(self._configuration(placement, workers, cpus, factor))
            if rate_rps <= best_rps * (1.0 + WORTH_A_WORKER):
                break
            best, best_rps = workers, rate_rps
        return best, best_rps

    def bound_rps(self, placement: Placement) -> float:
        """What it could do at most, with however many workers, were no station idle: no simulation is asked."""
        if placement.id not in self._bounds:
            there = self.configuration_of(placement, WORKERS_MAX)
            system = there.system(self._study.spec.workload.timeout_s)
            # Requests may cost least where few workers share the CPUs, and still there may be as many slots.
            fewest = {1, *self._predictor.workers_measured}
            demands = [self._predictor.saturated_demands(replace(there, workers=few)) for few in fewest]
            self._bounds[placement.id] = max(min(bounds_rps(each, system).values()) for each in demands)
        return self._bounds[placement.id]

    def slowest_rps(self, placement: Placement, cpus: float) -> float:
        """The same at the slow end of what its CPU may be."""
        workers, carried = self.best_workers(placement, cpus)[0], self._carry(placement.machine)
        return self._probe_rps(self._configuration(placement, workers, cpus, carried.high))

    def configuration_of(self, placement: Placement, workers: int) -> Configuration:
        """The server there with so many workers, on the CPUs that may be used for ever."""
        factor = self._carry(placement.machine).factor
        return self._configuration(placement, workers, placement.lasting_cpus or placement.machine.limits.cpus, factor)

    def appraise(self, placement: Placement, cpus: float, rate_rps: float | None = None) -> Offer:
        """The best worker count there, and what it carries. cpus: that may be used for ever; rate_rps: asked for.

        Raises ValueError when not even one worker fits.
        """
        if self.most_workers(placement) < 1:
            raise ValueError("not even one worker fits there")
        carried = self._carry(placement.machine)
        workers, _ = self.best_workers(placement, cpus)
        configuration = self._configuration(placement, workers, cpus, carried.factor)
        predicted = self._predictor.predict(configuration)
        low_rps, high_rps = self._span(predicted, carried)
        offer = Offer(
            plan=plan_row(placement.machine),
            database=plan_row(placement.database) if placement.database else None,
            usd_month=placement.usd_month,
            workers=workers,
            threads=configuration.threads,
            server=configuration.words(),
            capacity_rps=predicted.capacity_rps,
            low_rps=low_rps,
            high_rps=high_rps,
            speed_confidence=carried.confidence,
            speed_sentence=carried.sentence,
            memory=self._memory_share(placement, workers),
            connections=self.connections_of(placement, workers) if self._has_database else None,
            gives_way=predicted.gives_way,
            utilization=predicted.utilization,
            is_extrapolated=predicted.is_extrapolated,
            model_log_variance=_log_variance(predicted),
            warnings=carried.warnings,
        )
        return self._with_other_speeds(offer, placement, configuration, carried, rate_rps)

    @property
    def _has_database(self) -> bool:
        return self._study.spec.subject.database.kind != "none"

    def _open(self, workers: int) -> int:
        return self._study.spec.subject.connections(workers, self._predictor.declared.threads)

    def _count_workers(self, placement: Placement) -> int:
        limits = placement.machine.limits
        model = self._on_the_app_machine(placement)
        workers = 0
        while workers < WORKERS_MAX:
            connections = self.connections_of(placement, workers + 1)
            if model is not None and model.memory_of(workers + 1, self._open(workers + 1))[2] > (
                limits.subject_memory_bytes
            ):
                break
            managed = placement.database
            if managed is not None and not (connections.fits and self._fits_the_database(managed, workers + 1)):
                break
            workers += 1
        return workers

    def _on_the_app_machine(self, placement: Placement) -> MemoryModel | None:
        if self._memory is None or placement.database is None:
            return self._memory
        return self._memory.without_database()

    def _fits_the_database(self, managed: Plan, workers: int) -> bool:
        if self._memory is None or not managed.limits.memory_bytes:
            return True
        needed = self._memory.database_bytes + self._open(workers) * self._memory.connection_bytes
        return needed <= managed.limits.subject_memory_bytes

    def _memory_share(self, placement: Placement, workers: int) -> MemoryShare | None:
        model, limits = self._on_the_app_machine(placement), placement.machine.limits
        if model is None:
            return None
        low, point, high = model.memory_of(workers, self._open(workers))
        return MemoryShare(
            low,
            point,
            high,
            limits.subject_memory_bytes,
            limits.system_memory_bytes,
            model.worker_bytes,
            model.connection_bytes,
            model.growth_bytes_per_request or None,
        )

    def _configuration(self, placement: Placement, workers: int, cpus: float, factor: float) -> Configuration:
        managed = placement.database
        return replace(
            self._predictor.declared,
            workers=workers,
            cpus=cpus,
            cpu_factor=factor,
            at_once=self._at_once,
            database_cpus=managed.limits.cpus if managed is not None else None,
            round_trip_s=ROUND_TRIP_S if managed is not None else 0.0,
        )

    def _probe_rps(self, configuration: Configuration) -> float:
        """Throughput with always something waiting, by a short simulation."""
        if configuration not in self._probed:
            demands, seed = self._predictor.demands_there(configuration), self._study.spec.measure.seed
            system = self._predictor.system_there(configuration)
            self._probed[configuration] = saturation_rps(demands, system, seed, PROBE_REQUESTS)
        return self._probed[configuration]

    def _span(self, predicted: Prediction, carried: CarryFactor) -> tuple[float, float]:
        """The interval with what is not known of the processor: two independent factors, their logarithms' squares add.

        0 where no rate meets the objective, and where a single start has no interval.
        """
        point = predicted.capacity_rps
        if point is None or predicted.low_rps is None or predicted.high_rps is None:
            return 0.0, point or 0.0
        ends = []
        for end, factor in ((predicted.low_rps, carried.high), (predicted.high_rps, carried.low)):
            there_rps = self._at_speed(predicted, carried.factor, factor)
            speed = math.log(there_rps / point) if there_rps else -math.inf
            ends.append(math.hypot(math.log(end / point), speed))
        return point * math.exp(-ends[0]), point * math.exp(ends[1])

    def _at_speed(self, predicted: Prediction, factor: float, other: float) -> float:
        """The capacity on a processor with another factor; as the saturation changes, where it is what binds."""
        capacity, there = predicted.capacity_rps or 0.0, replace(predicted.configuration, cpu_factor=other)
        if capacity < FAR_BELOW * predicted.saturation_rps:
            return self._predictor.predict(there, draws=0).capacity_rps or 0.0
        here = replace(predicted.configuration, cpu_factor=factor)
        return capacity * self._probe_rps(there) / self._probe_rps(here)

    def _with_other_speeds(
        self,
        offer: Offer,
        placement: Placement,
        configuration: Configuration,
        carried: CarryFactor,
        rate_rps: float | None,
    ) -> Offer:
        """With the rates in bad hours, and while a burst lasts."""
        if carried.bad_hours_factor is not None:
            predicted = self._predictor.predict(configuration)
            bad_rps = self._at_speed(predicted, carried.factor, carried.bad_hours_factor)
            offer = replace(offer, bad_hours_rps=bad_rps)
        burst = placement.burst
        if burst is None:
            return offer
        fast = self._predictor.predict(replace(configuration, cpus=burst.cpus), draws=0)
        used = None
        if rate_rps is not None and fast.capacity_rps:
            used = min(1.0, rate_rps / fast.capacity_rps) * burst.cpus
        lasts_s = None if used is None else burst.seconds_until_empty(used, burst.full_balance_s)
        return replace(offer, burst_rps=fast.capacity_rps, burst_s=lasts_s)


def _log_variance(predicted: Prediction) -> float:
    if predicted.interval is None:
        return 0.0
    return (predicted.interval.below**2 + predicted.interval.above**2) / 2.0 / RELATIVE_95**2
