"""A day's curve: quiet nights, one busy hour."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Self

from seatrial.errors import LoadError
from seatrial.load.arrivals.rate_curve import Piece, check_spacing, curve_mean_rate_rps, curve_offsets
from seatrial.load.arrivals.shapes import Part, check_duration, check_rate

__all__ = ["DAY_S", "PEAK_FACTOR", "PEAK_HOUR", "Day"]

DAY_S = 86_400.0
PEAK_FACTOR = 3.0
"""The busiest rate over the day's mean of users in one time zone: Twitter went from a mean of 250 requests a second to
800 in 2007. Users all over the world make it flatter: 1.5 to 1.75 at Stack Exchange in 2013."""
PEAK_HOUR = 20.0
"""Evening. An assumption: an access log knows better."""

_PEAK_FACTOR_MAX = 12.0
_POINTS = 96
_SHARPNESS_MAX = 1000.0


@dataclass(frozen=True, slots=True)
class Day:
    """The rate r(h) = peak_rate_rps * exp(k * (cos(2 pi (h - peak_hour) / 24) - 1)) over the hours h of a day.

    k makes the peak `peak_factor` (1 to 12) times the mean of the day. It is the density of the von Mises distribution,
    the circle's normal one. That it is like a site's day was checked on one figure: with the 1.6 to 1.7 times the mean
    that are reported of users all over the world, the busiest hour has 2.9 to 3.4 times the traffic of the quietest;
    reported are 3 to 4 times (robustperception.io). Between the points, a quarter of an hour apart, it is straight.

    The day begins at midnight, takes day_s seconds (fewer squeeze it: rates stay, their changes come faster) and begins
    anew. spacing: "poisson" or "constant". Arrivals: see `seatrial.load.arrivals.shapes.Arrivals`.
    """

    peak_rate_rps: float
    peak_factor: float = PEAK_FACTOR
    peak_hour: float = PEAK_HOUR
    day_s: float = DAY_S
    spacing: str = "poisson"
    share: Part = field(default=Part(), kw_only=True)

    def __post_init__(self) -> None:
        check_rate(self.peak_rate_rps)
        check_duration(self.day_s)
        check_spacing(self.spacing)
        if not 1 <= self.peak_factor <= _PEAK_FACTOR_MAX:
            raise LoadError(
                f"the peak is {self.peak_factor:g} times the mean of the day; it takes 1 to {_PEAK_FACTOR_MAX:g}.",
                where="arrivals",
                try_this="3 is usual for users of one time zone, 1.7 for users all over the world.",
            )
        if not 0 <= self.peak_hour < 24:
            raise LoadError(
                f"the peak is at {self.peak_hour:g} o'clock; it takes 0 to below 24.",
                where="arrivals",
                try_this="Write half past eight in the evening as 20.5.",
            )

    @classmethod
    def of_mean(cls, mean_rps: float, *, peak_factor: float = PEAK_FACTOR, peak_hour: float = PEAK_HOUR) -> Self:
        """The day whose mean rate is known, such as requests a day divided by 86,400."""
        check_rate(mean_rps)
        return cls(mean_rps * peak_factor, peak_factor, peak_hour)

    @property
    def length_s(self) -> float:
        """How long one day takes."""
        return self.day_s

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
        points = _day(self.peak_factor, self.peak_hour)
        for number in itertools.count():
            for (at, rate), (following, next_rate) in itertools.pairwise(points):
                start_s = (number + at) * self.day_s
                length_s = (number + following) * self.day_s - start_s
                yield Piece(start_s, length_s, rate * self.peak_rate_rps, next_rate * self.peak_rate_rps)


@lru_cache(maxsize=8)
def _day(peak_factor: float, peak_hour: float) -> tuple[tuple[float, float], ...]:
    """Points from midnight to midnight: (share of the day gone, rate over the peak's)."""
    curve = _curve(_sharpness(peak_factor))
    peak = peak_hour / 24
    after = [((peak + number / _POINTS) % 1.0, rate) for number, rate in enumerate(curve)]
    inside = sorted(point for point in after if point[0] > 0)
    # Midnight lies between two points, or on one.
    (first, first_rate), (last, last_rate) = inside[0], inside[-1]
    midnight = next(
        (rate for at, rate in after if at == 0),
        last_rate + (first_rate - last_rate) * (1 - last) / (1 - last + first),
    )
    return ((0.0, midnight), *inside, (1.0, midnight))


def _curve(sharpness: float) -> list[float]:
    """Rates over the peak's at _POINTS even points of a day that begins at its peak."""
    return [math.exp(sharpness * (math.cos(2 * math.pi * number / _POINTS) - 1)) for number in range(_POINTS)]


def _sharpness(peak_factor: float) -> float:
    """The k whose curve has the mean 1 / peak_factor. With straight lines between, the points' mean is the curve's."""
    low, high = 0.0, _SHARPNESS_MAX
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if math.fsum(_curve(middle)) * peak_factor > _POINTS else (low, middle)
    return low
