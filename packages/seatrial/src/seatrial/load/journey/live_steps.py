"""The steps a journey yields on open sockets: connect, send, emit, wait, listen, close."""

import importlib
import json as json_module
from collections.abc import Callable, Mapping
from typing import Any

from seatrial.errors import LoadError
from seatrial.load.journey.steps import HeaderPairs, get
from seatrial.load.live.messages import CauseOf, Close, Emit, Listen, OpenSocketIO, OpenWebSocket, Send, WaitFor
from seatrial.load.live.socket import LiveSocket
from seatrial.load.live.socketio_socket import SocketIOSocket
from seatrial.load.live.upgrade import MESSAGE_MAX_BYTES

__all__ = ["close", "emit", "get_ready", "listen", "send", "socketio", "wait_for", "websocket"]

_SECONDS_MAX = 86_400.0
# Socket.IO's own, which a client must not emit.
_RESERVED = {"connect", "connect_error", "disconnect", "disconnecting"}


def websocket(
    path: str,
    *,
    subprotocols: tuple[str, ...] = (),
    name: str = "",
    headers: HeaderPairs = (),
    bearer: str = "",
    timeout_s: float | None = None,
) -> OpenWebSocket:
    """Connect a WebSocket with the person's cookies; the journey gets the socket, which is closed when it ends.

    Counted as "<journey> (connect)", or `name`. timeout_s: if not said, the workload's.
    """
    asked = get(path, headers=headers, bearer=bearer)
    return OpenWebSocket(asked.path, asked.headers, tuple(subprotocols), name, _checked_timeout(timeout_s))


def socketio(
    path: str = "/socket.io/",
    *,
    namespace: str = "/",
    auth: Mapping[str, Any] | None = None,
    name: str = "",
    headers: HeaderPairs = (),
    bearer: str = "",
    timeout_s: float | None = None,
) -> OpenSocketIO:
    """Connect to a Socket.IO server and join a namespace; otherwise as `websocket`. auth: what the server asks for."""
    if not namespace.startswith("/") or "," in namespace:
        raise LoadError(f"{namespace!r} is not a namespace.", try_this='It begins with "/", such as "/chat".')
    asked = get(path, headers=headers, bearer=bearer)
    return OpenSocketIO(asked.path, namespace, auth, asked.headers, name, _checked_timeout(timeout_s))


def emit(
    socket: LiveSocket,
    event: str,
    /,
    *args: Any,
    ack: bool = False,
    cause: str | int | None = None,
    name: str = "",
    timeout_s: float | None = None,
) -> Emit:
    """Emit an event. ack: wait for the server's acknowledgement, which the journey gets: None, a value, or a tuple.

    Counted as "<journey> (emit)", or `name`, only when it is acknowledged. cause: see `post`.
    """
    if not isinstance(socket, SocketIOSocket):
        raise LoadError(f"emit() takes what `yield socketio(...)` gave, not {socket!r}.")
    if event in _RESERVED:
        raise LoadError(f"{event!r} is an event of Socket.IO itself and cannot be emitted.")
    return Emit(socket, event, args, ack, name, _checked_timeout(timeout_s), cause)


def send(
    socket: LiveSocket, data: str | bytes | None = None, *, json: object = None, cause: str | int | None = None
) -> Send:
    """Send text, bytes, or `json` over a WebSocket; nobody waits for an answer. cause: see `post`."""
    if not isinstance(socket, LiveSocket) or isinstance(socket, SocketIOSocket):
        raise LoadError(f"send() takes what `yield websocket(...)` gave, not {socket!r}.")
    if (data is None) == (json is None):
        raise LoadError("send() takes text, bytes, or json=...; one of them.")
    whole = json_module.dumps(json) if data is None else data
    if not isinstance(whole, str | bytes):
        raise LoadError(f"send() takes text or bytes, not {type(whole).__name__}.", try_this="Other values: json=...")
    if len(whole) > MESSAGE_MAX_BYTES:
        raise LoadError(f"a message has at most {MESSAGE_MAX_BYTES // 1024**2} MB.")
    return Send(socket, whole, cause=cause)


def wait_for(
    socket: LiveSocket,
    event: str = "",
    *,
    where: Callable[[Any], object] | None = None,
    cause: CauseOf | None = None,
    name: str = "",
    timeout_s: float | None = None,
) -> WaitFor:
    """Wait for the next event of this name (of any, without one), or the next message; the journey gets it.

    What came earlier and no step took is looked at first. where: takes only those of which it says yes. Counted as
    "<journey> (wait)", or `name`, from when the wait began. cause: see `listen`.
    """
    _check_socket("wait_for", socket)
    if event and not isinstance(socket, SocketIOSocket):
        raise LoadError(
            f"a plain WebSocket has no events that could be called {event!r}.", try_this="Use where=lambda message: ..."
        )
    return WaitFor(socket, event, where, cause, name, _checked_timeout(timeout_s))


def listen(
    socket: LiveSocket,
    seconds: float | None = None,
    *,
    event: str = "",
    cause: CauseOf | None = None,
    name: str = "",
) -> Listen:
    """Take everything that comes for some seconds, or until the journey is ended; left out where load is closed.

    cause: tells from an event (those called `event`, if it is said) what caused it, as the `cause` of that request was;
    None when nothing of ours did. The time from when the request was due is counted as "<journey> (broadcast)", or
    "<name> (broadcast)".
    """
    _check_socket("listen", socket)
    if seconds is not None and not 0 <= seconds <= _SECONDS_MAX:
        raise LoadError(f"listen(..., {seconds}): it takes 0 to {_SECONDS_MAX:g} seconds, or none at all.")
    return Listen(socket, seconds, event, cause, name)


def get_ready() -> None:
    """Import what the first socket needs: half a second, which no interval may lose."""
    for name in ("engineio.packet", "socketio.packet", "websockets.client", "websockets.uri"):
        importlib.import_module(name)


def close(socket: LiveSocket) -> Close:
    """Close a socket before its journey ends."""
    _check_socket("close", socket)
    return Close(socket)


def _check_socket(step: str, socket: object) -> None:
    if not isinstance(socket, LiveSocket):
        raise LoadError(f"{step}() takes what `yield socketio(...)` or `yield websocket(...)` gave, not {socket!r}.")


def _checked_timeout(timeout_s: float | None) -> float | None:
    if timeout_s is not None and not 0 < timeout_s <= _SECONDS_MAX:
        raise LoadError(f"timeout_s={timeout_s}: a wait takes more than 0 and at most {_SECONDS_MAX:g} seconds.")
    return timeout_s
