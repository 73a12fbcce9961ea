"""Saying something over an open socket: an event, a message, goodbye."""

import time
from typing import Any, cast

from seatrial.load.journey.live_run import LiveRun
from seatrial.load.journey.under_way import Host
from seatrial.load.live.messages import Close, Emit, Send
from seatrial.load.live.socketio_socket import SocketIOSocket

__all__ = ["CloseRun", "EmitRun", "SendRun"]


class EmitRun(LiveRun):
    """Emits; counted as "<journey> (emit)" when the server is to acknowledge it, until it has, or when it fails.

    The journey gets what the server acknowledged with: nothing, one value, or a tuple of several.
    """

    __slots__ = ("_socket", "is_counted")

    def __init__(self, host: Host, step: Emit, due_s: float) -> None:
        super().__init__(host, step.name, "emit", due_s)
        self.is_counted = step.ack
        self._socket = socket = cast("SocketIOSocket", step.socket)
        if socket.end is not None:
            self._fail_soon(*_gone(socket.end))
            return
        if step.ack and host.interval.before_send is not None:
            host.interval.before_send()
        self._sent_s = time.perf_counter()
        try:
            socket.emit(step.event, step.args, self if step.ack else None)
        except (TypeError, ValueError, RecursionError) as error:
            self._fail_soon("journey", f"emit({step.event!r}) cannot be sent: {error}")
            return
        if step.cause is not None:
            host.stage.live.causes.begin(step.cause, due_s).sent_s = self._sent_s
        if not step.ack:
            self._soon(None)
        else:
            timeout_s = host.stage.timeout_s if step.timeout_s is None else step.timeout_s
            host.stage.live.deadlines.set(self, due_s + timeout_s)

    def acknowledged(self, args: tuple[Any, ...], at_s: float) -> None:
        """Called by the socket."""
        self._finish(args[0] if len(args) == 1 else args or None, at_s)

    def _late(self) -> str:
        return "the event was not acknowledged in time"

    def _leave(self) -> None:
        if self.is_counted:
            self._socket.forget(self)
            self._host.stage.live.deadlines.clear(self)


class SendRun(LiveRun):
    """Sends a message; counted as "<journey> (send)" only when the socket is not there any more."""

    __slots__ = ()

    is_counted = False

    def __init__(self, host: Host, step: Send, due_s: float) -> None:
        super().__init__(host, step.name, "send", due_s)
        if step.socket.end is not None:
            self._fail_soon(*_gone(step.socket.end))
            return
        self._sent_s = time.perf_counter()
        if step.cause is not None:
            host.stage.live.causes.begin(step.cause, due_s).sent_s = self._sent_s
        step.socket.send(step.data)
        self._soon(None)


class CloseRun(LiveRun):
    """Closes a socket; never counted, and never waited for."""

    __slots__ = ()

    is_counted = False

    def __init__(self, host: Host, step: Close, due_s: float) -> None:
        super().__init__(host, "", "close", due_s)
        self._count_dropped(step.socket)
        step.socket.close()
        self._soon(None)


def _gone(end: tuple[str, str]) -> tuple[str, str]:
    error, detail = end
    return error or "journey", detail
