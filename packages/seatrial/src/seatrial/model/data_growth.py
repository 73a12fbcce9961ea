"""How a demand grows with the amount of data: like the depth of an index, or like the table. Pure.

Two laws are fitted to the demand D at n rows (or people): D = a + b log n, as of a search in an index, and D = a + b n,
as of a walk through the whole table. The first may be carried on to more data. The second says that an index is
missing: what it would say of ten times the data is a reason to add the index, not a number to buy machines by.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.model.confidence import student_t_quantile

__all__ = ["EXTRAPOLATED_BEYOND", "GrowthLaw", "SizedDemand", "fit_growth"]

EXTRAPOLATED_BEYOND = 4.0
"""More than so many times the largest amount of data that was measured is extrapolated, and marked so."""

Z_975 = 1.959963984540054

SIZES_MIN = 3

CLEARLY_BETTER = 3.841458820694124
"""In weighted squares, that a line must fit better by: the 95 % quantile of chi-square with one degree of freedom."""

DOUBLED = 2.0
"""What a walk through the table adds must be as much as all the rest, or the noise of three starts may look like it."""


@dataclass(frozen=True, slots=True)
class SizedDemand:
    """A demand in seconds at so many rows or people. standard_error_s: of the mean; 0 when it is not known."""

    size: float
    demand_s: float
    standard_error_s: float = 0.0


@dataclass(frozen=True, slots=True)
class GrowthLaw:
    """kind: "flat" (no growth to be seen), "logarithmic" or "linear" (a missing index). D = a_s + b_s x.

    x is log(size / smallest) or size / smallest - 1. covariance: of (a, b): (var a, cov, var b). quantile: of Student's
    t or of the normal law, for 95 %. smallest, largest: sizes that were measured.
    """

    kind: str
    a_s: float
    b_s: float
    covariance: tuple[float, float, float]
    quantile: float
    smallest: float
    largest: float

    def is_extrapolated(self, size: float) -> bool:
        """Whether so much data is more than four times what was measured, or less than a quarter of it."""
        return size > EXTRAPOLATED_BEYOND * self.largest or size < self.smallest / EXTRAPOLATED_BEYOND

    def demand_s(self, size: float) -> tuple[float, float, float] | None:
        """Low (2.5 %), typical and high (97.5 %) demand at that size; None for a linear law beyond what was measured.

        Never below 0.
        """
        if self.kind == "linear" and size > self.largest:
            return None
        x = _regressor(self.kind, size, self.smallest)
        middle = self.a_s + self.b_s * x
        var_a, cov, var_b = self.covariance
        half = self.quantile * math.sqrt(max(0.0, var_a + 2.0 * x * cov + x * x * var_b))
        return max(0.0, middle - half), max(0.0, middle), max(0.0, middle + half)


def fit_growth(points: Sequence[SizedDemand]) -> GrowthLaw:
    """The law that fits three or more sizes better, by (weighted) least squares.

    With standard errors they weigh the points, and the covariance is widened by the residuals where those are larger
    (Birge's ratio). Without them Student's t on the residuals gives the interval. Linear: it fits clearly better, and
    the demand doubles at least from the smallest size to the largest. Flat: b's interval holds 0.

    Raises ValueError for fewer than three different sizes, or sizes or demands that are not above (or at) 0.
    """
    if len({point.size for point in points}) < SIZES_MIN:
        raise ValueError("demands at three different sizes are needed, to tell one law from the other")
    if any(point.size <= 0 or point.demand_s < 0 or point.standard_error_s < 0 for point in points):
        raise ValueError("sizes must be above 0, demands and their errors 0 or more")
    law, residual = _fitted("logarithmic", points)
    linear, linear_residual = _fitted("linear", points)
    known = all(point.standard_error_s > 0 for point in points)
    if linear_residual + (CLEARLY_BETTER if known else 0.0) < residual and _doubles(linear):
        law = linear
    if abs(law.b_s) <= law.quantile * math.sqrt(law.covariance[2]) or law.b_s <= 0.0:
        return _fitted("flat", points)[0]
    return law


def _doubles(law: GrowthLaw) -> bool:
    return law.a_s + law.b_s * _regressor("linear", law.largest, law.smallest) >= DOUBLED * law.a_s


def _regressor(kind: str, size: float, smallest: float) -> float:
    if kind == "flat":
        return 0.0
    return math.log(size / smallest) if kind == "logarithmic" else size / smallest - 1.0


def _fitted(kind: str, points: Sequence[SizedDemand]) -> tuple[GrowthLaw, float]:
    """The law of that kind, and its weighted sum of squared residuals."""
    sizes = [point.size for point in points]
    smallest, largest = min(sizes), max(sizes)
    known = all(point.standard_error_s > 0 for point in points)
    weights = [point.standard_error_s**-2 if known else 1.0 for point in points]
    xs = [_regressor(kind, size, smallest) for size in sizes]
    ys = [point.demand_s for point in points]
    total = math.fsum(weights)
    mean_x = math.fsum(w * x for w, x in zip(weights, xs, strict=True)) / total
    mean_y = math.fsum(w * y for w, y in zip(weights, ys, strict=True)) / total
    square = math.fsum(w * (x - mean_x) ** 2 for w, x in zip(weights, xs, strict=True))
    product = math.fsum(w * (x - mean_x) * (y - mean_y) for w, x, y in zip(weights, xs, ys, strict=True))
    b = product / square if square > 0.0 else 0.0
    a = mean_y - b * mean_x
    residual = math.fsum(w * (y - a - b * x) ** 2 for w, x, y in zip(weights, xs, ys, strict=True))
    freedom = len(points) - (1 if kind == "flat" else 2)
    scale = residual / freedom
    if known:
        scale = max(1.0, scale)
    var_b = scale / square if square > 0.0 else 0.0
    covariance = (scale / total + mean_x**2 * var_b, -mean_x * var_b, var_b)
    quantile = Z_975 if known else student_t_quantile(0.975, freedom)
    return GrowthLaw(kind, a, b, covariance, quantile, smallest, largest), residual
