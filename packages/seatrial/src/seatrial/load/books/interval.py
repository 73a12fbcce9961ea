"""What is collected while load is driven, and the quiet the generator itself keeps meanwhile."""

import asyncio
import contextlib
import gc
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from seatrial.load.books.cpu_share import CpuShare
from seatrial.load.books.observation import HeardCounts, LoadRecord, Observation
from seatrial.load.books.one_by_one import OneByOne

__all__ = ["FAILURES_KEPT", "Interval", "garbage_collector_quiet"]

FAILURES_KEPT = 20

# Containers made and not freed before the collector looks at them: 2 ms of looking (measured on circles of two).
_GARBAGE_MAX = 20_000


class Interval:
    """Observations of one interval of load as they come in.

    book: takes each observation in; None keeps them all, which costs about 200 bytes each. book_before: takes those of
    the lead-in, which are not counted. stopping: journeys send no further request. thinks: whether pauses are kept.
    before_send, on_observation: called around each request. one_by_one: when requests must never overlap, not even
    those of a page.
    """

    def __init__(
        self,
        *,
        thinks: bool,
        book: Callable[[Observation], None] | None = None,
        book_before: Callable[[Observation], None] | None = None,
        on_observation: Callable[[Observation], None] | None = None,
        before_send: Callable[[], None] | None = None,
        one_by_one: OneByOne[Any] | None = None,
    ) -> None:
        self.thinks = thinks
        self.on_observation = on_observation
        self.before_send = before_send
        self.one_by_one = one_by_one
        self.stopping = False
        self.is_over = False
        """The measured time is over: what is still awaited belongs to it."""
        self.curtailed = 0
        """Journeys of the interval that were ended before a step, or in a pause."""
        self.refused_before = 0
        """Sessions that the cap refused in the lead-in."""
        self.observations: list[Observation] = []
        self.arrivals = 0
        self.counts_from_s = -math.inf
        """Broadcasts of requests that were due before are left out."""
        self._book = self.observations.append if book is None else book
        self._book_before = book_before
        self._heard = HeardCounts()
        self._failures: dict[str, str] = {}
        self._broken_off_s = math.inf
        self._is_interrupted = False
        self._abandoned = 0

    def add(self, seen: Observation, failure: tuple[str, str] | None) -> None:
        """Take up one request, and in words (what they are alike in, the whole) why it failed."""
        self._book(seen)
        if failure is not None:
            self.explain(*failure)
        if self.on_observation is not None:
            self.on_observation(seen)

    def add_before(self, seen: Observation) -> None:
        """Take up one request of the lead-in."""
        if self._book_before is not None:
            self._book_before(seen)

    def overhear(self, seen: Observation, failure: tuple[str, str] | None) -> None:
        """Take up what listeners saw who are there beside this load; readings of single requests are not theirs."""
        if self.one_by_one is None and seen.due_s >= self.counts_from_s:
            self._book(seen)
            if failure is not None:
                self.explain(*failure)

    def count_heard(self, counts: HeardCounts) -> None:
        """Count what came over open sockets."""
        self._heard += counts

    @contextlib.contextmanager
    def broken_off_by_cancelling(self, *, is_kept: bool) -> Iterator[None]:
        """When what is done in it is cancelled the interval ends; unless is_kept, CancelledError then goes on.

        What was on its way is then only counted as abandoned: nobody knows how long it would have taken. When the
        interval is over already, it lasted as planned, and what never came is its own: "unfinished" when it is cut.
        """
        try:
            yield
        except asyncio.CancelledError:
            if not is_kept:
                raise
            self._is_interrupted = True
            if not self.is_over:
                self._book, self._book_before = self._abandon, None
                self._broken_off_s = time.perf_counter()

    def explain(self, kind: str, words: str) -> None:
        """Keep the first failures of each kind in words."""
        if self._broken_off_s == math.inf and len(self._failures) < FAILURES_KEPT:
            self._failures.setdefault(kind, words)

    @property
    def failures(self) -> tuple[str, ...]:
        """The first distinct failures."""
        return tuple(self._failures.values())

    def record(self, started_s: float, ended_s: float, cpu: CpuShare | None, in_flight_max: int) -> LoadRecord:
        """The finished interval as a value."""
        ended_s = min(ended_s, self._broken_off_s)
        return LoadRecord(
            started_s,
            ended_s,
            tuple(self.observations),
            self.arrivals,
            cpu.busy if cpu is not None else 0.0,
            in_flight_max,
            self.failures,
            generator_waited=cpu.waited if cpu is not None else 0.0,
            heard=self._heard,
            is_interrupted=self._is_interrupted,
            abandoned=self._abandoned,
            refused_before=self.refused_before,
            curtailed=self.curtailed if self.is_over else 0,
        )

    def _abandon(self, seen: Observation) -> None:
        """The book of an interval that was broken off."""
        self._abandoned += not seen.is_broadcast


@contextlib.contextmanager
def garbage_collector_quiet() -> Iterator[None]:
    """No long pause of the collector in here: what is there is set aside and not looked at; all is restored after.

    What the caller has set aside before stays so: it is not looked at here either, and not given back afterwards.
    The generator itself makes no circles, so the collector hardly ever begins; a journey's code may (a parsed page, an
    exception that is kept), and an hour of it must not fill the memory.
    """
    thresholds = gc.get_threshold()
    gc.collect()
    # What is frozen cannot be told apart afterwards: unfreezing would give back the caller's too.
    is_ours = gc.get_freeze_count() == 0
    if is_ours:
        gc.freeze()
    gc.set_threshold(_GARBAGE_MAX, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if is_ours:
            gc.unfreeze()
