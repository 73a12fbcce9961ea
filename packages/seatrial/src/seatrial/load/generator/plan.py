"""A whole load, declared: what is sent where, when, and by how many processes."""

import math
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import LoadError
from seatrial.load.arrivals.shapes import Arrivals, Part
from seatrial.spec.workload import WorkloadSpec

__all__ = ["PROCESSES_MAX", "LoadPlan"]

PROCESSES_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """Either `arrivals` (an open loop) or `concurrency` (a closed one) for duration_s, after lead_in_s not counted.

    workload: what is sent; its timeout_s is how long each person waits (workload.arrivals does not matter here).
    in_flight_max: requests on their way at once, over all processes. run_token: letters and digits, new for each load
    of the same subject, so that `Person.unique` never repeats; if not said, made of the time. processes: that share
    the load. cpus: which they may use; if not said, any. latency_max_s: the objective's, when there is one: the
    generator may then be less late. verify, ca_file: of https, see `target`. sign_in_within_s: for all people together.
    is_self_checked: whether the generator first measures what it can do.
    """

    base_url: str
    workload: WorkloadSpec
    duration_s: float
    arrivals: Arrivals | None = None
    concurrency: int | None = None
    lead_in_s: float = 0.0
    seed: int = 1
    run_token: str = ""
    processes: int = 1
    cpus: tuple[int, ...] = ()
    in_flight_max: int = 1000
    host_header: str = ""
    allow_remote: bool = False
    verify: bool = True
    ca_file: Path | None = None
    latency_max_s: float | None = None
    sign_in_within_s: float = 60.0
    is_self_checked: bool = True

    def __post_init__(self) -> None:
        if (self.arrivals is None) == (self.concurrency is None):
            raise _unfit("it takes either arrivals or a concurrency.", "Give a rate, or a number of loops.")
        if not (math.isfinite(self.duration_s) and self.duration_s > 0):
            raise _unfit(f"the duration is {self.duration_s:g} s.", "It must be a number above zero.")
        if not (math.isfinite(self.lead_in_s) and self.lead_in_s >= 0):
            raise _unfit(f"the lead-in is {self.lead_in_s:g} s.", "It must be zero or more.")
        if not 1 <= self.processes <= PROCESSES_MAX:
            raise _unfit(f"{self.processes} processes are asked for.", f"It takes 1 to {PROCESSES_MAX}.")
        for what, option, number in (
            ("people", "--people", self.workload.people),
            ("requests in flight", "--connections", self.in_flight_max),
            ("concurrent loops", "--concurrency", self.concurrency),
        ):
            if number is not None and number < self.processes:
                raise LoadError(
                    f"{number} {what} cannot be shared by {self.processes} processes.",
                    where="--processes",
                    try_this=f"Each process needs at least one: raise {option} or use fewer processes.",
                )

    def share(self, whole: int, index: int) -> int:
        """How many of `whole` things belong to the process `index` (from 0)."""
        return Part(index, self.processes).size(whole)


def _unfit(what: str, try_this: str) -> LoadError:
    return LoadError(what, where="load plan", try_this=try_this)
