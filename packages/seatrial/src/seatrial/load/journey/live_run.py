"""What steps on open sockets have in common while they are under way."""

import time

from seatrial.load.books.observation import HeardCounts, Observation
from seatrial.load.http.messages import Request
from seatrial.load.journey.under_way import Host
from seatrial.load.live.socket import LiveSocket

__all__ = ["LiveRun"]


class LiveRun:
    """A step that asks something and is counted when it is over; or, uncounted, only when it fails.

    Subclasses say in _leave how they let go of what would call them back.
    """

    __slots__ = (
        "_detail",
        "_dispatched_s",
        "_done_s",
        "_due_s",
        "_error",
        "_host",
        "_name",
        "_sent_s",
        "_status",
        "response",
    )

    is_counted = True

    def __init__(self, host: Host, name: str, what: str, due_s: float) -> None:
        self._host = host
        self._name = name or f"{host.operation} ({what})"
        self._due_s = due_s
        self._dispatched_s = time.perf_counter()
        self._sent_s = self._done_s = 0.0
        self._status = 0
        self._error = self._detail = ""
        self.response: object = None
        """What the journey gets."""

    def cut(self, error: str) -> None:
        """Part of StepRun."""
        self._fail(error, "the interval's last wait was over")

    def overdue(self) -> None:
        """Its deadline has passed."""
        self._fail("timeout", self._late())

    def ended(self, error: str, detail: str) -> None:
        """Called by the socket: nothing more will be heard."""
        self._fail(error or "journey", detail)

    def observe(self, error: str = "", detail: str = "") -> None:
        """Part of Seen."""
        error, detail = (self._error, self._detail) if self._error else (error, detail)
        if not error and not self.is_counted:
            return
        done_s = self._done_s
        seen = Observation(
            self._name,
            self._due_s,
            self._dispatched_s,
            self._sent_s or done_s,
            done_s,
            self._status,
            error,
            is_arrival=self._host.step == 1,
        )
        self._host.note(seen, detail, self._asked())

    def _count_dropped(self, socket: LiveSocket) -> None:
        dropped = socket.take_dropped()
        if dropped:
            self._host.interval.count_heard(HeardCounts(dropped=dropped))

    def _late(self) -> str:
        return "no answer in time"

    def _asked(self) -> Request | None:
        return None

    def _leave(self) -> None:
        """Let go of socket and deadline; may be called twice."""

    def _finish(self, answer: object, at_s: float) -> None:
        self._leave()
        self._done_s = at_s
        self.response = answer
        self._host.over(answer, at_s, (self,))

    def _fail(self, error: str, detail: str) -> None:
        self._leave()
        self._error, self._detail, self._done_s = error, detail, time.perf_counter()
        self._host.give_up((self,))

    def _soon(self, answer: object) -> None:
        """End rightly, once the step under way is known to its journey."""
        self._host.stage.loop.call_soon(self._finish_unless_cut, answer)

    def _fail_soon(self, error: str, detail: str) -> None:
        self._host.stage.loop.call_soon(self._fail_unless_cut, error, detail)

    def _finish_unless_cut(self, answer: object) -> None:
        if not self._error:
            self._finish(answer, max(self._due_s, self._dispatched_s))

    def _fail_unless_cut(self, error: str, detail: str) -> None:
        if not self._error:
            self._fail(error, detail)
