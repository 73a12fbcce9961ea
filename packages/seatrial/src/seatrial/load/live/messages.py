"""What a journey does on open sockets, as values: connect, send, emit, wait, listen, close."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.load.live.socket import LiveSocket

__all__ = [
    "CauseOf",
    "Close",
    "Emit",
    "Listen",
    "LiveStep",
    "OpenSocketIO",
    "OpenWebSocket",
    "Send",
    "WaitFor",
]


CauseOf = Callable[[Any], str | int | None]
"""Tells from an event or message which request caused it: the `cause` of that request; None when it had none."""


@dataclass(frozen=True, slots=True)
class OpenWebSocket:
    """Connect a WebSocket; made by `websocket`. timeout_s: None for the workload's."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    subprotocols: tuple[str, ...] = ()
    name: str = ""
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class OpenSocketIO:
    """Connect to a Socket.IO server and join a namespace; made by `socketio`. timeout_s: None for the workload's."""

    path: str
    namespace: str = "/"
    auth: Mapping[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    name: str = ""
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Emit:
    """Emit an event; made by `emit`. ack: wait for the server's acknowledgement."""

    socket: LiveSocket
    event: str
    args: tuple[Any, ...]
    ack: bool = False
    name: str = ""
    timeout_s: float | None = None
    cause: str | int | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message over a WebSocket; made by `send`."""

    socket: LiveSocket
    data: str | bytes
    name: str = ""
    cause: str | int | None = None


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait for the next event or message; made by `wait_for`. event: its name, empty for any."""

    socket: LiveSocket
    event: str = ""
    where: Callable[[Any], object] | None = None
    cause: CauseOf | None = None
    name: str = ""
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """Take everything that comes for some time; made by `listen`. seconds: None until the journey is ended.

    event: of which events the cause is asked; empty for all.
    """

    socket: LiveSocket
    seconds: float | None = None
    event: str = ""
    cause: CauseOf | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Close:
    """Close a socket; made by `close`."""

    socket: LiveSocket


LiveStep = OpenWebSocket | OpenSocketIO | Emit | Send | WaitFor | Listen | Close
"""Every step on an open socket."""
