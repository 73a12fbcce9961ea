"""What happened when: a row for each second, or for two, four, ... seconds of a longer load."""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["ROWS_MAX", "Series", "SeriesRow"]

ROWS_MAX = 3600
"""An hour in seconds; a longer load has rows of 2, 4, 8, ... seconds."""


class SeriesRow(NamedTuple):
    """One stretch of the load, `starts_s` seconds after its beginning.

    offered: requests due in it. failed, worst_response_time_s: of those, however late they ended (a failure lasts no
    less than the timeout). answered: right answers that became whole in it, whenever they were due.
    """

    starts_s: float
    offered: int
    answered: int
    failed: int
    worst_response_time_s: float


@dataclass(slots=True, kw_only=True)
class Series:
    """Counts per row. Its size is fixed by the length of the load from the start, so that no row is ever recounted.

    started_s: perf_counter time of the first row. lasts_s: after which nothing new is expected; what comes all the same
    counts in the last row. row_s: seconds per row.
    """

    started_s: float
    lasts_s: float
    row_s: float = field(init=False)
    offered: "array[int]" = field(init=False)
    answered: "array[int]" = field(init=False)
    failed: "array[int]" = field(init=False)
    worst_s: "array[float]" = field(init=False)

    def __post_init__(self) -> None:
        self.row_s = float(2 ** max(0, math.ceil(math.log2(self.lasts_s / ROWS_MAX))))
        rows = bytes(8 * math.ceil(self.lasts_s / self.row_s))
        self.offered, self.answered, self.failed = array("Q", rows), array("Q", rows), array("Q", rows)
        self.worst_s = array("d", rows)

    def record(
        self, due_s: Sequence[float], done_s: Sequence[float], times_s: Sequence[float], errors: Sequence[str]
    ) -> None:
        """Count requests (at least one): when due, when done, how long they took, the cause of a failure or ""."""
        # Nothing is done before it is due: what nearly every handful is like is all in one row, and right.
        first = self._row(min(due_s))
        if first == self._row(max(done_s)) and not any(errors):
            self.offered[first] += len(due_s)
            self.answered[first] += len(due_s)
            self.worst_s[first] = max(self.worst_s[first], *times_s)
            return
        for due, done, time_s, error in zip(due_s, done_s, times_s, errors, strict=True):
            row = self._row(due)
            self.offered[row] += 1
            self.worst_s[row] = max(self.worst_s[row], time_s)
            if error:
                self.failed[row] += 1
            else:
                self.answered[self._row(done)] += 1

    def answer(self, done_s: float) -> None:
        """Count a right answer to what was due before the load."""
        self.answered[self._row(done_s)] += 1

    def merge(self, other: "Series") -> None:
        """Add what another series of the same load saw."""
        for mine, its in ((self.offered, other.offered), (self.answered, other.answered), (self.failed, other.failed)):
            for row, count in enumerate(its):
                mine[row] += count
        self.worst_s = array("d", map(max, self.worst_s, other.worst_s))

    def rows(self) -> tuple[SeriesRow, ...]:
        """The rows up to the last in which anything happened."""
        columns = zip(self.offered, self.answered, self.failed, self.worst_s, strict=True)
        rows = [SeriesRow(number * self.row_s, *columns_of) for number, columns_of in enumerate(columns)]
        while rows and not (rows[-1].offered or rows[-1].answered):
            rows.pop()
        return tuple(rows)

    def _row(self, at_s: float) -> int:
        return min(max(int((at_s - self.started_s) / self.row_s), 0), len(self.offered) - 1)
