"""How late a generator without a schedule is: an alarm of its own tells."""

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Self

from seatrial.load.arrivals.schedule import Schedule
from seatrial.load.arrivals.shapes import Poisson
from seatrial.load.books.histogram import Histogram

__all__ = ["Pulse"]

# A closed loop of a second has two of a hundred late ones then; each costs 0.01 ms.
_RATE_PER_S = 200.0


class Pulse:
    """An async context: an alarm rings at random instants of an interval, and it is counted how late each is heard.

    started_s, duration_s: of the interval (perf_counter). lateness: whatever keeps the alarm from being heard keeps
    answers from being heard, too: this process's own work, or others who have its CPU. Instants that do not follow the
    load see what an answer sees on average (Wolff, Poisson arrivals see time averages, 1982).
    """

    def __init__(self, started_s: float, duration_s: float) -> None:
        self.lateness = Histogram()
        self._rings = (started_s + offset_s for offset_s in Poisson(_RATE_PER_S).offsets(duration_s, "pulse"))

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(Schedule(self._rings, self._heard).run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def _heard(self, due_s: float) -> None:
        self.lateness.record((time.perf_counter() - due_s,))
