"""Drives a workload: open loop (people who do not wait for each other), closed loop, one by one."""

import asyncio
import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from seatrial.errors import LoadError
from seatrial.load.arrivals.schedule import Schedule
from seatrial.load.arrivals.shapes import Arrivals, Constant, Part, Poisson
from seatrial.load.books.cpu_share import CpuShare
from seatrial.load.books.interval import Interval, garbage_collector_quiet
from seatrial.load.books.observation import LoadRecord, Observation
from seatrial.load.books.one_by_one import OneByOne
from seatrial.load.books.sessions import SessionLog
from seatrial.load.crowd import Crowd
from seatrial.load.holding import Holding
from seatrial.load.http.client import Client
from seatrial.load.http.target import target
from seatrial.load.http.wire import Wire
from seatrial.load.journey.journey_run import Job
from seatrial.load.listeners import Listener, Listeners
from seatrial.load.live.sockets import LiveSockets
from seatrial.load.loops import Loops
from seatrial.load.mix import BLOCK
from seatrial.load.open_runs import OpenRuns, check_open
from seatrial.load.patience import AT_LEAST_S, Patience
from seatrial.load.workload import Workload

__all__ = ["Driver"]

_Token = TypeVar("_Token")
_SIGN_IN_AT_ONCE = 4
_WHOLE = Part()
_HEAD_START_S = 0.02  # before the first arrival, so that it is not late already


class Driver:
    """An async context manager: `async with Driver(url, workload, seed=1, run_token="a1") as driver`.

    seed: of mix, arrivals and people; the same calls on a new driver send the same requests. run_token: letters and
    digits, new for every driver of a study, so that `Person.unique` never repeats. host_header: when the app insists
    on its own name. A target that is not this machine is refused unless allow_remote. verify, ca_file: of https. share:
    which part of the people are this driver's, of several that drive together. No task or socket is left after it.
    """

    def __init__(
        self,
        base_url: str,
        workload: Workload,
        *,
        seed: int,
        run_token: str,
        host_header: str = "",
        allow_remote: bool = False,
        verify: bool = True,
        ca_file: Path | None = None,
        share: Part = _WHOLE,
    ) -> None:
        self.workload = workload
        host_header = host_header or workload.host
        self.target = target(base_url, host_header, allow_remote=allow_remote, verify=verify, ca_file=ca_file)
        self.wire = Wire(self.target.host_header, keep_alive=workload.keep_alive, headers=workload.headers)
        self.timeout_s = workload.timeout_s
        self.crowd = Crowd(workload, seed, run_token, share)
        self._seed = share.seed(seed)
        self._intervals = itertools.count(1)
        self._schedules = itertools.count(1)
        self._is_driving = False
        self._interval = Interval(thinks=False)
        self._listeners = Listeners(self, self.crowd, share, lambda: self._interval if self._is_driving else None)

    async def __aenter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        self.client = Client(self.target, keep_alive=self.workload.keep_alive, timeout_s=self.timeout_s)
        self.live = LiveSockets(self.target, self.timeout_s)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.live.close()
        await self.client.close()

    @property
    def arrivals(self) -> int:
        """Operations (or sessions) begun in the interval that is driven, or that was driven last."""
        return self._interval.arrivals

    async def sign_in_all(self, deadline_s: float = 60.0) -> LoadRecord:
        """Sign each person in, a few at a time, within deadline_s seconds in all; LoadError at the first that fails.

        Nothing to do without a sign_in: the record is then empty.
        """
        sign_in = self.workload.sign_in
        if sign_in is None:
            now_s = time.perf_counter()
            return Interval(thinks=False).record(now_s, now_s, None, 0)
        name = getattr(sign_in, "__name__", "sign_in")
        jobs: Iterator[Job] = ((name, sign_in, person) for person in self.crowd.people)
        interval = Interval(thinks=False)
        loops = Loops(self, interval, jobs, stop=lambda: bool(interval.failures))
        record = await self._loops(interval, loops, _SIGN_IN_AT_ONCE, deadline_s)
        if record.failures:
            raise LoadError(
                record.failures[0],
                where="signing in",
                try_this="Check the sign-in function of the journeys file and its accounts: try them in a browser.",
            )
        if loops.ended < len(self.crowd.people):
            raise LoadError(
                f"only {loops.ended} of {len(self.crowd.people)} people were signed in within {deadline_s:g} s.",
                where="signing in",
                try_this="Let fewer people take part (--people, or workload.people), or look why signing in is slow.",
            )
        return record

    async def open_loop(
        self, offered_rate_rps: float, duration_s: float, *, in_flight_max: int = 1000, lead_in_s: float = 0.0
    ) -> LoadRecord:
        """Start operations (or sessions) at the offered rate, by the workload's arrivals, in exact shares: `follow`."""
        whole_s = lead_in_s + duration_s
        arrivals: Arrivals = (Constant if self.workload.arrivals == "constant" else Poisson)(offered_rate_rps)
        offsets = arrivals.offsets(whole_s, f"{self._seed}/arrivals/{next(self._schedules)}")
        count = max(1, round(offered_rate_rps * whole_s))
        return await self.follow(offsets, duration_s, lead_in_s=lead_in_s, in_flight_max=in_flight_max, exact_in=count)

    async def follow(
        self,
        offsets: Iterable[float],
        duration_s: float,
        *,
        in_flight_max: int = 1000,
        lead_in_s: float = 0.0,
        book: Callable[[Observation], None] | None = None,
        book_before: Callable[[Observation], None] | None = None,
        starts_s: float | None = None,
        is_kept_if_cancelled: bool = False,
        exact_in: int | None = None,
    ) -> LoadRecord:
        """Start an operation at each offset (seconds, ascending, below lead_in_s + duration_s), whatever is answered.

        What arrives are operations: further requests of a journey follow their own steps. Arrivals due in lead_in_s
        before the interval are sent but not counted. All that an arrival of the interval sends is counted, also after
        its end: for timeout_s journeys go on, then each ends with its next answer. What outlasts its own timeout is cut
        as "unfinished". At in_flight_max requests in flight, an arrival is not sent but counted as "cap". book: takes
        each observation, which are then not kept; book_before: those of the lead-in. starts_s: when offset 0 is
        (perf_counter), for several generators that begin together. is_kept_if_cancelled: when this is cancelled it
        gives the record until then instead. exact_in: see `Crowd.jobs`.

        Where the workload's arrivals are sessions, an offset begins a session, and what is counted are the requests
        due in the interval, whichever session they belong to: a lead-in as long as a session makes the load level.
        With the interval the sessions end: what is on its way is waited for, nothing further is sent.
        """
        check_open(in_flight_max, lead_in_s, duration_s)
        whole_s = lead_in_s + duration_s
        with self._driving():
            begins_s = time.perf_counter() + _HEAD_START_S if starts_s is None else starts_s
            started_s, ended_s = begins_s + lead_in_s, begins_s + whole_s
            self._interval = interval = Interval(thinks=True, book=book, book_before=book_before)
            interval.counts_from_s = started_s
            sessions = SessionLog(started_s, ended_s) if self.workload.has_sessions else None
            jobs = self.crowd.jobs(f"{self._seed}/open/{next(self._intervals)}", exact_in=exact_in)
            runs = OpenRuns(
                self, interval, jobs=jobs, started_s=started_s, in_flight_max=in_flight_max, sessions=sessions
            )
            cpu = CpuShare()
            turns = ((started_s, cpu.start), (ended_s, cpu.stop))
            timers = [self.loop.call_later(at_s - time.perf_counter(), turn) for at_s, turn in turns]
            try:
                with interval.broken_off_by_cancelling(is_kept=is_kept_if_cancelled):
                    await Schedule((begins_s + offset for offset in offsets), runs.arrive).run()
                    await asyncio.sleep(ended_s - time.perf_counter())
                    interval.is_over = True
                    cpu.stop()
                    await runs.drain(ended_s, self.timeout_s)
                    await self._listeners.hear_out(time.perf_counter() + self.timeout_s)
            finally:
                cpu.stop()
                for timer in timers:
                    timer.cancel()
                runs.cut_all()
            record = interval.record(started_s, ended_s, cpu, self.client.in_flight_max)
            return self._checked(replace(record, sessions=sessions.counts(), curtailed=0) if sessions else record)

    async def closed_loop(
        self,
        concurrency: int,
        duration_s: float,
        *,
        on_request: Callable[[Observation], None] | None = None,
        until: Callable[[], bool] | None = None,
        book: Callable[[Observation], None] | None = None,
        starts_s: float | None = None,
        is_kept_if_cancelled: bool = False,
        is_spread: bool = False,
    ) -> LoadRecord:
        """`concurrency` loops through the mix for duration_s, back to back and without pauses.

        What is on its way at the end is waited for and recorded too: all that was asked of the subject is there, and
        throughput is of the observations done by `ended_s`. on_request is called after each request, before its loop
        sends the next; until is asked before each journey and ends the interval early. is_spread: over more connections
        than loops, see `Client.spread`. book, starts_s, is_kept_if_cancelled: see `follow`.
        """
        if concurrency < 1 or not (math.isfinite(duration_s) and duration_s > 0):
            raise LoadError(f"{concurrency} loops for {duration_s} s: both must be above zero.", where="closed loop")
        jobs = self.crowd.jobs(f"{self._seed}/closed/{next(self._intervals)}", exact_in=BLOCK)
        interval = Interval(thinks=False, book=book, on_observation=on_request)
        loops = Loops(self, interval, jobs, stop=until)
        kept = is_kept_if_cancelled
        with self.client.spread(concurrency if is_spread else 0):
            return await self._loops(interval, loops, concurrency, duration_s, starts_s=starts_s, is_kept=kept)

    async def serial(
        self,
        names: Iterable[str],
        before: Callable[[], _Token],
        after: Callable[[], _Token],
        judged: Callable[[Observation, _Token, _Token], None],
        within_s: float | None = None,
    ) -> LoadRecord:
        """One operation after the other, one request at a time, for readings that belong to one operation.

        before() is called right before a request's bytes go out, after() when its answer is whole (or will not come),
        before anything else is sent, parts of a page too; judged() with what both returned when the journey has judged
        it. LoadError at a journey that does not end: 1000 requests, or within_s in all (None: 120 s, more for many).
        """
        seed = f"{self._seed}/serial/{next(self._intervals)}"
        wanted = list(names)
        each = OneByOne(before, after, judged)
        patience = Patience(each.observed, within_s or max(AT_LEAST_S, len(wanted) * self.timeout_s))
        interval = Interval(thinks=False, before_send=each.sending, on_observation=patience.observed, one_by_one=each)
        loops = Loops(self, interval, patience.jobs(self.crowd.jobs(seed, wanted)))
        with patience.lasting(loops.give_up):
            return await self._loops(interval, loops, 1, None)

    def hold(
        self, journey: Listener | None = None, count: int | None = None, *, at_once: int = 50, within_s: float = 120.0
    ) -> contextlib.AbstractAsyncContextManager[Holding]:
        """A context that holds `count` listeners beside the load: people whose `journey` comes to a listen().

        If not said, the workload's. They are the people in turn, connected at_once of them at a time; LoadError with
        the first failure. What they hear is counted in the interval driven at the time.
        """
        return self._listeners.hold(self.workload, journey, count, at_once=at_once, within_s=within_s)

    async def _loops(
        self,
        interval: Interval,
        loops: Loops,
        concurrency: int,
        duration_s: float | None,
        *,
        starts_s: float | None = None,
        is_kept: bool = False,
    ) -> LoadRecord:
        with self._driving():
            self._interval = interval
            if starts_s is not None:
                await asyncio.sleep(starts_s - time.perf_counter())
            cpu = CpuShare()
            started_s, ended_s = starts_s or time.perf_counter(), math.inf
            interval.counts_from_s = started_s
            try:
                with interval.broken_off_by_cancelling(is_kept=is_kept):
                    ended_s = await loops.run(concurrency, started_s, duration_s)
                    interval.is_over = True
                    cpu.stop()
                    await loops.drain(self.timeout_s + 1.0)
                    await self._listeners.hear_out(time.perf_counter() + self.timeout_s)
            finally:
                cpu.stop()
                loops.cut_all()
            return self._checked(interval.record(started_s, ended_s, cpu, self.client.in_flight_max))

    @contextlib.contextmanager
    def _driving(self) -> Iterator[None]:
        if self._is_driving:
            raise LoadError("this driver is already driving; one load at a time.", where="load generator")
        self._is_driving = True
        self.client.in_flight_max = 0
        try:
            with garbage_collector_quiet():
                yield
        finally:
            self._is_driving = False

    def _checked(self, record: LoadRecord) -> LoadRecord:
        trouble = self.client.trouble or self.live.trouble
        self.client.trouble = self.live.trouble = None
        if trouble is not None:
            raise trouble
        return record
