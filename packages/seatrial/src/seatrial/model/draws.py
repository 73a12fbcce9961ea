"""Random numbers that stand for what is not known: quantities as ranges, drawn so that few draws say much. Pure."""

import math
import random
from collections.abc import Sequence
from statistics import NormalDist

__all__ = ["Z_95", "Quantiles", "latin_columns", "quantiles", "two_piece_lognormal"]

Quantiles = tuple[float, float, float]
"""Low, typical and high: the 5, 50 and 95 % quantile."""

Z_95 = 1.6448536269514722
PLACES = (0.05, 0.5, 0.95)


def latin_columns(ranges: Sequence[Quantiles], draws: int, seed: int) -> list[list[float]]:
    """A column of draws for each range.

    A Latin hypercube: each takes every 1/draws of its distribution once, in shuffled order. The seed makes the same
    question have the same answer.
    """
    shuffle = random.Random(seed).shuffle
    standard = [NormalDist().inv_cdf((place + 0.5) / draws) for place in range(draws)]
    columns = []
    for span in ranges:
        column = [two_piece_lognormal(span, z) for z in standard]
        shuffle(column)
        columns.append(column)
    return columns


def two_piece_lognormal(span: Quantiles, z: float) -> float:
    """The value at standard normal z of a lognormal with its own spread on each side of the median.

    So that 5, 50 and 95 % are exactly as stated, which one spread for both sides cannot do.
    """
    low, typical, high = span
    spread = math.log(typical / low) if z < 0 else math.log(high / typical)
    return typical * math.exp(z * spread / Z_95)


def quantiles(values: Sequence[float]) -> Quantiles:
    """5, 50 and 95 % of the values, in any order."""
    ordered = sorted(values)
    low, typical, high = (ordered[round(place * (len(ordered) - 1))] for place in PLACES)
    return low, typical, high
