"""What still fits into the time that a study may take."""

import time
from collections.abc import Callable

from seatrial.measure.measurement import Caveat

__all__ = ["TimeLimit"]

CLOSING_S = 10.0
"""Kept for stopping everything, concluding, and writing the study and the page."""


class TimeLimit:
    """Counts from when it is made. within_s: 0 for as long as it takes.

    It ends nothing: whoever is about to begin something that can be left out asks first.
    """

    def __init__(self, within_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._within_s = within_s
        self._clock = clock
        self._until_s = clock() + within_s - CLOSING_S
        self._left_out: list[str] = []

    @property
    def left_s(self) -> float:
        """Seconds for what can be left out; without end where nothing limits it."""
        return self._until_s - self._clock() if self._within_s else float("inf")

    def allows(self, what: str, expected_s: float) -> bool:
        """Whether so many seconds are left; where not, `what` is among what the caveat names."""
        if expected_s <= self.left_s:
            return True
        self._left_out.append(what)
        return False

    def caveats(self) -> tuple[Caveat, ...]:
        """One that names all that was left out, or none."""
        if not self._left_out:
            return ()
        text = f"Left out, to be ready within {self._within_s:g} s: {'; '.join(self._left_out)}."
        return (Caveat("left-out-for-time", text, "Raise measure.within_s, or set it to 0 for no limit."),)
