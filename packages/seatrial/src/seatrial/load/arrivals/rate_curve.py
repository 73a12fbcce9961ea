"""Arrivals at a rate that changes in straight lines, by inversion of the integrated rate.

The integrated rate L(t) counts the arrivals expected until t. Points evenly spaced on it, or those of a Poisson process
on it, taken back to time are arrivals at that rate (Cinlar, Introduction to Stochastic Processes, 4.7; Lewis and
Shedler, Simulation of Nonhomogeneous Poisson Processes by Thinning, 1979, section 1). L is a parabola on each piece, so
that its inverse is a formula, and one piece at a time is all that is kept.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from seatrial.errors import LoadError
from seatrial.load.arrivals.shapes import Part, arrival_count, check_duration, ordered_uniform

__all__ = ["SPACINGS", "Piece", "check_spacing", "curve_mean_rate_rps", "curve_offsets"]

SPACINGS = ("poisson", "constant")
"""How arrivals lie on the curve: at random, as from people who do not know of each other; or evenly."""


class Piece(NamedTuple):
    """A straight line of the rate: from begin_rps at start_s to end_rps, length_s later."""

    start_s: float
    length_s: float
    begin_rps: float
    end_rps: float

    @property
    def arrivals(self) -> float:
        """How many are expected in it."""
        return (self.begin_rps + self.end_rps) / 2 * self.length_s

    def after(self, arrivals: float) -> float:
        """When, in seconds since it began, so many are expected; 0 <= arrivals < self.arrivals."""
        if arrivals <= 0:
            return 0.0
        # The solution of begin x + (end - begin) / (2 length) x^2 = arrivals, written so that nothing cancels.
        slope = (self.end_rps - self.begin_rps) / self.length_s
        root = math.sqrt(max(0.0, self.begin_rps * self.begin_rps + 2 * slope * arrivals))
        return min(self.length_s, 2 * arrivals / (self.begin_rps + root))


def check_spacing(spacing: str) -> None:
    """LoadError when it is none of SPACINGS."""
    if spacing not in SPACINGS:
        raise LoadError(f"arrivals are spaced {spacing!r}; it is {' or '.join(SPACINGS)}.", where="arrivals")


def curve_offsets(
    pieces: Callable[[], Iterator[Piece]], duration_s: float, seed: int | str, *, spacing: str, share: Part
) -> Iterator[float]:
    """Due times of one part of the arrivals; pieces: begins the curve anew, which must reach as far as the duration.

    Poisson arrivals are round(expected arrivals) in number, at least one, as in `shapes.Poisson`.
    """
    expected = _expected(pieces(), duration_s)
    if spacing == "constant":
        levels: Iterator[float] = map(float, range(share.index, arrival_count(expected), share.count))
    else:
        count = share.size(max(1, round(expected)))
        levels = ordered_uniform(count, expected, random.Random(share.seed(seed)).random)
    return _at_levels(levels, _until(pieces(), duration_s), duration_s)


def curve_mean_rate_rps(pieces: Iterable[Piece], duration_s: float, share: Part) -> float:
    """Arrivals expected per second over the duration, of one part."""
    return _expected(pieces, duration_s) / duration_s / share.count


def _expected(pieces: Iterable[Piece], duration_s: float) -> float:
    check_duration(duration_s)
    expected = 0.0
    for piece in _until(pieces, duration_s):
        expected += piece.arrivals
    if not expected > 0:
        raise LoadError(
            f"the rate is zero during all of {duration_s:g} s: nothing would be sent.",
            where="arrivals",
            try_this="Give a point within the duration a rate above zero.",
        )
    return expected


def _until(pieces: Iterable[Piece], end_s: float) -> Iterator[Piece]:
    """The pieces before end_s, the last one cut there."""
    for piece in pieces:
        if piece.start_s >= end_s:
            return
        length_s = min(piece.length_s, end_s - piece.start_s)
        if length_s <= 0:  # a step
            continue
        slope = (piece.end_rps - piece.begin_rps) / piece.length_s
        is_cut = length_s < piece.length_s
        yield piece._replace(length_s=length_s, end_rps=piece.begin_rps + slope * length_s) if is_cut else piece


def _at_levels(levels: Iterator[float], pieces: Iterator[Piece], end_s: float) -> Iterator[float]:
    last_s = math.nextafter(end_s, 0.0)
    piece = next(pieces)
    before, upto = 0.0, piece.arrivals
    at_s = 0.0
    for level in levels:
        # At a level where the rate is zero for a while, the arrival comes when that is over.
        while level >= upto:
            following = next(pieces, None)
            if following is None:  # a rounding error beyond the end
                break
            piece = following
            before, upto = upto, upto + piece.arrivals
        # Neither may rounding make time go back, nor reach the end.
        at_s = min(last_s, max(at_s, piece.start_s + piece.after(level - before)))
        yield at_s
