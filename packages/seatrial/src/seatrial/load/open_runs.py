"""The journeys of one open-loop interval, from their arrival to their end."""

import asyncio
import math
import time
from collections.abc import Iterator

from seatrial.errors import LoadError
from seatrial.load.books.interval import Interval
from seatrial.load.books.observation import Observation
from seatrial.load.books.sessions import SessionLog
from seatrial.load.journey.journey_run import Job, JourneyRun
from seatrial.load.journey.under_way import Stage

__all__ = ["OpenRuns", "check_open"]

# A journey that pauses is not in flight, but it is kept in memory: some 10 kB each, and a session pauses most of its
# time.
_RUNS_PER_IN_FLIGHT = 10
_SESSIONS_PER_IN_FLIGHT = 20


class OpenRuns:
    """Takes up arrivals, one of `jobs` each.

    Operations that were due before started_s are driven but not counted. Of sessions (sessions is given) the requests
    that were due from started_s on are counted, whenever the session began.
    """

    def __init__(
        self,
        stage: Stage,
        interval: Interval,
        *,
        jobs: Iterator[Job],
        started_s: float,
        in_flight_max: int,
        sessions: SessionLog | None = None,
    ) -> None:
        self._stage = stage
        self._interval = interval
        self._jobs = jobs
        self._started_s = started_s
        self._in_flight_max = in_flight_max
        self._sessions = sessions
        self._live_max = in_flight_max * (_RUNS_PER_IN_FLIGHT if sessions is None else _SESSIONS_PER_IN_FLIGHT)
        self._live: set[JourneyRun] = set()
        self._counted_live = 0
        self._all_over: asyncio.Future[None] | None = None

    def arrive(self, due_s: float) -> None:
        """Take up one arrival, or refuse it at the cap."""
        job = next(self._jobs)
        in_interval = due_s >= self._started_s
        self._interval.arrivals += in_interval
        busy = len(self._stage.client.busy)
        if busy >= self._in_flight_max or len(self._live) >= self._live_max:
            if in_interval:
                self._refuse(job[0], due_s, busy)
            elif self._sessions is not None:
                # It would have sent requests in the interval.
                self._interval.refused_before += 1
            return
        counts_from_s = -math.inf if in_interval else math.inf
        if self._sessions is not None:
            self._sessions.begin(due_s)
            counts_from_s = self._started_s
        run = JourneyRun(self._stage, self._interval, job, self._over, counts_from_s=counts_from_s)
        self._live.add(run)
        self._counted_live += counts_from_s < math.inf
        run.start(due_s)

    def stop(self) -> None:
        """The interval is over: nothing further is sent, and who only pauses leaves."""
        self._interval.stopping = True
        if self._sessions is not None:
            self._sessions.stop()
        for run in list(self._live):
            run.wake()

    async def drain(self, ended_s: float, timeout_s: float) -> None:
        """After the interval, which ended at ended_s: until all counted runs are over, each request in its own time.

        Operations may begin steps for another timeout_s, sessions none. Then only what is on its way is waited for,
        which has timeout_s of its own: what is not over a second after that has really outlasted its time.
        """
        stops_s = ended_s
        if self._sessions is None:
            stops_s += timeout_s
            await self._wait_until(stops_s)
        self.stop()
        await self._wait_until(max(stops_s, time.perf_counter()) + timeout_s + 1.0)

    async def _wait_until(self, deadline_s: float) -> None:
        if self._counted_live:
            self._all_over = self._stage.loop.create_future()
            await asyncio.wait((self._all_over,), timeout=max(0.0, deadline_s - time.perf_counter()))

    def cut_all(self) -> None:
        """End what is left; a session that is ended here has not come to its end."""
        self.stop()
        for run in list(self._live):
            run.cut("unfinished")

    def _refuse(self, operation: str, due_s: float, busy: int) -> None:
        now_s = time.perf_counter()
        if busy >= self._in_flight_max:
            words = f"{busy} requests were in flight, the most this load allows: the next were not sent"
        else:
            words = f"{len(self._live)} journeys were under way, the most this load allows: the next were not begun"
        self._interval.add(Observation(operation, due_s, now_s, now_s, now_s, 0, "cap"), ("cap", words))

    def _over(self, run: JourneyRun) -> None:
        self._live.discard(run)
        self._counted_live -= run.counts_from_s < math.inf
        if self._sessions is not None:
            self._sessions.end(time.perf_counter(), failed=run.failed)
        if not self._counted_live and self._all_over is not None and not self._all_over.done():
            self._all_over.set_result(None)


def check_open(in_flight_max: int, lead_in_s: float, duration_s: float) -> None:
    """Raise LoadError for an open loop that cannot be driven."""
    if in_flight_max < 1 or not (math.isfinite(lead_in_s) and lead_in_s >= 0):
        raise LoadError(f"in_flight_max={in_flight_max}, lead_in_s={lead_in_s}: not a load.", where="open loop")
    if not (math.isfinite(duration_s) and duration_s > 0):
        raise LoadError(f"the duration is {duration_s}; it must be a number above zero.", where="open loop")
