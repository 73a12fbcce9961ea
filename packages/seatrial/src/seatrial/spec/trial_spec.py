"""The whole of a seatrial.toml, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from seatrial.spec.plan import Plan
from seatrial.spec.slo import SLO
from seatrial.spec.subject import Subject
from seatrial.spec.workload import WorkloadSpec

__all__ = ["MeasureSettings", "TrialSpec"]


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """How long and how often to measure; the defaults take about five minutes.

    restarts: fresh starts of the subject; the interval comes from their spread, so fewer than 3 is marked.
    brief_starts: further ones in which only the saturation is measured, on the plan's CPU and on another fraction; they
        narrow the interval.
    plan_starts: further starts with the worker count that the model finds best for the plan; with any, one more brief
        start shows what workers that share a CPU cost each other.
    inside: whether one more start is measured from inside, to see where the time of a request goes.
    within_s: what can be left out is, where it would end later; 0 for as long as it takes.
    faults: whether one more start shows what settings for working on the app cost, and files that it hands out itself.
    sizes: further amounts of data with which every operation is profiled; () for none, otherwise three or more.
    seed: of every random draw, so that two runs send the same requests.
    """

    restarts: int = 3
    brief_starts: int = 2
    plan_starts: int = 1
    inside: bool = True
    faults: bool = True
    warm_up_max_s: float = 12.0
    half_load_s: float = 4.0
    saturation_s: float = 5.0
    confirm_s: float = 10.0
    seed: int = 1
    search_trial_s: float = 15.0
    within_s: float = 0.0
    allow_noise: bool = False
    sizes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """Everything declared. `path` is the file it came from; `results` the folder for study.json and report.html.

    habits: overrides of the assumptions that turn users into requests: name -> (low, typical, high).
        "headroom", the share of the capacity kept free, is one of them when the owner gives it.
    target_rps, target_daily_users: what the owner needs; None when nothing is asked, then only the capacity is told.
    """

    path: Path
    subject: Subject
    plan: Plan
    workload: WorkloadSpec
    slo: SLO = field(default_factory=SLO)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    habits: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    target_rps: float | None = None
    target_daily_users: float | None = None
    results: Path = Path("results")
    allow_remote: bool = False
