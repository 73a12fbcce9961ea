"""The highest rate that meets an objective, by bisection, asking only at the rates that its answer hangs on."""

import math
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PRECISION", "Tried", "highest_rate_rps"]

PRECISION = 0.004
"""Relative width at which the bisection stops."""

FIRST_STEP = 0.9
"""Of the ceiling: capacity is near saturation unless something waits."""

LEAST_STEP = 0.1
"""Of the bracket, from the rate that met to the next one."""

LOWEST_RPS = 1e-6


@dataclass(frozen=True, slots=True)
class Tried:
    """A rate that was tried. slack: the objective's limit over the time seen there; falls towards 0 near saturation."""

    rate_rps: float
    slack: float
    meets: bool


def highest_rate_rps(run: Callable[[float], Tried], idle_slack: float, ceiling_rps: float) -> float | None:
    """The middle of the last cell of a bisection of 0..ceiling_rps; None when not even `LOWEST_RPS` meets.

    run: tries a rate. idle_slack: the slack of a server on which nobody meets anybody; the ceiling's is taken as 0.

    Whoever meets at a rate is taken to meet at all lower ones, so a bisection needs no more than the two edges of its
    last cell. They are guessed from the slacks: near saturation response times grow as 1 / (1 - rate / saturation), as
    those of M/M/1 do, so the slack falls along a line. Three tries are usual in place of the bisection's six to twelve.
    """
    low, high = Tried(0.0, idle_slack, meets=True), Tried(ceiling_rps, 0.0, meets=False)
    earlier: Tried | None = None  # what the last try took the place of
    widths = [math.inf] * 3
    while True:
        width_rps = high.rate_rps - low.rate_rps
        guess_rps = (low.rate_rps + high.rate_rps) / 2.0
        if width_rps <= widths[-3] / 2.0:  # otherwise the lines mislead, as they do at a cliff
            guess_rps = _guess(low, high, earlier)
            # A slack just above 1 says that the limit is near, or that the curve is flat for a while.
            guess_rps = max(guess_rps, low.rate_rps + LEAST_STEP * width_rps)
        cell = _cell(ceiling_rps, low.rate_rps, high.rate_rps, guess_rps)
        if cell is None:
            return None
        open_edges = [edge for edge in cell if low.rate_rps < edge < high.rate_rps]
        if not open_edges:
            return sum(cell) / 2.0
        widths.append(width_rps)
        tried = run(min(open_edges, key=lambda edge: abs(edge - guess_rps)))
        if tried.meets:
            earlier, low = low, tried
        else:
            earlier, high = high, tried


def _guess(low: Tried, high: Tried, earlier: Tried | None) -> float:
    """Where the slack should be 1: between what the line through the bracket says, and the one through the last two.

    The slack's curve bends, so the two lines err on either side. The middle of the bracket where the objective is
    missed by errors and not by time.
    """
    if not low.slack > 1.0 > high.slack:
        return (low.rate_rps + high.rate_rps) / 2.0
    within = _crossing(low, high)
    if earlier is None or earlier.slack == 0.0:
        return within
    last = low if earlier.meets else high
    beyond = _crossing(earlier, last) if earlier.slack != last.slack else math.inf
    return (within + beyond) / 2.0 if low.rate_rps < beyond < high.rate_rps else within


def _crossing(first: Tried, second: Tried) -> float:
    share = (first.slack - 1.0) / (first.slack - second.slack)
    return first.rate_rps + (second.rate_rps - first.rate_rps) * share


def _cell(ceiling_rps: float, meets_rps: float, fails_rps: float, guess_rps: float) -> tuple[float, float] | None:
    """The last cell of the bisection, if `guess_rps` were the truth where nothing is known; None: it goes to zero."""
    low_rps, high_rps, step = 0.0, ceiling_rps, FIRST_STEP
    while high_rps - low_rps > PRECISION * high_rps:
        middle_rps = low_rps + (high_rps - low_rps) * (step if low_rps == 0.0 else 0.5)
        step = 0.5
        if middle_rps <= meets_rps or (middle_rps < fails_rps and middle_rps <= guess_rps):
            low_rps = middle_rps
        else:
            high_rps = middle_rps
        if high_rps < LOWEST_RPS:
            return None
    return low_rps, high_rps
