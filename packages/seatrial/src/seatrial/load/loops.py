"""The closed loop: a fixed number of loops, each starting its next journey when the last is over."""

import asyncio
import math
import time
from collections.abc import Callable, Iterator

from seatrial.load.books.interval import Interval
from seatrial.load.journey.journey_run import Job, JourneyRun
from seatrial.load.journey.under_way import Stage

__all__ = ["Loops"]

# After a failure at once (nobody listens, a journey that raises): a loop must not spin.
_AFTER_FAILURE_S = 0.05

# People do not all come in the same millisecond. Connections that do are all taken by the one worker that wakes first,
# and it keeps them: eight workers once answered what two can.
_START_APART_S = 0.001


class Loops:
    """Runs jobs in loops until they run out, the time is over, or `stop` says so.

    ended: journeys done to their end, rightly and in time.
    """

    def __init__(
        self, stage: Stage, interval: Interval, jobs: Iterator[Job], stop: Callable[[], bool] | None = None
    ) -> None:
        self.ended = 0
        self._stage = stage
        self._interval = interval
        self._jobs = jobs
        self._stop = stop
        self._live: set[JourneyRun] = set()
        self._loops_left = 0
        self._ends_s = math.inf
        self._lasted_s = 0.0
        self._is_over = False
        self._finished: asyncio.Future[None] = stage.loop.create_future()
        self._drained: asyncio.Future[None] = stage.loop.create_future()

    async def run(self, concurrency: int, started_s: float, duration_s: float | None) -> float:
        """Run; returns when the interval ended (perf_counter). The loops begin one after the other."""
        self._ends_s = math.inf if duration_s is None else started_s + duration_s
        self._lasted_s = 0.0 if duration_s is None else duration_s
        self._loops_left = concurrency
        self._next()
        for number in range(1, concurrency):
            self._stage.loop.call_later(number * _START_APART_S, self._next)
        timeout_s = None if duration_s is None else max(0.0, self._ends_s - time.perf_counter())
        await asyncio.wait((self._finished,), timeout=timeout_s)
        self._is_over = True
        # The event loop's timer may ring a little early: the interval ends when it is said to have ended.
        return min(time.perf_counter(), self._ends_s)

    async def drain(self, timeout_s: float) -> None:
        """Wait for what is still on its way.

        Journeys under way are done to their end, so that each one begun has caused all its requests: else a journey of
        several steps would look shorter than it is. One that goes on for longer than an answer may take, or than the
        interval lasted, ends with its next answer.
        """
        grace_s = min(timeout_s, self._lasted_s)
        for wait_s in (grace_s, timeout_s):
            if self._live:
                await asyncio.wait((self._drained,), timeout=wait_s)
            self._interval.stopping = True

    def give_up(self) -> None:
        """Begin nothing more; a journey under way ends with its next answer."""
        self._interval.stopping = True
        self._finish()

    def cut_all(self) -> None:
        """End what is left."""
        self._interval.stopping = True
        for run in list(self._live):
            run.cut("unfinished")

    def _next(self) -> None:
        interval = self._interval
        if not self._is_over and self._stop is not None and self._stop():
            self._finish()
        now_s = time.perf_counter()
        over = self._is_over or interval.stopping or self._finished.done() or now_s >= self._ends_s
        job = None if over else next(self._jobs, None)
        if job is None:
            self._loops_left -= 1
            if not self._loops_left:
                self._finish()
            return
        interval.arrivals += 1
        run = JourneyRun(self._stage, interval, job, self._over)
        self._live.add(run)
        run.start(now_s)

    def _over(self, run: JourneyRun) -> None:
        self._live.discard(run)
        if self._is_over or self._interval.stopping:
            if not self._live and not self._drained.done():
                self._drained.set_result(None)
            return
        self.ended += not run.failed
        loop = self._stage.loop
        if run.failed:
            loop.call_later(_AFTER_FAILURE_S, self._next)
        else:
            loop.call_soon(self._next)

    def _finish(self) -> None:
        if not self._finished.done():
            self._finished.set_result(None)
