"""How long one operation after the other may take: a journey that never ends must not hold the pass for ever."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

from seatrial.errors import LoadError
from seatrial.load.books.observation import Observation
from seatrial.load.journey.journey_run import Job

__all__ = ["AT_LEAST_S", "REQUESTS_MAX", "Patience"]

AT_LEAST_S = 120.0
"""As long may a pass take however few its operations are; with many, as long as each may wait for an answer."""

REQUESTS_MAX = 1000
"""Of one journey in such a pass; without its pauses, one that never ends sends them in a few seconds."""


class Patience:
    """Watches a pass, and ends it with a LoadError that names the operation it was at.

    observed: takes each observation. within_s: how long the pass may take, seconds.
    """

    def __init__(self, observed: Callable[[Observation], None], within_s: float) -> None:
        self._observed = observed
        self._within_s = within_s
        self._operation = ""
        self._requests = 0
        self._give_up: Callable[[], None] = _nothing
        self._lost = ""

    def jobs(self, jobs: Iterator[Job]) -> Iterator[Job]:
        """The same jobs; it is noted which one is done."""
        for job in jobs:
            self._operation, self._requests = job[0], 0
            yield job

    def observed(self, seen: Observation) -> None:
        """Called with each request that was judged."""
        self._observed(seen)
        self._requests += 1
        if self._requests >= REQUESTS_MAX:
            self._lose(f"had sent {REQUESTS_MAX} requests and was not at its end")

    @contextlib.contextmanager
    def lasting(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Around the pass; give_up lets it end.

        Raises:
            LoadError: it had to be ended.
        """
        self._give_up = give_up
        timer = asyncio.get_running_loop().call_later(
            self._within_s, self._lose, f"was under way when {self._within_s:g} s for all of them were over"
        )
        try:
            yield
        finally:
            timer.cancel()
            self._give_up = _nothing
        if self._lost:
            raise LoadError(
                self._lost,
                where="one operation after the other",
                try_this="A journey must come to an end: a `while True` in it needs a bound, such as "
                "`for _ in range(10)`. If it has one, look why the app is slow when nothing else is asked of it.",
            )

    def _lose(self, why: str) -> None:
        self._lost = self._lost or f"{self._operation} {why} ({self._requests} requests of it were answered or failed)."
        self._give_up()


def _nothing() -> None:
    """Before and after the pass there is nothing to give up."""
