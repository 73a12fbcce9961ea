"""What the model says settings will carry, before and after they were measured. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from seatrial.advise.estimate import configuration_of, demands_under_load, slower
from seatrial.measure.experiment import Scouted
from seatrial.measure.tune_record import Shape
from seatrial.model.capacity import capacity_rps, saturation_rps
from seatrial.model.system import System
from seatrial.model.work import OperationDemand
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["Promise", "Promises"]

REQUESTS = 2_000
"""Simulated at each rate: the trials decide, the model only says what to try."""


@dataclass(frozen=True, slots=True)
class Promise:
    """saturated_rps: with always something waiting. capacity_rps: within the objective; None where none meets it."""

    saturated_rps: float
    capacity_rps: float | None

    @property
    def worth_rps(self) -> float:
        """What settings are compared by."""
        return self.capacity_rps or 0.0


class Promises:
    """From the first start of the declared server: the same requests on servers of other settings."""

    def __init__(self, spec: TrialSpec, scouted: Scouted) -> None:
        self._spec = spec
        self._scouted = scouted
        self._saturated: dict[Shape, float] = {}
        self._known: dict[tuple[Shape, float | None], Promise] = {}

    def saturated_rps(self, shape: Shape) -> float:
        """What no rate that lasts can be above."""
        if shape not in self._saturated:
            self._saturated[shape] = saturation_rps(self._demands, self._there(shape), self._seed, REQUESTS)
        return self._saturated[shape]

    def of(self, shape: Shape, measured_rps: float | None = None) -> Promise:
        """measured_rps: the saturation that starts showed; the objective is then met by a server of that speed."""
        key = (shape, measured_rps)
        if key not in self._known:
            told = self.saturated_rps(shape)
            saturated = measured_rps or told
            demands = [slower(one, told / saturated) for one in self._demands] if told else self._demands
            capacity = capacity_rps(
                demands, self._there(shape), self._spec.slo, self._seed, REQUESTS, ceiling_rps=saturated
            )
            self._known[key] = Promise(saturated, None if capacity is None else min(capacity, saturated))
        return self._known[key]

    @property
    def _seed(self) -> int:
        return self._spec.measure.seed

    def _there(self, shape: Shape) -> System:
        here = configuration_of(self._spec, shape.workers, shape.threads)
        if shape.pool is not None:
            here = replace(here, pool=shape.pool + self._spec.subject.database.overflow)
        return replace(here, worker_class=shape.worker_class).system(self._spec.workload.timeout_s)

    @cached_property
    def _demands(self) -> Sequence[OperationDemand]:
        """At the speed at which the declared server was seen to answer."""
        subject = self._spec.subject
        here = configuration_of(self._spec, subject.whole_server.workers, subject.server.threads)
        system = here.system(self._spec.workload.timeout_s)
        demands = demands_under_load(self._scouted.profiles, [self._scouted.saturation], system)
        told = saturation_rps(demands, system, self._seed, REQUESTS)
        seen = self._scouted.saturation.throughput_rps
        return [slower(one, told / seen) for one in demands] if told and seen else demands
