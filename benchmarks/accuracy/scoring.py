"""The arithmetic of the matrix: errors, their quantiles, coverage, and whether two studies differ. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, variance

from seatrial.model.confidence import student_t_quantile

__all__ = ["GOALS", "Goal", "Row", "are_different", "nearest_rank", "relative_error", "row_of", "share_words"]


@dataclass(frozen=True)
class Goal:
    """One line of what is to be reached. p90, median: of the absolute error. under: no error below minus this."""

    key: str
    words: str
    p90: float
    median: float | None = None
    under: float | None = None


GOALS = (
    Goal("again", "capacity again, same configuration", 0.05),
    Goal("inside", "other workers, threads, pool inside the measured range", 0.10, median=0.05),
    Goal("beyond", "twice the CPU (or half), or workers beyond the measured range", 0.15),
    Goal("apart", "database moved off the box", 0.20),
    Goal("p95", "p95 at <= 80 % of capacity", 0.25),
    Goal("memory", "peak memory for W workers", 0.10, under=0.05),
)


@dataclass(frozen=True)
class Row:
    """A goal and what was reached; None where nothing was measured."""

    goal: Goal
    count: int
    p90: float | None
    median: float | None
    worst: float | None
    is_met: bool | None


def relative_error(predicted: float, measured: float) -> float:
    """predicted / measured - 1: above 0 when too much was promised."""
    return predicted / measured - 1.0


def nearest_rank(values: Sequence[float], quantile: float) -> float:
    """The smallest value that so large a share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(quantile * len(values) - 1e-9) - 1)]


def row_of(goal: Goal, errors: Sequence[float]) -> Row:
    """What the errors of one goal amount to."""
    if not errors:
        return Row(goal, 0, None, None, None, None)
    sizes = [abs(error) for error in errors]
    p90, middle = nearest_rank(sizes, 0.9), median(sizes)
    is_met = p90 <= goal.p90 and (goal.median is None or middle <= goal.median)
    if goal.under is not None:
        is_met = is_met and min(errors) >= -goal.under
    return Row(goal, len(errors), p90, middle, max(errors, key=abs), is_met)


def are_different(first: Sequence[float], second: Sequence[float]) -> bool | None:
    """Whether two studies' starts differ at 5 %, by Welch's t test; None with fewer than two starts in either."""
    if min(len(first), len(second)) < 2:
        return None
    parts = [variance(values) / len(values) for values in (first, second)]
    if not sum(parts):
        return fmean(first) != fmean(second)
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(values) - 1) for part, values in zip(parts, (first, second), strict=True)
    )
    t = abs(fmean(first) - fmean(second)) / math.sqrt(sum(parts))
    return t > student_t_quantile(0.975, max(1, math.floor(freedom + 1e-9)))


def share_words(hits: int, count: int) -> str:
    """`11 of 12 (92 %)`."""
    return f"{hits} of {count} ({100 * hits / count:.0f} %)" if count else "none"
