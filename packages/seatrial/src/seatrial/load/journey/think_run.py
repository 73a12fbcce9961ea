"""A pause under way."""

import asyncio
import time

from seatrial.load.journey.steps import Think
from seatrial.load.journey.under_way import Host, Pause

__all__ = ["ThinkRun"]


class ThinkRun(Pause):
    """Waits from when the pause began, not from when it was taken up; not at all where pauses are left out."""

    __slots__ = ("_due_s", "_host", "_timer")

    def __init__(self, host: Host, think: Think, due_s: float) -> None:
        self._host = host
        self._due_s = due_s + think.seconds if host.interval.thinks else due_s
        delay_s = max(0.0, self._due_s - time.perf_counter()) if host.interval.thinks else 0.0
        self._timer: asyncio.TimerHandle = host.stage.loop.call_later(delay_s, self._ring)

    def cut(self, error: str) -> None:  # noqa: ARG002 - nothing was asked, so nothing is counted
        """End it now."""
        self._timer.cancel()
        self._host.give_up()

    def _ring(self) -> None:
        # Timers may ring up to a millisecond early; nobody can be early for what they were thinking about.
        self._host.over(None, min(self._due_s, time.perf_counter()))
