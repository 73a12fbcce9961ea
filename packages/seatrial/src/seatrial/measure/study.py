"""The cut: everything measured, in one versioned file, from which every conclusion can be drawn again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from seatrial.measure.demands import Demands, MemoryPoint
from seatrial.measure.earlier_study import EarlierStudy
from seatrial.measure.measurement import (
    Caveat,
    FileCost,
    Measurement,
    MemoryReading,
    OperationProfile,
    QueryProfile,
    SettingCost,
    SizeDemands,
)
from seatrial.measure.prediction_check import PredictionCheck
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["READABLE", "SCHEMA", "Study"]

SCHEMA = "seatrial.study/2"
# Format history: 1 = first; 2 = demands seen from inside, growth of memory, times of statements: all of them optional.
READABLE = ("seatrial.study/1", SCHEMA)


@dataclass(frozen=True, slots=True)
class Study:
    """One performance study.

    spec: what was declared, the plan with its source and date among it.
    environment: machine, kernel, CPU model, versions, cgroup version, placement, date, Seatrial's version.
    operations: profiled one at a time. queries: from the server's own log, in a pass of their own.
    measurements: every interval, in order. memory: readings in order. demands: of the start that was measured from
    inside, None without one. memory_growth: the app's memory as it served more and more requests.
    sizes: the same operations with several amounts of data, smallest first; empty when only one was measured.
    complete: False when it was interrupted; what is here is still true.
    settings, files: what is set for working on the app, and files that it hands out itself, with what each costs.
    earlier: what is kept of the studies of the same code, server, workload and machine that this one replaced.
    checks: what was predicted before it was measured; those of earlier studies that this one replaced come first.
    """

    created_at: str
    spec: TrialSpec
    environment: Mapping[str, Any]
    operations: tuple[OperationProfile, ...] = ()
    queries: tuple[QueryProfile, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    memory: tuple[MemoryReading, ...] = ()
    demands: Demands | None = None
    memory_growth: tuple[MemoryPoint, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    complete: bool = True
    checks: tuple[PredictionCheck, ...] = ()
    sizes: tuple[SizeDemands, ...] = ()
    settings: tuple[SettingCost, ...] = ()
    files: tuple[FileCost, ...] = ()
    earlier: tuple[EarlierStudy, ...] = ()
    schema: str = field(default=SCHEMA)
