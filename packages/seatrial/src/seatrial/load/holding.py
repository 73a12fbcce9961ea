"""Listeners who are there beside a load: connected before it, held through its intervals, closed after it."""

import asyncio
import itertools
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from seatrial.errors import LoadError
from seatrial.load.books.interval import Interval
from seatrial.load.books.observation import HeardCounts, LoadRecord, Observation
from seatrial.load.journey.journey_run import Job, JourneyRun
from seatrial.load.journey.under_way import Stage

__all__ = ["Holding", "Overheard"]

_FILES_BESIDE = 200
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Overheard(Interval):
    """What held listeners see: counted with the interval that is driven at the time, and between two with none.

    current: that interval. While they are being connected it collects like any other.
    """

    def __init__(self, current: Callable[[], Interval | None]) -> None:
        super().__init__(thinks=True)
        self.is_connecting = True
        self.last_heard_s = -math.inf
        self._current = current

    def add(self, seen: Observation, failure: tuple[str, str] | None) -> None:
        """Part of Interval."""
        if self.is_connecting:
            super().add(seen, failure)
            return
        if failure is not None:
            super().explain(*failure)
        current = self._current()
        if current is not None:
            self.last_heard_s = max(self.last_heard_s, seen.done_s)
            current.overhear(seen, failure)

    def explain(self, kind: str, words: str) -> None:
        """Part of Interval."""
        super().explain(kind, words)
        current = None if self.is_connecting else self._current()
        if current is not None:
            current.explain(kind, words)

    def count_heard(self, counts: HeardCounts) -> None:
        """Part of Interval."""
        current = None if self.is_connecting else self._current()
        if current is not None:
            current.count_heard(counts)


class _HeldRun(JourneyRun):
    """A listener's journey, which tells when it listens."""

    __slots__ = ("is_settled", "on_settled")

    is_settled: bool
    on_settled: Callable[[], None]

    def settled(self) -> None:
        """Part of Host."""
        if not self.is_settled:
            self.is_settled = True
            self.on_settled()


class Holding:
    """Some listeners, held; what `Driver.hold` gives.

    connected: what connecting them saw, an interval of its own.
    """

    def __init__(self, stage: Stage, jobs: Iterator[Job], count: int, current: Callable[[], Interval | None]) -> None:
        self.connected: LoadRecord | None = None
        self._stage = stage
        self._jobs = jobs
        self._wanted = count
        self._interval = Overheard(current)
        self._live: set[JourneyRun] = set()
        self._settled = 0
        self._is_over: asyncio.Future[None] = stage.loop.create_future()

    @property
    def count(self) -> int:
        """How many are there now."""
        return len(self._live)

    @property
    def failures(self) -> tuple[str, ...]:
        """What went wrong with listeners, in words: the first of each kind."""
        return self._interval.failures

    async def connect(self, at_once: int, within_s: float) -> None:
        """Begin the journeys, at_once of them under way at a time, until all of them listen.

        Raises:
            LoadError: with the first failure, or that within_s was not enough.
        """
        if self._wanted < 0 or at_once < 1:
            raise LoadError(f"{self._wanted} listeners, {at_once} at once: that is not a number.", where="listeners")
        _check_ports(self._wanted, is_socket=self._stage.target.is_socket)
        _allow_files(self._wanted)
        started_s = time.perf_counter()
        if self._wanted:
            self._begin(min(at_once, self._wanted))
            await asyncio.wait((self._is_over,), timeout=within_s)
        trouble = self._stage.live.trouble
        if trouble is not None:
            raise trouble
        if self._settled < self._wanted:
            there = f"{self._settled} of {self._wanted}"
            if not self._interval.failures:
                raise LoadError(
                    f"only {there} listeners were there within {within_s:g} s.",
                    where="connecting listeners",
                    try_this="Let fewer listen, or look why connecting is slow.",
                )
            raise LoadError(
                self._interval.failures[0],
                where="connecting listeners",
                try_this=f"{there} listened by then. Look at the app's log, and try with fewer: "
                "a server, too, needs an open file for each (ulimit -n).",
            )
        self.connected = self._interval.record(started_s, time.perf_counter(), None, at_once)
        self._interval.observations.clear()
        self._interval.is_connecting = False

    @property
    def last_heard_s(self) -> float:
        """When something that is counted was heard last (perf_counter)."""
        return self._interval.last_heard_s

    def close(self) -> None:
        """End the journeys; their sockets say goodbye."""
        self._interval.stopping = True
        for run in list(self._live):
            run.wake()
        for run in list(self._live):
            run.cut("unfinished")

    def _begin(self, count: int) -> None:
        for job in itertools.islice(self._jobs, count):
            run = _HeldRun(self._stage, self._interval, job, self._ended)
            run.is_settled = False
            run.on_settled = self._one_settled
            self._live.add(run)
            run.start(time.perf_counter())

    def _one_settled(self) -> None:
        self._settled += 1
        if self._settled == self._wanted:
            self._finish()
        elif not self._is_over.done():
            self._stage.loop.call_soon(self._begin, 1)

    def _ended(self, run: JourneyRun) -> None:
        self._live.discard(run)
        if not self._interval.is_connecting or self._interval.stopping:
            return
        if not run.failed:
            self._interval.explain("listener", f"{run.operation}: the journey ended before it came to a listen().")
        self._finish()

    def _finish(self) -> None:
        if not self._is_over.done():
            self._is_over.set_result(None)


def _allow_files(count: int) -> None:
    """Raise this process's limit of open files as far as the listeners need; LoadError when it may not."""
    try:
        import resource
    except ImportError:  # a system without such limits
        return
    folder = Path("/proc/self/fd")
    needed = count + _FILES_BESIDE + (sum(1 for _ in folder.iterdir()) if folder.exists() else _FILES_BESIDE)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise LoadError(
            f"{count} listeners need {needed} open files, and this process may have {hard}.",
            where="listeners",
            try_this=f"Raise the limit (ulimit -n {needed}, as root), or hold fewer.",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _check_ports(count: int, *, is_socket: bool) -> None:
    """Each connection to one address takes one of the ports the system gives out; LoadError when there are too few."""
    if is_socket or not _PORT_RANGE.exists():
        return
    low, high = map(int, _PORT_RANGE.read_text().split())
    if count > high - low:
        raise LoadError(
            f"{count} listeners need as many ports, and this machine gives out {high - low + 1}.",
            where="listeners",
            try_this="Hold fewer, widen net.ipv4.ip_local_port_range, or let the app listen on a Unix socket.",
        )
