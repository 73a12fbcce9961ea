"""How far studies of the same app on the same machine differ from hour to hour, and what an interval covers. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import variance

from seatrial.measure.likeness import glance_at, likeness_of
from seatrial.measure.study import Study
from seatrial.model.carrying import REPEATABILITY

__all__ = ["USUAL_SPREAD", "Hours", "hours_of", "hours_words", "spread_over_hours"]

USUAL_SPREAD, USUAL_WEIGHT = REPEATABILITY / (1.96 * math.sqrt(2.0)), 2.0
"""Relative standard deviation of one study about many hours, and how many degrees of freedom that knowledge is worth.
From calibrations of one shared machine, no app's: two of them differ by less than `REPEATABILITY`."""


@dataclass(frozen=True, slots=True)
class Hours:
    """studies: of the same app here, this one among them. apart: the fastest over the slowest, less 1. variance: of one
    study's rate about that of many hours, relative, with its degrees of freedom.
    """

    studies: int
    apart: float
    variance: float
    freedom: float

    @property
    def of_another(self) -> float:
        """Relative variance between this study and one at another hour: each has its own."""
        return 2.0 * self.variance


def hours_of(study: Study) -> Hours | None:
    """From this study and the earlier ones that it keeps; None where there is none to compare it with."""
    own, likeness = glance_at(study), likeness_of(study)
    earlier = [each.saturated_rps for each in study.earlier if each.likeness == likeness]
    return spread_over_hours([*earlier, own.saturated_rps]) if own is not None and earlier else None


def spread_over_hours(rates_rps: Sequence[float]) -> Hours:
    """From the rates of two studies or more.

    The variance of their logarithms, drawn towards the usual one: (f s^2 + f0 s0^2) / (f + f0), with f + f0 degrees of
    freedom (Smyth 2004, as between starts). Two studies alone would give intervals of factors, or none by luck. What
    starts differ by is in it too, so it is a little too wide.
    """
    logs = [math.log(rate) for rate in rates_rps]
    freedom = len(logs) - 1
    moderated = (freedom * variance(logs) + USUAL_WEIGHT * USUAL_SPREAD**2) / (freedom + USUAL_WEIGHT)
    return Hours(len(logs), math.exp(max(logs) - min(logs)) - 1.0, moderated, freedom + USUAL_WEIGHT)


def hours_words(hours: Hours | None) -> str:
    """What the intervals of predictions cover, of hours."""
    if hours is None:
        return (
            "The intervals cover fresh starts and what such models are wrong by, at the hour of this one study. Other "
            f"hours of a shared machine are not in them: work that never changes was seen {100 * REPEATABILITY:.0f} % "
            "apart."
        )
    return (
        f"The intervals cover other hours too: {hours.studies} studies of the same code on this machine were "
        f"{100 * hours.apart:.0f} % apart at most."
    )
