"""Deadlines of many things at once, looked at together: thousands of timers would cost more than what they guard."""

import asyncio
import math
import time
from typing import Protocol

__all__ = ["Deadlines", "Guarded"]

_WIDTH_S = 0.05


class Guarded(Protocol):
    """What has a deadline."""

    def overdue(self) -> None:
        """The deadline has passed."""


class Deadlines:
    """Calls `overdue()` of each thing within 0.1 s after its deadline, never before it.

    Each thing has one deadline at a time. They lie in slots 50 ms wide, so that adding, moving and taking one back cost
    the same however many there are; one timer runs while there are any.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: dict[int, set[Guarded]] = {}
        self._slot_of: dict[Guarded, int] = {}
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._slot_of)

    def set(self, thing: Guarded, at_s: float) -> None:
        """Its deadline is at at_s (perf_counter) from now on; never, if that is infinite."""
        self.clear(thing)
        if math.isinf(at_s):
            return
        if self._timer is None:
            self._next = int(time.perf_counter() / _WIDTH_S)
            self._timer = self._loop.call_later(_WIDTH_S, self._sweep)
        slot = max(self._next, int(at_s / _WIDTH_S) + 1)
        self._slots.setdefault(slot, set()).add(thing)
        self._slot_of[thing] = slot

    def clear(self, thing: Guarded) -> None:
        """It has no deadline any more."""
        slot = self._slot_of.pop(thing, None)
        if slot is None:
            return
        others = self._slots[slot]
        others.discard(thing)
        if not others:
            del self._slots[slot]

    def close(self) -> None:
        """Forget all of them."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._slots.clear()
        self._slot_of.clear()

    def _sweep(self) -> None:
        now = int(time.perf_counter() / _WIDTH_S)
        overdue: list[Guarded] = []
        while self._next <= now:
            overdue += self._slots.get(self._next, ())
            self._next += 1
        self._timer = None
        for thing in overdue:
            # One of them may have taken back another's.
            if self._slot_of.get(thing, now + 1) <= now:
                self.clear(thing)
                thing.overdue()
        if self._slot_of and self._timer is None:
            self._timer = self._loop.call_later(_WIDTH_S, self._sweep)
