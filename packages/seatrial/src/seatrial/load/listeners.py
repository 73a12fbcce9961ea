"""The listeners of one driver: who is held beside its load, and how long each interval is heard out."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from seatrial.errors import LoadError
from seatrial.load.crowd import Crowd
from seatrial.load.holding import Holding
from seatrial.load.interval import Interval
from seatrial.load.messages import Journey
from seatrial.load.person import Person
from seatrial.load.under_way import Stage

__all__ = ["Listener", "Listeners"]

Listener = str | Callable[[Person], Journey]
"""A listener's journey, or the name of an operation that is one."""


class Listeners:
    """Holds listeners: people of the crowd. current: the interval that is driven now, if one is."""

    def __init__(self, stage: Stage, crowd: Crowd, current: Callable[[], Interval | None]) -> None:
        self._stage = stage
        self._crowd = crowd
        self._current = current
        self._held: list[Holding] = []

    @contextlib.asynccontextmanager
    async def hold(
        self,
        journey: Listener,
        count: int,
        *,
        operations: Mapping[str, Callable[[Person], Journey]],
        at_once: int,
        within_s: float,
    ) -> AsyncIterator[Holding]:
        """See `Driver.hold`."""
        function = operations.get(journey) if isinstance(journey, str) else journey
        if function is None:
            raise LoadError(f"no operation is called {journey!r}.", where="listeners")
        name = journey if isinstance(journey, str) else getattr(function, "__name__", "listener")
        jobs = ((name, function, person) for person in self._crowd.listeners(count))
        holding = Holding(self._stage, jobs, count, self._current)
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
        """After the last answer of an interval: until nothing more is heard, or until_s (perf_counter)."""
        current = self._current()
        for holding in self._held if current is not None and current.one_by_one is None else ():
            await holding.hear_out(until_s)
