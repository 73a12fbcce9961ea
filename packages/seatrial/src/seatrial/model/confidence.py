"""How sure a mean over a few starts is: Student's t. Pure."""

import math
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["interval_over_starts", "student_t_quantile"]


@lru_cache(1024)
def student_t_quantile(probability: float, degrees_of_freedom: int) -> float:
    """Quantile of Student's t for whole degrees of freedom, exact to 1e-9 (Abramowitz and Stegun 26.7.3, 26.7.4)."""
    if not 0.0 < probability < 1.0 or degrees_of_freedom < 1:
        raise ValueError("Student's t needs a probability inside (0, 1) and at least one degree of freedom")
    if probability < 0.5:
        return -student_t_quantile(1.0 - probability, degrees_of_freedom)
    low, high = 0.0, 1.0
    while _student_t_below(high, degrees_of_freedom) < probability:
        high *= 2.0
    for _ in range(100):
        middle = (low + high) / 2.0
        if _student_t_below(middle, degrees_of_freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0


def _student_t_below(t: float, degrees_of_freedom: int) -> float:
    """P(T <= t) for t >= 0 by the finite series in theta = atan(t / sqrt(df))."""
    theta = math.atan(t / math.sqrt(degrees_of_freedom))
    cosine2 = math.cos(theta) ** 2
    odd = degrees_of_freedom % 2 == 1
    term = math.cos(theta) if odd else 1.0
    total = term if degrees_of_freedom > 1 else 0.0
    for step in range(3 if odd else 2, degrees_of_freedom - 1, 2):
        term *= cosine2 * (step - 1) / step
        total += term
    within = 2.0 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total
    return 0.5 + within / 2.0


def interval_over_starts(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float | None, float | None]:
    """Mean of one value per fresh start, and its interval by Student's t over the starts: (mean, low, high).

    The spread *between* restarts is what an interval must cover; the spread inside one run is smaller and misleads.
    low and high are None for a single run, which has no spread. Raises ValueError without values.
    """
    if not values:
        raise ValueError("an interval needs at least one run")
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return mean, None, None
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = student_t_quantile(0.5 + confidence / 2.0, count - 1) * deviation / math.sqrt(count)
    return mean, mean - half, mean + half
