"""How sure a capacity is: the spread between fresh starts, never less than the noise inside them. Pure."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from seatrial.measure.measurement import Measurement, Verdict
from seatrial.model.laws import interval_over_runs, student_t_quantile

__all__ = ["half_width", "relative_noise", "relative_spread"]


def half_width(values: Sequence[float], noise: float) -> float | None:
    """Half of the 95 % interval of the mean of one value per start; None with a single start.

    Student's t over the starts, and at least `noise` (relative, of batch means): three starts may agree by luck.
    """
    mean, low, high = interval_over_runs(values)
    if low is None or high is None:
        return None
    return max((high - low) / 2.0, noise * mean)


def relative_noise(seen: Sequence[Measurement]) -> float:
    """Relative 95 % half width of the saturated throughput by the method of batch means, a batch being one second."""
    batches = [
        count / (fmean(m.answered_by_second) or 1.0)
        for m in seen
        if m.label == "saturation" and m.verdict != Verdict.INVALID and len(m.answered_by_second) > 1
        for count in m.answered_by_second
    ]
    if len(batches) < 3:
        return 0.0
    return student_t_quantile(0.975, len(batches) - 1) * stdev(batches) / math.sqrt(len(batches))


def relative_spread(values: Sequence[float], noise: float) -> float | None:
    """Relative 95 % half width for ONE further start (a prediction interval), from starts of a like configuration."""
    if len(values) < 2:
        return None
    mean = fmean(values)
    spread = student_t_quantile(0.975, len(values) - 1) * stdev(values) * math.sqrt(1.0 + 1.0 / len(values))
    return max(spread / mean, noise)
