"""The open loop: one global schedule by absolute due times, whatever the subject does."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable

from seatrial.load.arrivals.alarm import Alarm

__all__ = ["Schedule"]

# Arrivals taken up before the event loop may look at its sockets again: a late generator must not starve the answers.
_BURST = 64


class Schedule:
    """Calls `arrive(due_s)` for each due time (ascending, perf_counter), at it or as soon after as possible.

    A late arrival keeps its due time, and none is left out. The times are asked for one by one: a day's schedule takes
    no more memory than a second's.
    """

    def __init__(self, due_s: Iterable[float], arrive: Callable[[float], None]) -> None:
        self._due_s = iter(due_s)
        self._arrive = arrive
        self._next_s = next(self._due_s, math.inf)
        self._finished = asyncio.get_running_loop().create_future()
        self._alarm = Alarm(self._ring)

    async def run(self) -> None:
        """Until every arrival was taken up."""
        try:
            self._ring()
            await self._finished
        finally:
            self._alarm.close()

    def _ring(self) -> None:
        try:
            self._take_up()
        except Exception as error:  # noqa: BLE001 - else it would be lost in the event loop, and the schedule never end
            self._next_s = math.inf
            if not self._finished.done():
                self._finished.set_exception(error)
        self._alarm.set(self._next_s)
        if self._next_s == math.inf and not self._finished.done():
            self._finished.set_result(None)

    def _take_up(self) -> None:
        for _ in range(_BURST):
            due_s = self._next_s
            if due_s > time.perf_counter():
                return
            self._next_s = next(self._due_s, math.inf)
            self._arrive(due_s)
