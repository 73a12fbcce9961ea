"""How sure a capacity is: the spread between fresh starts, never less than the noise inside them. Pure."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from statistics import variance as variance_of

from seatrial.measure.measurement import Measurement, Verdict
from seatrial.model.confidence import student_t_quantile

__all__ = [
    "half_width",
    "relative_noise",
    "relative_spread",
    "relative_variance",
    "summed_variance",
    "t_half_width",
]

NEARLY_NORMAL = 200
"""Degrees of freedom from which Student's t has, to 1 %, the quantiles of the normal distribution."""


def half_width(values: Sequence[float], noise: float, corrections: Sequence[float | None] = ()) -> float | None:
    """Half of the 95 % interval of the mean of one value per start; None with a single start.

    Student's t over the starts, and at least `noise` (relative, of batch means): three starts may agree by luck.

    corrections: of each start, the factor by which its own open load corrected its closed loop; None of a brief start,
    which took the mean factor of the others. The brief starts then tell nothing of the factor, so the variance of the
    mean is that of two-phase sampling (Cochran, Sampling Techniques, 3rd ed. 1977, chapter 12), for n starts of which
    f have a factor of their own, closed loop and factor taken as independent and normal:

        V = s_closed^2 / n + s_factor^2 / f                      (relative)

    with Satterthwaite's degrees of freedom (Biometrics Bulletin 2, 1946), rounded down:

        V^2 / ((s_closed^2 / n)^2 / (n - 1) + (s_factor^2 / f)^2 / (f - 1))
    """
    spread = _relative_half(values, corrections, further=0)
    return None if spread is None else max(spread, noise) * fmean(values)


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


def relative_spread(values: Sequence[float], noise: float, corrections: Sequence[float | None] = ()) -> float | None:
    """Relative 95 % half width for ONE further start (a prediction interval), from starts of a like configuration."""
    spread = _relative_half(values, corrections, further=1)
    return None if spread is None else max(spread, noise)


def _relative_half(values: Sequence[float], corrections: Sequence[float | None], *, further: int) -> float | None:
    """Of the mean (further = 0), or of one further start against it (1): its own variance comes on top."""
    spread = relative_variance(values, corrections, further=further)
    if spread is None:
        return None
    variance, freedom = spread
    return t_half_width(variance, freedom) if variance > 0.0 else 0.0


def t_half_width(variance: float, freedom: float) -> float:
    """Half of the 95 % interval by Student's t; degrees of freedom are rounded down."""
    # But for what rounding of a division took; beyond so many, Student's t is as good as normal.
    degrees = min(NEARLY_NORMAL, math.floor(freedom + 1e-9))
    return student_t_quantile(0.975, degrees) * math.sqrt(variance)


def relative_variance(
    values: Sequence[float], corrections: Sequence[float | None], *, further: float
) -> tuple[float, float] | None:
    """Relative variance of the mean over starts, and its degrees of freedom; None with a single start.

    further: variances of one start on top: 0 for the mean itself, 1 for one further start against it, 1 / m for the
    mean of m further ones.
    """
    starts = len(values)
    if starts < 2:
        return None
    own = [correction for correction in corrections if correction is not None]
    if len(own) < 2 or len(own) == starts:  # one factor has no spread that could be told; with all, it is in the values
        parts = [(_relative_variance(values) * (further + 1.0 / starts), starts - 1)]
    else:
        mean = fmean(own)
        closed = [value / (correction or mean) for value, correction in zip(values, corrections, strict=True)]
        parts = [
            (_relative_variance(closed) * (further + 1.0 / starts), starts - 1),
            (_relative_variance(own) * (further + 1.0 / len(own)), len(own) - 1),
        ]
    return summed_variance(parts) or (0.0, float(starts - 1))


def summed_variance(parts: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Of (variance, degrees of freedom) pairs that are independent: their sum, with Satterthwaite's degrees of freedom.

    None when there is no variance at all.
    """
    variance = math.fsum(part for part, _ in parts)
    if variance <= 0.0:
        return None
    return variance, variance**2 / math.fsum(part**2 / degrees for part, degrees in parts)


def _relative_variance(values: Sequence[float]) -> float:
    return variance_of(values) / fmean(values) ** 2
