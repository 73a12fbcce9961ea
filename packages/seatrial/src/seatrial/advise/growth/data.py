"""Demands with more data than was measured: the laws of `model.data_growth`, operation by operation. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatrial.measure.measurement import OperationProfile, SizeDemands
from seatrial.model.data_growth import GrowthLaw, SizedDemand, fit_growth
from seatrial.model.work import OperationDemand

__all__ = ["DataLaws", "data_laws"]

Z_975 = 1.959963984540054
SIZES_MIN = 3

START_ERROR = 0.1
"""Relative standard error of a demand of one start, however many requests it had: each size has a single one. The CPU
time of a small request differed by a tenth and more between starts of one app on a shared machine."""


@dataclass(frozen=True, slots=True)
class DataLaws:
    """laws: operation -> of its app CPU and of its database CPU, alone. scale: what a request costs under load over
    alone. sizes: measured, smallest first; empty when there were not three of them, then nothing changes with the data.
    """

    laws: Mapping[str, tuple[GrowthLaw, GrowthLaw]]
    scale: float
    sizes: tuple[float, ...]

    @property
    def kinds(self) -> Mapping[str, str]:
        """Operation -> "flat", "logarithmic" or "linear", the worse of its two laws."""
        order = ("flat", "logarithmic", "linear")
        return {name: max((law.kind for law in both), key=order.index) for name, both in self.laws.items()}

    def is_extrapolated(self, size: float) -> bool:
        """Whether so much data is more than four times what was measured, or less than a quarter of it.

        Always, where nobody measured more than one amount of data.
        """
        return not self.laws or any(law.is_extrapolated(size) for both in self.laws.values() for law in both[:1])

    def unknown_at(self, size: float) -> tuple[str, ...]:
        """Operations that grow with the table, so that nothing is said of them with so much data."""
        return tuple(name for name, both in self.laws.items() if any(law.demand_s(size) is None for law in both))

    def demands_at(self, demands: Sequence[OperationDemand], size: float, z: float) -> Sequence[OperationDemand]:
        """The demands under load with so much data, z standard errors above what is typical (all operations alike)."""
        if not self.laws:
            return demands
        return [self._at(demand, size, z) if demand.operation in self.laws else demand for demand in demands]

    def _at(self, demand: OperationDemand, size: float, z: float) -> OperationDemand:
        app, database = (self._one(law, size, z) for law in self.laws[demand.operation])
        return replace(demand, app_cpu_s=app, database_cpu_s=database)

    def _one(self, law: GrowthLaw, size: float, z: float) -> float:
        found = law.demand_s(size) or law.demand_s(law.largest)
        low, typical, high = found or (0.0, 0.0, 0.0)
        half = (typical - low if z < 0 else high - typical) / Z_975
        return max(0.0, typical + z * half) * self.scale


def data_laws(
    sizes: Sequence[SizeDemands], operations: Sequence[OperationProfile], demands: Sequence[OperationDemand]
) -> DataLaws:
    """Laws of every operation that was profiled at three sizes or more; none of them without three.

    operations: the study's own profile, one at a time; demands: the same under load.
    """
    alone_s = math.fsum(profile.share * profile.cpu_s for profile in operations)
    loaded_s = math.fsum(demand.share * (demand.app_cpu_s + demand.database_cpu_s) for demand in demands)
    scale = loaded_s / alone_s if alone_s else 1.0
    if len({each.size for each in sizes}) < SIZES_MIN:
        return DataLaws({}, scale, ())
    laws = {}
    for name in {profile.operation for each in sizes for profile in each.operations}:
        seen = [(each.size, p) for each in sizes for p in each.operations if p.operation == name]
        if len({size for size, _ in seen}) >= SIZES_MIN:
            laws[name] = (
                fit_growth([_point(size, profile, profile.app_cpu_s) for size, profile in seen]),
                fit_growth([_point(size, profile, profile.database_cpu_s) for size, profile in seen]),
            )
    return DataLaws(laws, scale, tuple(sorted({each.size for each in sizes})))


def _point(size: float, profile: OperationProfile, demand_s: float) -> SizedDemand:
    """With its standard error: that of a mean of so many requests, and what two starts differ by."""
    error = math.hypot(math.sqrt(profile.cpu_scv / profile.requests), START_ERROR)
    return SizedDemand(size, demand_s, max(demand_s * error, 1e-7))
