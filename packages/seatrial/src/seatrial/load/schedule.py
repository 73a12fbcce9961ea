"""The open loop: one global schedule by absolute due times, whatever the subject does."""

import asyncio
import time
from collections.abc import Callable, Sequence

from seatrial.load.alarm import Alarm

__all__ = ["Schedule"]

# Arrivals taken up before the event loop may look at its sockets again: a late generator must not starve the answers.
_BURST = 64


class Schedule:
    """Calls `arrive(index, due_s)` for each due time (ascending, perf_counter), at it or as soon after as possible.

    A late arrival keeps its due time, and none is left out.
    """

    def __init__(self, due_s: Sequence[float], arrive: Callable[[int, float], None]) -> None:
        self._due_s = due_s
        self._arrive = arrive
        self._next = 0
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        self._alarm = Alarm(self._ring)

    async def run(self) -> None:
        """Until every arrival was taken up."""
        try:
            self._ring()
            await self._finished
        finally:
            self._alarm.close()

    def _ring(self) -> None:
        due_s, last = self._due_s, min(self._next + _BURST, len(self._due_s))
        try:
            while self._next < last and due_s[self._next] <= time.perf_counter():
                index = self._next
                self._next += 1
                self._arrive(index, due_s[index])
        except Exception as error:  # noqa: BLE001 - else it would be lost in the event loop, and the schedule never end
            self._alarm.set(float("inf"))
            if not self._finished.done():
                self._finished.set_exception(error)
            return
        if self._next < len(due_s):
            self._alarm.set(due_s[self._next])
        else:
            self._alarm.set(float("inf"))
            if not self._finished.done():
                self._finished.set_result(None)
