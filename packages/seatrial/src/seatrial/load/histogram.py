"""Quantiles of response times: exact ones of observations, and a bounded recorder where keeping all would not do."""

import math
from collections.abc import Iterable, Sequence

from hdrh.histogram import HdrHistogram

from seatrial.load.observation import Observation

__all__ = ["TwoClockHistogram", "quantile", "response_times_s"]


def response_times_s(observations: Iterable[Observation]) -> list[float]:
    """Response times from the due time, ascending; a wrong or missing answer is slower than any limit (infinite)."""
    return sorted(math.inf if seen.error else seen.response_time_s for seen in observations)


def quantile(sorted_values: Sequence[float], q: float) -> float:
    """The smallest value that at least the share `q` of them do not exceed: x[ceil(q n)], counted from 1.

    Not interpolated, so that "95 % within 500 ms" means exactly that; nan of nothing.
    """
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
    if not sorted_values:
        return math.nan
    # The tolerance keeps 0.95 * 100 from becoming rank 96 by a rounding error.
    rank = math.ceil(q * len(sorted_values) - 1e-9)
    return sorted_values[max(rank, 1) - 1]


class TwoClockHistogram:
    """Response times in a bounded space, by two clocks: from the due time (honest) and from the send (naive).

    1 microsecond to one hour, 3 significant digits (within 0.1 %), about 200 kB each; longer times count as
    one hour.
    """

    LONGEST_S = 3600.0

    def __init__(self) -> None:
        self.from_due = HdrHistogram(1, int(self.LONGEST_S * 1e6), 3)
        self.from_sent = HdrHistogram(1, int(self.LONGEST_S * 1e6), 3)
        self.failed = 0

    def record(self, seen: Observation) -> None:
        """Count one request; failures count at the time they took, and in `failed`."""
        if seen.error:
            self.failed += 1
        self.from_due.record_value(self._microseconds(seen.response_time_s))
        self.from_sent.record_value(self._microseconds(seen.done_s - seen.sent_s))

    def merge(self, other: "TwoClockHistogram") -> None:
        """Add what another recorder saw; never average two quantiles instead."""
        self.from_due.add(other.from_due)
        self.from_sent.add(other.from_sent)
        self.failed += other.failed

    def quantile_from_due_s(self, q: float) -> float:
        """The response time that the share `q` of all requests did not exceed, from when they were due."""
        return float(self.from_due.get_value_at_percentile(q * 100)) / 1e6

    def quantile_from_sent_s(self, q: float) -> float:
        """The same counted from the send: too good whenever the generator was late."""
        return float(self.from_sent.get_value_at_percentile(q * 100)) / 1e6

    @property
    def count(self) -> int:
        """Requests recorded."""
        return int(self.from_due.get_total_count())

    def _microseconds(self, seconds: float) -> int:
        return max(1, round(min(seconds, self.LONGEST_S) * 1e6))
