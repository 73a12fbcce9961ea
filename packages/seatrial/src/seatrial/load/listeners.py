"""The listeners of one driver: who is held beside its load, and how long each interval is heard out."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from seatrial.errors import LoadError
from seatrial.load.arrivals.shapes import Part
from seatrial.load.books.interval import Interval
from seatrial.load.books.observation import HeardCounts
from seatrial.load.crowd import Crowd
from seatrial.load.holding import Holding
from seatrial.load.journey.person import Person
from seatrial.load.journey.steps import Journey
from seatrial.load.journey.under_way import Stage
from seatrial.load.workload import Workload

__all__ = ["Listener", "Listeners"]


Listener = str | Callable[[Person], Journey]
"""A listener's journey, or the name of an operation that is one."""

_QUIET_S = 0.5
# Where not everybody has heard of everything, which may be as the app means it: a busy server falls silent for a while.
_LONG_QUIET_S = 2.0
_LOOK_EVERY_S = 0.05


class Listeners:
    """Holds people of the crowd. share: this driver's of the workload's listeners. current: the interval driven now."""

    def __init__(self, stage: Stage, crowd: Crowd, share: Part, current: Callable[[], Interval | None]) -> None:
        self._stage = stage
        self._crowd = crowd
        self._share = share
        self._current = current
        self._held: list[Holding] = []

    @contextlib.asynccontextmanager
    async def hold(
        self, workload: Workload, journey: Listener | None, count: int | None, *, at_once: int, within_s: float
    ) -> AsyncIterator[Holding]:
        """See `Driver.hold`."""
        function = workload.operations.get(journey) if isinstance(journey, str) else journey or workload.listener
        if isinstance(journey, str) and function is None:
            raise LoadError(f"no operation is called {journey!r}.", where="listeners")
        name = journey if isinstance(journey, str) else getattr(function, "__name__", "listener")
        wanted = self._share.size(workload.listeners) if count is None else count
        people = () if function is None else self._crowd.listeners(wanted)
        jobs = [] if function is None else ((name, function, person) for person in people)
        holding = Holding(self._stage, iter(jobs), wanted if function is not None else 0, self._current)
        self._held.append(holding)
        try:
            await holding.connect(at_once, within_s)
            yield holding
        finally:
            self._held.remove(holding)
            holding.close()
            if not self._held:
                await self._stage.live.gone()

    async def hear_out(self, until_s: float) -> None:
        """After the last answer of an interval: until all that was sent in it was heard of, and nothing more comes.

        Who is told last must not be left out. It lasts at most until until_s (perf_counter); what nobody has heard of
        by then is counted.
        """
        interval = self._current()
        is_heard = any(holding.count for holding in self._held)
        if not is_heard or interval is None or interval.one_by_one is not None:
            return
        causes, since_s = self._stage.live.causes, interval.counts_from_s
        began_s = time.perf_counter()
        while (now_s := time.perf_counter()) < until_s:
            quiet_s = now_s - max(began_s, *(holding.last_heard_s for holding in self._held))
            if quiet_s >= _QUIET_S and not causes.unheard(since_s):
                everybody = sum(holding.count for holding in self._held)
                if quiet_s >= _LONG_QUIET_S or not causes.unheard(since_s, by=everybody):
                    break
            await asyncio.sleep(_LOOK_EVERY_S)
        everybody = sum(holding.count for holding in self._held)
        missing = causes.missing(since_s, by=everybody)
        interval.count_heard(HeardCounts(unheard=causes.unheard(since_s), missing=missing))
