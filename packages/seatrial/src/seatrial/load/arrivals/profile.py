"""A rate that ramps and steps."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from seatrial.errors import LoadError
from seatrial.load.arrivals.rate_curve import Piece, check_spacing, curve_mean_rate_rps, curve_offsets
from seatrial.load.arrivals.shapes import RATE_MAX_RPS, Part

__all__ = ["Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """The rate in straight lines between points (at_s, rate_rps); two points at the same time make a step.

    The first point is at 0 s; after the last one its rate stays. A rate may be zero, but not all of them.
    spacing: "poisson" or "constant". Arrivals: see `seatrial.load.arrivals.shapes.Arrivals`.
    """

    points: tuple[tuple[float, float], ...]
    spacing: str = "poisson"
    share: Part = field(default=Part(), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", tuple((float(at_s), float(rate_rps)) for at_s, rate_rps in self.points))
        check_spacing(self.spacing)
        _check(self.points)

    @property
    def length_s(self) -> float:
        """When the last point is."""
        return self.points[-1][0]

    def offsets(self, duration_s: float, seed: int | str) -> Iterator[float]:
        """See `seatrial.load.arrivals.shapes.Arrivals`."""
        return curve_offsets(self._pieces, duration_s, seed, spacing=self.spacing, share=self.share)

    def part(self, index: int, count: int) -> Self:
        """See `seatrial.load.arrivals.shapes.Arrivals`."""
        return replace(self, share=self.share.of(index, count))

    def mean_rate_rps(self, duration_s: float) -> float:
        """See `seatrial.load.arrivals.shapes.Arrivals`."""
        return curve_mean_rate_rps(self._pieces(), duration_s, self.share)

    def _pieces(self) -> Iterator[Piece]:
        for (at_s, rate_rps), (next_s, next_rps) in itertools.pairwise(self.points):
            yield Piece(at_s, next_s - at_s, rate_rps, next_rps)
        at_s, rate_rps = self.points[-1]
        yield Piece(at_s, math.inf, rate_rps, rate_rps)


def _check(points: tuple[tuple[float, float], ...]) -> None:
    if not points:
        raise _refused("it has no point")
    if points[0][0] != 0:
        raise _refused(f"its first point is at {points[0][0]:g} s instead of 0 s")
    for at_s, rate_rps in points:
        if not math.isfinite(at_s):
            raise _refused(f"a point is at {at_s:g} s, which is no time")
        if not 0 <= rate_rps <= RATE_MAX_RPS:
            raise _refused(f"its rate at {at_s:g} s is {rate_rps:g}; it takes 0 to {RATE_MAX_RPS:,.0f} a second")
    for (at_s, _), (next_s, _) in itertools.pairwise(points):
        if next_s < at_s:
            raise _refused(f"a point at {next_s:g} s follows one at {at_s:g} s")
    for (at_s, _), (_, _), (later_s, _) in zip(points, points[1:], points[2:], strict=False):
        if at_s == later_s:
            raise _refused(f"three points are at {at_s:g} s; a step has two")
    if not any(rate_rps for _, rate_rps in points):
        raise _refused("its rate is zero everywhere")


def _refused(why: str) -> LoadError:
    return LoadError(
        f"the profile cannot be followed: {why}.",
        where="arrivals",
        try_this="Give points in the order of time, each a time in seconds and a rate per second, such as "
        "(0, 10), (60, 200): from 10 to 200 a second within a minute.",
    )
