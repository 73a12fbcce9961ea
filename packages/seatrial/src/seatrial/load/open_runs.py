"""The journeys of one open-loop interval, from their arrival to their end."""

import asyncio
import time
from collections.abc import Iterator

from seatrial.load.interval import Interval
from seatrial.load.journey_run import Job, JourneyRun
from seatrial.load.observation import Observation
from seatrial.load.under_way import Stage

__all__ = ["OpenRuns"]

# A journey that pauses is not in flight, but it is kept in memory.
_RUNS_PER_IN_FLIGHT = 10


class OpenRuns:
    """Takes up arrivals, one of `jobs` each; those due before started_s are driven but not counted."""

    def __init__(
        self, stage: Stage, interval: Interval, *, jobs: Iterator[Job], started_s: float, in_flight_max: int
    ) -> None:
        self._stage = stage
        self._interval = interval
        self._jobs = jobs
        self._started_s = started_s
        self._in_flight_max = in_flight_max
        self._live: set[JourneyRun] = set()
        self._counted_live = 0
        self._all_over: asyncio.Future[None] | None = None

    def arrive(self, due_s: float) -> None:
        """Take up one arrival, or refuse it at the cap."""
        job = next(self._jobs)
        counted = due_s >= self._started_s
        self._interval.arrivals += counted
        busy = len(self._stage.client.busy)
        if busy >= self._in_flight_max or len(self._live) >= _RUNS_PER_IN_FLIGHT * self._in_flight_max:
            now_s = time.perf_counter()
            if counted:
                refused = Observation(job[0], due_s, now_s, now_s, now_s, 0, "cap")
                words = f"{busy} requests were in flight, the most this load allows: the next were not sent"
                self._interval.add(refused, ("cap", words))
            return
        run = JourneyRun(self._stage, self._interval, job, self._over, counted=counted)
        self._live.add(run)
        self._counted_live += counted
        run.start(due_s)

    async def wait_until(self, deadline_s: float) -> None:
        """Until all counted runs are over, or the deadline."""
        if self._counted_live:
            self._all_over = self._stage.loop.create_future()
            await asyncio.wait((self._all_over,), timeout=max(0.0, deadline_s - time.perf_counter()))

    def cut_all(self) -> None:
        """End what is left."""
        for run in list(self._live):
            run.cut("unfinished")

    def _over(self, run: JourneyRun) -> None:
        self._live.discard(run)
        self._counted_live -= run.counted
        if not self._counted_live and self._all_over is not None and not self._all_over.done():
            self._all_over.set_result(None)
