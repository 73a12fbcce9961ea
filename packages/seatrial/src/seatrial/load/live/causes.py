"""What was sent under a name of its own, so that whoever hears of it later can tell how long that took."""

import time
from collections.abc import Callable

__all__ = ["CAUSES_MAX", "Cause", "Causes"]

CAUSES_MAX = 20_000
"""Kept at once, the newest; at 200 posts a second those of the last 100 seconds."""


class Cause:
    """When a request that others hear of was due, and when it was sent (0 before); seconds of perf_counter.

    heard: how often somebody has heard of it.
    """

    __slots__ = ("_before_send", "due_s", "heard", "sent_s")

    def __init__(self, due_s: float, before_send: Callable[[], None] | None = None) -> None:
        self.due_s = due_s
        self.sent_s = 0.0
        self.heard = 0
        self._before_send = before_send

    def sending(self) -> None:
        """Its bytes go out now; called again when they go out again over another connection."""
        if self._before_send is not None:
            self._before_send()
        self.sent_s = time.perf_counter()


class Causes:
    """The causes of late, by name. Of two with one name the later one counts, so names should not repeat."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str | int, Cause] = {}

    def __len__(self) -> int:
        return len(self._known)

    def begin(self, name: str | int, due_s: float, before_send: Callable[[], None] | None = None) -> Cause:
        """Something under this name is about to be sent; before_send is called right before it is."""
        known = self._known
        known.pop(name, None)
        if len(known) >= CAUSES_MAX:
            del known[next(iter(known))]
        cause = known[name] = Cause(due_s, before_send)
        return cause

    def heard(self, name: object) -> Cause | None:
        """Somebody hears of the cause of that name: it, if it was sent and is still known."""
        cause = self._known.get(name) if isinstance(name, str | int) else None
        if cause is None or not cause.sent_s:
            return None
        cause.heard += 1
        return cause

    def unheard(self, since_s: float, by: int = 1) -> int:
        """How many that were due since then were sent and heard of less than so often."""
        return sum(1 for one in self._known.values() if one.due_s >= since_s and one.sent_s and one.heard < by)

    def missing(self, since_s: float, by: int) -> int:
        """How many times `by` listeners have not heard of what at least one of them has, of causes due since then."""
        return sum(by - one.heard for one in self._known.values() if one.due_s >= since_s and 0 < one.heard < by)
