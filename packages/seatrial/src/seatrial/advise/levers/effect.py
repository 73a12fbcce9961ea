"""What a lever did to one quantity, from pairs of starts without and with it, and how sure that is. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, variance

from seatrial.model.confidence import student_t_quantile

__all__ = ["BETTER", "CANNOT_TELL", "NO_EFFECT", "WORSE", "Effect", "Pair", "Spread", "effect", "spread_of"]

BETTER, WORSE, NO_EFFECT, CANNOT_TELL = "better", "worse", "no effect", "cannot tell"

SPREAD_WEIGHT = 2.0
"""Degrees of freedom that the spread between starts of one kind is worth at most, beside a lever's own pairs."""

FREEDOM_OF_A_DIFFERENCE = 1.0 / 3.0
"""Of the variance by successive differences: 2/3 for each of many (von Neumann 1941), and half of that since the pairs
hold the same starts. Simulated: identical things are then called different in at most 5 of 100 experiments."""

Pair = tuple[float, float]
"""The quantity without and with the lever, in two starts that followed each other."""

Spread = tuple[float, float]
"""A variance, of logarithms, and its degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Effect:
    """ratio: with the lever over without it; low, high: its interval, None where nothing tells the spread.

    before, after: means (geometric) of the pairs. outcome: see `effect`. pairs: how many.
    """

    before: float
    after: float
    ratio: float
    low: float | None
    high: float | None
    outcome: str
    pairs: int


def spread_of(without: Sequence[float], with_it: Sequence[float]) -> Spread:
    """How much one start with and one without differ by chance, from how starts of either kind differ, in their order.

    By differences of successive starts, so that a machine that becomes slowly faster or slower adds little; the two
    variances are summed and their degrees of freedom are Satterthwaite's.
    """
    kinds = [_successive(values) for values in (without, with_it)]
    total = math.fsum(variance_ for variance_, _ in kinds)
    if any(not freedom for _, freedom in kinds) or not total:
        return 0.0, 0.0
    return total, total**2 / math.fsum(variance_**2 / freedom for variance_, freedom in kinds)


def _successive(values: Sequence[float]) -> Spread:
    differences = [math.log(second / first) for first, second in pairwise(values)]
    if not differences:
        return 0.0, 0.0
    return fmean(d * d for d in differences) / 2.0, FREEDOM_OF_A_DIFFERENCE * len(differences)


def effect(
    pairs: Sequence[Pair],
    spread: Spread = (0.0, 0.0),
    *,
    margin: float,
    more_is_better: bool,
    confidence: float = 0.95,
) -> Effect | None:
    """The effect, or None without a pair. spread: as from `spread_of`.

    The interval is Student's t over the logarithms of the pairs' ratios. Its variance is moderated (Smyth, Statistical
    Applications in Genetics and Molecular Biology 3, 2004) by the spread between starts of one kind, since two or four
    pairs alone may agree by luck: (f s^2 + f0 s0^2) / (f + f0), with f + f0 degrees of freedom.

    outcome: "no effect" when the whole interval is within `margin` of no change; "better" or "worse" when it holds no
    change at all, and the effect is more than the margin; else "cannot tell".
    """
    logs = [math.log(after / before) for before, after in pairs]
    if not logs:
        return None
    before, middle = math.exp(fmean(math.log(each) for each, _ in pairs)), fmean(logs)
    ratio = math.exp(middle)
    own_freedom, known = len(logs) - 1, min(SPREAD_WEIGHT, spread[1])
    freedom = own_freedom + known
    if freedom < 1.0:
        return Effect(before, before * ratio, ratio, None, None, CANNOT_TELL, len(logs))
    own = variance(logs) if own_freedom else 0.0
    pooled = (own_freedom * own + known * spread[0]) / freedom
    half = student_t_quantile(0.5 + confidence / 2.0, int(freedom + 1e-9)) * math.sqrt(pooled / len(logs))
    outcome = _outcome(middle, half, math.log1p(margin), more_is_better=more_is_better)
    low, high = math.exp(middle - half), math.exp(middle + half)
    return Effect(before, before * ratio, ratio, low, high, outcome, len(logs))


def _outcome(middle: float, half: float, margin: float, *, more_is_better: bool) -> str:
    """All of the logarithm of the ratio."""
    if abs(middle) + half <= margin:
        return NO_EFFECT
    if abs(middle) <= max(half, margin):
        return CANNOT_TELL
    return BETTER if (middle > 0.0) == more_is_better else WORSE
