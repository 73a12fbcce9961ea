"""Quantiles of times: exact ones of a few observations, and a histogram of bounded size for any number."""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import add

from seatrial.load.books.observation import Observation

__all__ = ["LONGEST_S", "Histogram", "quantile", "response_times_s"]

LONGEST_S = 3600.0
"""Longer times are counted as this long; `Histogram.max_s` still tells the longest exactly."""

# The layout of an HdrHistogram (hdrhistogram.org) from 1 microsecond to one hour with 3 significant digits: 2048
# buckets of 1 us, then 1024 for each doubling, so that no bucket is wider than 1/1024 of its times. The package
# hdrhistogram has the same buckets (a test compares them one by one) but takes 1.1 us for a value; here it is 0.2 us.
_LONGEST_US = 3_600_000_000
_BUCKETS = (21 << 10) + (_LONGEST_US >> 21) + 1


def response_times_s(observations: Iterable[Observation]) -> list[float]:
    """Response times from the due time, ascending; a wrong or missing answer is slower than any limit (infinite)."""
    return sorted(math.inf if seen.error else seen.response_time_s for seen in observations)


def quantile(sorted_values: Sequence[float], q: float) -> float:
    """The smallest value that at least the share `q` of them do not exceed: x[ceil(q n)], counted from 1.

    Not interpolated, so that "95 % within 500 ms" means exactly that; nan of nothing.
    """
    if not sorted_values:
        return math.nan
    return sorted_values[_rank(q, len(sorted_values)) - 1]


def _rank(q: float, count: int) -> int:
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
    # The tolerance keeps 0.95 * 100 from becoming rank 96 by a rounding error.
    return max(math.ceil(q * count - 1e-9), 1)


@dataclass(slots=True)
class Histogram:
    """How often each time was seen, in 180 kB however many there are; merging is exact, since it only adds counts.

    counts: per bucket. max_s: the longest time, exactly; 0 of nothing.
    """

    counts: "array[int]" = field(default_factory=lambda: array("Q", bytes(8 * _BUCKETS)))
    max_s: float = 0.0

    @property
    def count(self) -> int:
        """Times recorded."""
        return sum(self.counts)

    def record(self, times_s: Sequence[float]) -> None:
        """Count each of these times (seconds; there may be none); what is below zero counts as zero."""
        counts = self.counts
        for time_s in times_s:
            index = int(time_s * 1e6)
            # On the path of every request: plain comparisons, and numbers instead of names, save a third of the time.
            if index >= 2048:
                if index > 3_600_000_000:  # noqa: PLR1730
                    index = 3_600_000_000
                shift = index.bit_length() - 11
                index = (shift << 10) + (index >> shift)
            elif index < 0:
                index = 0
            counts[index] += 1
        self.max_s = max((self.max_s, *times_s))

    def merge(self, other: "Histogram") -> None:
        """Add what another histogram saw; never average two quantiles instead."""
        self.counts = array("Q", map(add, self.counts, other.counts))
        self.max_s = max(self.max_s, other.max_s)

    def quantiles_s(self, *qs: float) -> list[float]:
        """For each q the time that the share q of all did not exceed, within 0.1 % or 1 us; nan of nothing.

        The same rank as `quantile`, and of its bucket the longest time, but none longer than the longest seen.
        """
        below = list(accumulate(self.counts))
        ranks = [_rank(q, below[-1]) for q in qs]
        if not below[-1]:
            return [math.nan for _ in qs]
        return [min(_longest_of(bisect_left(below, rank)), self.max_s) for rank in ranks]

    def quantile_s(self, q: float) -> float:
        """One of `quantiles_s`."""
        return self.quantiles_s(q)[0]


def _longest_of(index: int) -> float:
    """The longest time of a bucket, in seconds."""
    shift = max(0, (index >> 10) - 1)
    return min((((index - (shift << 10)) + 1) << shift) - 1, _LONGEST_US) / 1e6
