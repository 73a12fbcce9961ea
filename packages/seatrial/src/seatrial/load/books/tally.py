"""The books of a load: what was seen of each operation, in a bounded space whatever its length."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import sub
from typing import Any

from seatrial.load.books.histogram import Histogram
from seatrial.load.books.observation import BROADCAST, Observation
from seatrial.load.books.series import Series, SeriesRow

__all__ = ["OPERATIONS_MAX", "OTHER_OPERATIONS", "OperationTally", "Tally"]

OPERATIONS_MAX = 100
"""Names kept apart; a journey that makes a new name for each request must not fill the memory."""

OTHER_OPERATIONS = "(other operations)"

# Observations wait until this many of an operation can be counted together, column by column. That costs 0.9 us each
# and a pause of 0.11 ms (once in 26 ms at 5,000/s). Counted one by one into the same arrays they cost 1.0 us, into two
# HdrHistograms of the package of that name 2.6 us; a detour over the bits of the floats, in C, gained nothing.
_TOGETHER = 128


@dataclass(slots=True)
class OperationTally:
    """What was seen of one operation, or of all.

    requests: ended, rightly or not. answered: rightly. errors: the others by cause (see `Observation`). reused_retries:
    sent once more since a kept connection turned out to be closed. from_due: response times, from when a request was
    due. from_sent: from when it was sent, too good whenever the generator was late.
    """

    requests: int = 0
    answered: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    reused_retries: int = 0
    from_due: Histogram = field(default_factory=Histogram)
    from_sent: Histogram = field(default_factory=Histogram)

    @property
    def error_ratio(self) -> float:
        """Wrong or missing answers per request; 0 of nothing."""
        return 1.0 - self.answered / self.requests if self.requests else 0.0

    def merge(self, other: "OperationTally") -> None:
        """Add what another tally of the same operation saw."""
        self.requests += other.requests
        self.answered += other.answered
        self.errors.update(other.errors)
        self.reused_retries += other.reused_retries
        self.from_due.merge(other.from_due)
        self.from_sent.merge(other.from_sent)


class Tally:
    """The books of one interval of load; `add` is the `book` of `Driver.follow` and `Driver.closed_loop`.

    started_s: when the interval begins (perf_counter). duration_s: how long it lasts. timeout_s: how long a person
    waits.

    **A failure is never fast.** Whatever its cause, a failed request counts with the time it took or the timeout,
    whichever is longer, by both clocks: an error page after 2 ms, a refused connection, and what the in-flight cap
    never sent all stand beside those that gave up waiting.

    Broadcasts (see `Observation.is_broadcast`) have an operation of their own and are in nothing else here: they are
    no requests.

    Tallies of the same interval made by several processes merge exactly, in any order, and can be pickled. (Beyond
    OPERATIONS_MAX names it depends on the order which of them are told apart; their sums do not.)
    """

    def __init__(self, *, started_s: float, duration_s: float, timeout_s: float) -> None:
        self.started_s = started_s
        self.duration_s = duration_s
        self.timeout_s = timeout_s
        self._operations: dict[str, OperationTally] = {}
        self._waiting: dict[str, list[Observation]] = {}
        self._lateness = Histogram()
        # For the timeout journeys go on, then a request may take as long; a second later the driver cuts it.
        self._series = Series(started_s=started_s, lasts_s=duration_s + 2 * timeout_s + 2.0)
        self._answered_inside = 0
        self._due_after = 0
        self._journey_errors = 0
        self.on_count: Callable[[Sequence[float], Sequence[float]], None] | None = None
        """Told the response times and the lateness of each handful that is counted, for who watches meanwhile."""

    def add(self, seen: Observation) -> None:
        """Take in one request."""
        name = seen.operation
        waiting = self._waiting.get(name)
        if waiting is None:
            name = self._known(name)
            waiting = self._waiting[name]
        waiting.append(seen)
        if len(waiting) >= _TOGETHER:
            self._count(name)

    def add_before(self, seen: Observation) -> None:
        """Take in one request of the lead-in: it is not counted, but its answer may become whole in the interval.

        Throughput without it would be too low by what is on its way when the interval begins; what is on its way when
        it ends is not in it.
        """
        if seen.error or seen.is_broadcast or seen.done_s < self.started_s:
            return
        self._answered_inside += seen.done_s <= self.started_s + self.duration_s
        self._series.answer(seen.done_s)

    def merge(self, other: "Tally") -> None:
        """Add what another tally of the same interval saw; ValueError for one of another interval."""
        mine, its = ((one.started_s, one.duration_s, one.timeout_s) for one in (self, other))
        if mine != its:
            raise ValueError(f"tallies of different intervals cannot be merged: {mine} and {its}")
        self._count_all()
        for name, one in other.operations.items():
            self._operations[self._known(name)].merge(one)
        self._lateness.merge(other.lateness)
        self._series.merge(other._series)  # noqa: SLF001 - the same class
        self._answered_inside += other.answered_inside
        self._due_after += other.due_after
        self._journey_errors += other.journey_errors

    @property
    def operations(self) -> Mapping[str, OperationTally]:
        """What was seen of each operation, by name."""
        self._count_all()
        return dict(sorted(self._operations.items()))

    @property
    def total(self) -> OperationTally:
        """What was seen of all operations together, but for broadcasts."""
        total = OperationTally()
        for name, one in self.operations.items():
            if not name.endswith(BROADCAST):
                total.merge(one)
        return total

    @property
    def lateness(self) -> Histogram:
        """How late the generator itself took the arrivals up, whatever became of them."""
        self._count_all()
        return self._lateness

    @property
    def answered_inside(self) -> int:
        """Right answers that became whole in the interval, also to what was due before it.

        Divided by its duration, the throughput.
        """
        self._count_all()
        return self._answered_inside

    @property
    def due_after(self) -> int:
        """Requests that were due after the interval's end: further steps of its journeys, under a load that fell."""
        self._count_all()
        return self._due_after

    @property
    def journey_errors(self) -> int:
        """How often a journey's own code raised though the answer was no error page: its own fault."""
        self._count_all()
        return self._journey_errors

    def series(self) -> tuple[SeriesRow, ...]:
        """What happened when."""
        self._count_all()
        return self._series.rows()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tally) and self.__getstate__() == other.__getstate__()

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self) -> dict[str, Any]:
        self._count_all()
        return {**self.__dict__, "on_count": None}

    def _known(self, name: str) -> str:
        """The name it is counted under; there is room for it then."""
        if name not in self._operations:
            if len(self._operations) >= OPERATIONS_MAX:
                name = f"{OTHER_OPERATIONS}{BROADCAST}" if name.endswith(BROADCAST) else OTHER_OPERATIONS
            self._operations.setdefault(name, OperationTally())
            self._waiting.setdefault(name, [])
        return name

    def _count_all(self) -> None:
        for name, waiting in self._waiting.items():
            if waiting:
                self._count(name)

    def _count(self, name: str) -> None:
        """Count those of an operation that wait, column by column."""
        waiting = self._waiting[name]
        _, due_s, dispatched_s, sent_s, done_s, statuses, errors, retries, arrived = zip(*waiting)  # noqa: B905 - tuples of one length
        waiting.clear()
        from_due_s, from_sent_s = list(map(sub, done_s, due_s)), list(map(sub, done_s, sent_s))
        failed = 0
        one = self._operations[name]
        if any(errors):
            one.errors.update(error for error in errors if error)
            failed = sum(1 for error in errors if error)
            self._journey_errors += sum(
                1 for error, status in zip(errors, statuses, strict=True) if error == "journey" and status < 400
            )
            from_due_s, from_sent_s = (
                [
                    max(time_s, self.timeout_s) if error else time_s
                    for time_s, error in zip(times_s, errors, strict=True)
                ]
                for times_s in (from_due_s, from_sent_s)
            )
        one.requests += len(errors)
        one.answered += len(errors) - failed
        one.reused_retries += sum(retries)
        one.from_due.record(from_due_s)
        one.from_sent.record(from_sent_s)
        if name.endswith(BROADCAST):
            return
        lateness_s = list(compress(map(sub, dispatched_s, due_s), arrived))
        self._lateness.record(lateness_s)
        if self.on_count is not None:
            self.on_count(from_due_s, lateness_s)
        self._series.record(due_s, done_s, from_due_s, errors)
        ended_s = self.started_s + self.duration_s
        if max(due_s) >= ended_s:
            self._due_after += sum(1 for at_s in due_s if at_s >= ended_s)
        if not failed and max(done_s) <= ended_s:
            self._answered_inside += len(errors)
        else:
            self._answered_inside += sum(
                1 for at_s, error in zip(done_s, errors, strict=True) if not error and at_s <= ended_s
            )
