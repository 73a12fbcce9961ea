"""A Socket.IO client on a WebSocket: Engine.IO 4 and Socket.IO 5, with the packet classes of python-socketio.

https://socket.io/docs/v4/engine-io-protocol/ and https://socket.io/docs/v4/socket-io-protocol/. The session begins as
a WebSocket at once, without the long polling that browsers may begin with.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from seatrial.load.http.deadlines import Deadlines
from seatrial.load.live.events import Event
from seatrial.load.live.socket import LiveSocket, Opening
from seatrial.load.live.upgrade import MESSAGE_MAX_BYTES

if TYPE_CHECKING:
    from socketio.packet import Packet

__all__ = ["ATTACHMENTS_MAX", "Acknowledged", "SocketIOSocket"]

ATTACHMENTS_MAX = 1000

_PATIENCE_MAX_S = 86_400.0

# Packet types of Engine.IO and of Socket.IO; the libraries have the same numbers.
_OPEN, _CLOSE, _PING, _PONG, _MESSAGE = 0, 1, 2, 3, 4
_CONNECT, _DISCONNECT, _EVENT, _ACK, _CONNECT_ERROR, _BINARY_EVENT, _BINARY_ACK = range(7)


class Acknowledged(Protocol):
    """A step that waits for the server to acknowledge an event."""

    def acknowledged(self, args: tuple[Any, ...], at_s: float) -> None:
        """It did, with these."""

    def ended(self, error: str, detail: str) -> None:
        """It never will."""


class SocketIOSocket(LiveSocket):
    """A Socket.IO session; what `yield socketio(...)` gives. It is closed when its journey ends.

    Pings are answered; when the server sends none for as long as it said it would, the session is lost. An event that
    the server wants acknowledged is acknowledged without arguments.
    """

    __slots__ = (
        "_acks",
        "_auth",
        "_deadlines",
        "_incoming",
        "_incoming_bytes",
        "_next_ack",
        "_patience_s",
        "namespace",
    )

    kind = "Socket.IO"

    def __init__(
        self, opening: Opening, deadlines: Deadlines, namespace: str = "/", auth: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(opening)
        self.namespace = namespace
        self._auth = auth
        self._deadlines = deadlines
        self._acks: dict[int, Acknowledged] | None = None
        self._next_ack = 0
        # An event whose attachments are still on their way.
        self._incoming: Packet | None = None
        self._incoming_bytes = 0
        self._patience_s = math.inf

    # What steps call.

    def emit(self, event: str, args: tuple[Any, ...], ack: Acknowledged | None = None) -> None:
        """Emit an event; ValueError or TypeError when it cannot be told as JSON."""
        if ack is None:
            self._send_packet(_EVENT, [event, *args])
            return
        number, self._next_ack = self._next_ack, self._next_ack + 1
        self._acks = self._acks or {}
        self._acks[number] = ack
        try:
            self._send_packet(_EVENT, [event, *args], number)
        except Exception:
            self.forget(ack)
            raise

    def forget(self, ack: Acknowledged) -> None:
        """This step does not wait any more; what comes late is nobody's."""
        self._acks = {number: one for number, one in (self._acks or {}).items() if one is not ack} or None

    # What the deadlines call.

    def overdue(self) -> None:
        """The server did not ping in time."""
        self._broken("reset", f"the server sent no ping for {self._patience_s:g} s")

    # What the wire calls.

    def message(self, data: str | bytes, at_s: float) -> None:
        """One whole message: a packet of Engine.IO."""
        try:
            act = self._read(data, at_s)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            shown = data[:100]
            self._broken("protocol", f"the server sent what is not Socket.IO: {shown!r} ({type(error).__name__})")
            return
        # Not within the above: what a journey does with an event must not pass for the server's mistake.
        if act is not None:
            act()

    # What is this kind's own.

    def _ready(self, at_s: float) -> None:
        """The WebSocket is there; the server speaks first."""

    def _goodbye(self) -> None:
        if self._opening is None and self.end is None:
            self._send_packet(_DISCONNECT)

    def _over(self, error: str, detail: str) -> None:
        self._deadlines.clear(self)
        acks, self._acks, self._incoming = self._acks, None, None
        super()._over(error, detail)
        for step in (acks or {}).values():
            step.ended(error, detail)

    def _read(self, data: str | bytes, at_s: float) -> Callable[[], None] | None:
        """What is to be done about a packet of Engine.IO; raises when it is none."""
        from engineio.packet import Packet

        packet = Packet(encoded_packet=data)
        if packet.packet_type == _MESSAGE:
            return self._read_message(packet.data, at_s)
        if packet.packet_type == _PING:
            self._deadlines.set(self, at_s + self._patience_s)
            return partial(self.send, Packet(_PONG, packet.data).encode())
        if packet.packet_type == _OPEN:
            handshake = packet.data
            patience_s = (int(handshake["pingInterval"]) + int(handshake["pingTimeout"])) / 1000.0
            if not 0 < patience_s < _PATIENCE_MAX_S:
                raise ValueError("pings that never come")
            return partial(self._begun, patience_s, at_s)
        if packet.packet_type == _CLOSE:
            return partial(self._broken, "reset", "the server closed the session")
        return None

    def _begun(self, patience_s: float, at_s: float) -> None:
        self._patience_s = patience_s
        self._deadlines.set(self, at_s + patience_s)
        auth, self._auth = self._auth, None
        self._send_packet(_CONNECT, auth)

    def _read_message(self, data: str | bytes, at_s: float) -> Callable[[], None] | None:
        from socketio.packet import Packet

        if isinstance(data, bytes):
            return self._read_attachment(data, at_s)
        if self._incoming is not None:
            raise ValueError("an attachment is missing")
        packet = Packet(encoded_packet=str(data))
        if packet.attachment_count > ATTACHMENTS_MAX:
            raise ValueError("too many attachments")
        if packet.packet_type in {_BINARY_EVENT, _BINARY_ACK} and packet.attachment_count:
            self._incoming, self._incoming_bytes = packet, len(data)
            return None
        return self._read_packet(packet, at_s, len(data))

    def _read_attachment(self, data: bytes, at_s: float) -> Callable[[], None] | None:
        packet = self._incoming
        if packet is None:
            raise ValueError("an attachment to nothing")
        self._incoming_bytes += len(data)
        if self._incoming_bytes > MESSAGE_MAX_BYTES:
            raise ValueError(f"an event of more than {MESSAGE_MAX_BYTES // 1024**2} MB")
        if not packet.add_attachment(data):
            return None
        self._incoming = None
        return self._read_packet(packet, at_s, self._incoming_bytes)

    def _read_packet(self, packet: "Packet", at_s: float, size_bytes: int) -> Callable[[], None] | None:
        """A whole packet of Socket.IO; those of namespaces that were not joined are nobody's."""
        kind, data = packet.packet_type, packet.data
        if (packet.namespace or "/") != self.namespace:
            return None
        act: Callable[[], None] | None = None
        if kind in {_EVENT, _BINARY_EVENT}:
            name, args = _unpacked(data)
            act = partial(self._event, Event(name, args, at_s, size_bytes), packet.id)
        elif kind in {_ACK, _BINARY_ACK}:
            step = (self._acks or {}).pop(packet.id, None)
            act = None if step is None else partial(step.acknowledged, tuple(data), at_s)
        elif kind == _CONNECT:
            act = partial(self._opened, at_s)
        elif kind == _CONNECT_ERROR:
            act = partial(self._broken, "status", f"the server refused the namespace {self.namespace}: {_said(data)}")
        elif kind == _DISCONNECT:
            act = partial(self._broken, "reset", f"the server disconnected the namespace {self.namespace}")
        return act

    def _event(self, event: Event, number: int | None) -> None:
        if number is not None:
            self._send_packet(_ACK, [], number)
        self._heard(event)

    def _send_packet(self, kind: int, data: Any = None, number: int | None = None) -> None:
        from engineio.packet import Packet as Frame
        from socketio.packet import Packet

        encoded = Packet(kind, data=data, namespace=self.namespace, id=number).encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        if sum(len(part) for part in parts) > MESSAGE_MAX_BYTES:
            raise ValueError(f"it is longer than {MESSAGE_MAX_BYTES // 1024**2} MB")
        for part in parts:
            self.send(Frame(_MESSAGE, bytes(part) if isinstance(part, bytearray) else part).encode())


def _unpacked(data: Any) -> tuple[str, tuple[Any, ...]]:
    if not isinstance(data, list):
        raise TypeError("no list of arguments")
    return str(data[0]), tuple(data[1:])


def _said(data: Any) -> str:
    """What a refusal says, in few words."""
    message = data.get("message") if isinstance(data, dict) else data
    rest = data.get("data") if isinstance(data, dict) else None
    text = f"{message}" + (f" {rest!r}" if rest else "")
    return text[:200]
