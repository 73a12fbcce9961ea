"""Takes a glance a second at a load while it is driven."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from seatrial.load.books.glance import Glance
from seatrial.load.books.observation import BROADCAST
from seatrial.load.books.tally import Tally
from seatrial.load.driver import Driver

__all__ = ["Watch"]

_EVERY_S = 1.0
# As many of the latest response times as give a fair 95th percentile for the eye, and no pause to sort them.
_TIMES_KEPT = 500


class Watch:
    """A context in a running event loop: calls show(glance) each second with what the tally has counted since."""

    def __init__(self, driver: Driver, tally: Tally, show: Callable[[Glance], None]) -> None:
        self._driver = driver
        self._tally = tally
        self._show = show
        self._times_s: deque[float] = deque(maxlen=_TIMES_KEPT)
        self._lateness_max_s = 0.0
        self._last_s = time.perf_counter()
        self._answered = self._arrivals = 0

    def __enter__(self) -> Self:
        self._tally.on_count = self._counted
        self._timer = asyncio.get_running_loop().call_later(_EVERY_S, self._look)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._tally.on_count = None

    def _counted(self, times_s: Sequence[float], lateness_s: Sequence[float]) -> None:
        self._times_s.extend(times_s)
        self._lateness_max_s = max(self._lateness_max_s, max(lateness_s, default=0.0))

    def _look(self) -> None:
        now_s = time.perf_counter()
        requests = answered = 0
        for name, one in self._tally.operations.items():
            if not name.endswith(BROADCAST):
                requests += one.requests
                answered += one.answered
        arrivals = self._driver.arrivals
        self._show(
            Glance(
                elapsed_s=now_s - self._tally.started_s,
                taken_s=now_s - self._last_s,
                arrivals=arrivals - self._arrivals,
                answered=answered - self._answered,
                failed=requests - answered,
                in_flight=len(self._driver.client.busy),
                times_s=tuple(self._times_s),
                lateness_max_s=self._lateness_max_s,
            )
        )
        self._last_s, self._answered, self._arrivals = now_s, answered, arrivals
        self._times_s.clear()
        self._lateness_max_s = 0.0
        self._timer = asyncio.get_running_loop().call_later(_EVERY_S, self._look)
