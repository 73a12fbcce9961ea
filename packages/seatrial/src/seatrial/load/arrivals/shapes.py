"""When requests are due: pure arithmetic, no clock.

Every shape of arrivals is a frozen value that gives offsets in seconds from the load's beginning. Rates that change are
in `profile` and `day`, times that were recorded in `recorded`.

Poisson is the default because independent users arrive so; even spacing hides queueing: a server that needs 10 ms per
request showed a p95 of 12 ms at 85 evenly spaced requests a second, and of 116 ms at 85 Poisson ones.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from seatrial.errors import LoadError

__all__ = [
    "RATE_MAX_RPS",
    "Arrivals",
    "Constant",
    "Part",
    "Poisson",
    "arrival_count",
    "check_duration",
    "check_rate",
    "ordered_uniform",
]

RATE_MAX_RPS = 10_000_000.0
_DURATION_MAX_S = 366 * 86_400.0
_WHERE = "arrivals"


class Arrivals(Protocol):
    """A shape of arrivals: a value that can be pickled, so that each process of a load reckons its own part."""

    def offsets(self, duration_s: float, seed: int | str) -> Iterator[float]:
        """Due times in seconds, ascending, all in [0, duration_s); reckoned one by one, so that none has to be kept.

        The same seed gives the same times. LoadError at once for a duration that cannot be.
        """

    def part(self, index: int, count: int) -> Self:
        """What the process `index` of `count` does of it: with the same seed, all parts together are the whole.

        Of evenly spaced or recorded arrivals every count-th, to the last digit. Of Poisson arrivals as many, to the
        arrival, but at times drawn anew: parts of a Poisson process are Poisson processes of 1/count of its rate, and
        superposed they are one of the whole rate (Karlin and Taylor, A First Course in Stochastic Processes, 4.1).
        """

    def mean_rate_rps(self, duration_s: float) -> float:
        """Arrivals per second to be expected over the duration."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which of the arrivals 0, 1, 2, ... are one's own: index, index + count, index + 2 count, ..."""

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise LoadError(f"part {self.index} of {self.count} is none: parts count from 0.", where=_WHERE)

    def of(self, index: int, count: int) -> "Part":
        """A part of this part."""
        inner = Part(index, count)
        return Part(self.index + self.count * inner.index, self.count * inner.count)

    def size(self, whole: int) -> int:
        """How many of `whole` arrivals are one's own."""
        return len(range(self.index, whole, self.count))

    def seed(self, seed: int | str) -> int | str:
        """A seed of one's own, so that parts draw different times; the whole's is its own."""
        return seed if self.count == 1 else f"{seed}/part {self.index} of {self.count}"


@dataclass(frozen=True, slots=True)
class Constant:
    """Due times 0, 1/rate, 2/rate, ...; each from its index, so that rounding never adds up."""

    rate_rps: float
    share: Part = field(default=Part(), kw_only=True)

    def __post_init__(self) -> None:
        check_rate(self.rate_rps)

    def offsets(self, duration_s: float, seed: int | str = 0) -> Iterator[float]:
        """See `Arrivals`; nothing is random."""
        del seed
        check_duration(duration_s)
        indexes = range(self.share.index, arrival_count(self.rate_rps * duration_s), self.share.count)
        return (index / self.rate_rps for index in indexes)

    def part(self, index: int, count: int) -> Self:
        """See `Arrivals`."""
        return replace(self, share=self.share.of(index, count))

    def mean_rate_rps(self, duration_s: float) -> float:
        """See `Arrivals`."""
        check_duration(duration_s)
        return self.rate_rps / self.share.count


@dataclass(frozen=True, slots=True)
class Poisson:
    """A Poisson process given that exactly round(rate_rps * duration_s) arrivals (at least one) fall into the duration.

    Given its count, a Poisson process is that many independent uniform times in order (Karlin and Taylor, A First
    Course in Stochastic Processes, 4.2). A trial of some seconds then offers the rate it is said to offer: 500 free
    arrivals would miss it by 4.5 % (one standard deviation), as much as the trial is there to tell apart.
    """

    rate_rps: float
    share: Part = field(default=Part(), kw_only=True)

    def __post_init__(self) -> None:
        check_rate(self.rate_rps)

    def offsets(self, duration_s: float, seed: int | str) -> Iterator[float]:
        """See `Arrivals`."""
        check_duration(duration_s)
        count = self.share.size(max(1, round(self.rate_rps * duration_s)))
        return ordered_uniform(count, duration_s, random.Random(self.share.seed(seed)).random)

    def part(self, index: int, count: int) -> Self:
        """See `Arrivals`."""
        return replace(self, share=self.share.of(index, count))

    def mean_rate_rps(self, duration_s: float) -> float:
        """See `Arrivals`."""
        check_duration(duration_s)
        return self.rate_rps / self.share.count


def arrival_count(expected: float) -> int:
    """How many of the arrivals 0, 1, 2, ... come before the `expected`-th, which need not be whole.

    The tolerance keeps 0.3 s of 10/s, 3.0000000000000004 arrivals by a rounding error, from being four.
    """
    return max(0, math.ceil(expected - max(1e-9, 1e-12 * expected)))


def ordered_uniform(count: int, end: float, uniform: Callable[[], float]) -> Iterator[float]:
    """`count` independent uniform numbers of [0, end) in order, made one after the other from draws of [0, 1).

    Of k numbers left in (t, end), all are later than t + x with probability (1 - x / (end - t))^k: the next one follows
    from one draw, and none has to be kept (Devroye, Non-Uniform Random Variate Generation, V.3).
    """
    at = 0.0
    last = math.nextafter(end, 0.0)
    for left in range(count, 0, -1):
        # 1 - U lies in (0, 1], so that `at` stays below the end but for rounding.
        at += (end - at) * (1.0 - (1.0 - uniform()) ** (1.0 / left))
        at = min(at, last)
        yield at


def check_duration(duration_s: float) -> None:
    """LoadError for what is no duration of a load."""
    if not 0 < duration_s <= _DURATION_MAX_S:
        raise LoadError(
            f"the duration is {duration_s}; it must be a number of seconds above zero, a year at most.", where=_WHERE
        )


def check_rate(rate_rps: float) -> None:
    """LoadError for what is no rate of arrivals."""
    if not 0 < rate_rps <= RATE_MAX_RPS:
        raise LoadError(
            f"the offered rate is {rate_rps}; it must be a number above zero, at most {RATE_MAX_RPS:,.0f} a second.",
            where=_WHERE,
        )
