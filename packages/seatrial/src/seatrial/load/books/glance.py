"""What a load shows while it lasts: a glance a second, for people who wait. It costs the generator next to nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.load.books.histogram import quantile

__all__ = ["Glance", "glance_of_all"]


@dataclass(frozen=True, slots=True)
class Glance:
    """What happened since the last glance, unless said otherwise.

    elapsed_s: since the interval began; below zero in the lead-in. taken_s: since the last glance. arrivals: that
    became due. answered: right answers. failed: all that went wrong since the beginning. in_flight: on their way now.
    times_s: response times, at most some hundreds of them. lateness_max_s: of the same requests.
    """

    elapsed_s: float
    taken_s: float
    arrivals: int
    answered: int
    failed: int
    in_flight: int
    times_s: tuple[float, ...] = ()
    lateness_max_s: float = 0.0

    @property
    def response_time_p95_s(self) -> float:
        """Of `times_s`; nan when nothing was answered."""
        return quantile(sorted(self.times_s), 0.95) if self.times_s else math.nan


def glance_of_all(glances: Sequence[Glance]) -> Glance:
    """One glance at several processes of the same load, at least one, taken at about the same time."""
    return Glance(
        elapsed_s=max(one.elapsed_s for one in glances),
        taken_s=max(one.taken_s for one in glances),
        arrivals=sum(one.arrivals for one in glances),
        answered=sum(one.answered for one in glances),
        failed=sum(one.failed for one in glances),
        in_flight=sum(one.in_flight for one in glances),
        times_s=tuple(time_s for one in glances for time_s in one.times_s),
        lateness_max_s=max(one.lateness_max_s for one in glances),
    )
