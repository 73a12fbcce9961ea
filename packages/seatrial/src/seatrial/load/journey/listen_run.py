"""Hearing what comes over an open socket: waiting for one event, or listening to all of them for a time."""

import math
import time
from typing import cast

from seatrial.load.books.observation import BROADCAST, HeardCounts, Observation
from seatrial.load.journey.live_run import LiveRun
from seatrial.load.journey.under_way import Host, Pause
from seatrial.load.live.events import Heard
from seatrial.load.live.messages import Listen, WaitFor

__all__ = ["ListenRun", "WaitRun"]

_ONE, _UNKNOWN = HeardCounts(events=1), HeardCounts(unknown=1)


class WaitRun(LiveRun):
    """Waits for the next event of a name; counted as "<journey> (wait)", from when the wait began.

    What came before and was not taken is looked at first. Other events stay for later steps.
    """

    __slots__ = ("_is_live", "_step", "_taken")

    def __init__(self, host: Host, step: WaitFor, due_s: float) -> None:
        super().__init__(host, step.name, "wait", due_s)
        self._step = step
        self._sent_s = due_s
        self._taken = cast("Heard | None", None)
        # Not before the constructor has returned may the journey go on.
        self._is_live = False
        socket = step.socket
        self._count_dropped(socket)
        if socket.taker is not None:
            self._fail_soon("journey", "another step waits on this socket already")
            return
        socket.take(self)
        self._is_live = True
        if self._taken is not None:
            self._soon(self._taken)
        elif socket.end is not None:
            error, detail = socket.end
            self._fail_soon(error or "journey", detail)
        else:
            timeout_s = host.stage.timeout_s if step.timeout_s is None else step.timeout_s
            host.stage.live.deadlines.set(self, due_s + timeout_s)

    def offered(self, heard: Heard) -> bool:
        """Called by the socket: whether this is what it waits for."""
        step = self._step
        try:
            is_it = (not step.event or heard.name == step.event) and (step.where is None or bool(step.where(heard)))
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is told in words
            self._leave()
            self._fail_soon("journey", f"`where` raised {type(error).__name__}: {error}, of {heard!r}")
            return False
        if not is_it:
            return False
        _hear(self._host, step, heard)
        if self._is_live:
            self._finish(heard, heard.received_s)
        else:
            self._taken = heard
            self._leave()
        return True

    def _late(self) -> str:
        what = f"no {self._step.event!r}" if self._step.event else "nothing"
        return f"{what} was heard in time"

    def _leave(self) -> None:
        if self._step.socket.taker is self:
            self._step.socket.taker = None
        self._host.stage.live.deadlines.clear(self)


class ListenRun(LiveRun, Pause):
    """Takes everything that comes, for some time; only a socket that ends before is counted, as "<journey> (listen)".

    Where pauses are left out it ends at once, with what was there already. The journey gets how many it heard.
    """

    __slots__ = ("_count", "_step")

    is_counted = False

    def __init__(self, host: Host, step: Listen, due_s: float) -> None:
        super().__init__(host, step.name, "listen", due_s)
        self._step = step
        self._count = 0
        socket = step.socket
        self._count_dropped(socket)
        if socket.taker is not None:
            self._fail_soon("journey", "another step waits on this socket already")
            return
        socket.take(self)
        if not host.interval.thinks:
            self._leave()
            host.stage.loop.call_soon(self.overdue)
        elif socket.end is not None:
            error, detail = socket.end
            self._fail_soon(error or "journey", detail)
        else:
            host.stage.live.deadlines.set(self, math.inf if step.seconds is None else due_s + step.seconds)
            host.settled()

    def cut(self, error: str) -> None:
        """Part of StepRun: nothing was asked, so nothing is counted."""
        self._leave()
        self._error = error or "unfinished"
        self._host.give_up()

    def ended(self, error: str, detail: str) -> None:
        """Called by the socket: it is over, too early, and known now; how long it listened is nobody's waiting time."""
        self._due_s = self._dispatched_s = time.perf_counter()
        super().ended(error, detail)

    def offered(self, heard: Heard) -> bool:
        """Called by the socket: everything is taken."""
        self._count += 1
        _hear(self._host, self._step, heard)
        return True

    def overdue(self) -> None:
        """The time is over, which is no fault."""
        if not self._error:
            self._finish(self._count, max(self._due_s, min(time.perf_counter(), self._ends_s)))

    @property
    def _ends_s(self) -> float:
        is_kept = self._host.interval.thinks and self._step.seconds is not None
        return self._due_s + (self._step.seconds or 0.0) if is_kept else math.inf

    def _leave(self) -> None:
        if self._step.socket.taker is self:
            self._step.socket.taker = None
        self._host.stage.live.deadlines.clear(self)


def _hear(host: Host, step: WaitFor | Listen, heard: Heard) -> None:
    """Count what was heard, and how long after its cause; a cause that is not known is never guessed."""
    host.interval.count_heard(_ONE)
    if step.cause is None or (step.event and heard.name != step.event):
        return
    try:
        named = step.cause(heard)
    except Exception as error:  # noqa: BLE001 - the user's code may raise anything; it is told in words
        words = f"{host.operation}: `cause` raised {type(error).__name__}: {error}, of {heard!r}"
        host.interval.explain(f"{host.operation} cause {type(error).__name__}", words)
        host.interval.count_heard(_UNKNOWN)
        return
    if named is None:
        return
    cause = host.stage.live.causes.heard(named)
    if cause is None:
        host.interval.count_heard(_UNKNOWN)
        return
    # How late the generator took up the request that caused it is counted with that request.
    due_s, sent_s = cause.due_s, cause.sent_s
    name = f"{step.name or host.operation}{BROADCAST}"
    host.note(Observation(name, due_s, due_s, sent_s, heard.received_s, 0, is_arrival=False), "")
