"""One WebSocket on its way: frames in and out by `websockets`, which does no input or output, over our own connection.

Whatever the server does, its socket hears once that it is over.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Protocol, cast

from seatrial.load.http.deadlines import Deadlines
from seatrial.load.live.socket import LiveSocket
from seatrial.load.live.upgrade import Upgrade, ask, client_protocol

if TYPE_CHECKING:
    from websockets.client import ClientProtocol
    from websockets.frames import Frame
    from websockets.http11 import Response

__all__ = ["CLOSE_WITHIN_S", "Keeper", "WebSocketWire"]

CLOSE_WITHIN_S = 2.0
"""How long a server may take to close after it was asked to; then the connection is dropped."""

# What the server does not read is kept in memory by the transport.
_UNSENT_MAX_BYTES = 32 * 1024 * 1024


class Keeper(Protocol):
    """Who keeps the connections: see `live_sockets.LiveSockets`."""

    deadlines: Deadlines

    def dropped(self, wire: "WebSocketWire") -> None:
        """The connection is gone."""


class WebSocketWire(asyncio.Protocol):
    """A WebSocket connection as a client; tells `socket` what comes over it."""

    __slots__ = (
        "_fragments",
        "_is_closing",
        "_is_open",
        "_is_text",
        "_keeper",
        "_protocol",
        "_socket",
        "_transport",
        "_upgrade",
    )

    def __init__(self, keeper: Keeper, socket: LiveSocket, upgrade: Upgrade) -> None:
        self._keeper = keeper
        self._socket: LiveSocket | None = socket
        self._upgrade: Upgrade | None = upgrade
        self._protocol: ClientProtocol | None = client_protocol(upgrade)
        self._transport: asyncio.Transport | None = None
        # A message in several frames, until its last one; most come in one.
        self._fragments: bytearray | None = None
        self._is_text = False
        self._is_open = self._is_closing = False

    # What its socket calls.

    def send(self, data: str | bytes) -> None:
        """Send one message."""
        protocol = self._protocol
        if protocol is None or self._is_closing:
            return
        if isinstance(data, str):
            protocol.send_text(data.encode())
        else:
            protocol.send_binary(data)
        self._flush()

    def close(self) -> None:
        """Send a closing frame and wait for the server to close, at most CLOSE_WITHIN_S."""
        self._socket = None
        if self._is_closing:
            return
        self._is_closing = True
        protocol, transport = self._protocol, self._transport
        if protocol is None or transport is None or not self._is_open:
            self._drop()
            return
        protocol.send_close(1000)
        self._flush()
        self._keeper.deadlines.set(self, time.perf_counter() + CLOSE_WITHIN_S)

    def abort(self, error: str, detail: str) -> None:
        """Drop the connection; its socket, if it still listens, is told why."""
        self._is_closing = True
        socket, self._socket = self._socket, None
        self._drop()
        if socket is not None:
            socket.lost(error, detail)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, open or closing."""
        return self._transport is not None

    def overdue(self) -> None:
        """The server took too long to close."""
        self._drop()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)
        protocol, socket, upgrade = self._protocol, self._socket, self._upgrade
        self._upgrade = None
        if protocol is None or socket is None or upgrade is None:
            self._drop()
            return
        ask(protocol, upgrade)
        socket.connected(self)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        at_s = time.perf_counter()
        protocol = self._protocol
        if protocol is None or self._is_closing:
            return  # what still comes while the server closes
        protocol.receive_data(data)
        self._digest(protocol, at_s)

    def eof_received(self) -> None:
        """Part of asyncio.Protocol; the loop closes the transport afterwards."""
        protocol = self._protocol
        if protocol is not None and not self._is_closing and not self._is_open:
            # A refusal may have a body that ends with the connection.
            protocol.receive_eof()
            self._digest(protocol, time.perf_counter())
        self._lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._lost(exc)
        self._transport = None
        self._keeper.deadlines.clear(self)
        self._release()
        self._keeper.dropped(self)

    # What comes in.

    def _digest(self, protocol: "ClientProtocol", at_s: float) -> None:
        for event in protocol.events_received():
            if not hasattr(event, "opcode"):
                self._answered(cast("Response", event), at_s)
            else:
                self._take(cast("Frame", event), at_s)
            if self._is_closing:
                return
        wrong = protocol.handshake_exc or protocol.parser_exc
        if wrong is None:
            self._flush()
        elif isinstance(wrong.__cause__, EOFError):
            self._lost(None)
        else:
            asked = "the answer to the request for a WebSocket is wrong"
            what = asked if protocol.handshake_exc else "what the server sent is not WebSocket"
            why = f"{wrong} ({wrong.__cause__})" if wrong.__cause__ else f"{wrong}"
            self.abort("protocol", f"{what}: {why}")

    def _answered(self, response: "Response", at_s: float) -> None:
        socket, protocol = self._socket, self._protocol
        if socket is None or protocol is None:
            return
        cookies = response.headers.get_all("Set-Cookie")
        status = response.status_code
        if status == 101 and protocol.handshake_exc is not None:
            return
        self._is_open = status == 101
        socket.switched(status, cookies, at_s)
        if status != 101 and self._socket is not None:
            body = bytes(response.body or b"")[:200].decode("utf-8", "replace")
            words = " ".join(body.split())
            self.abort("status", f"the server answered {status} to the request for a WebSocket: {words!r}")

    def _take(self, frame: "Frame", at_s: float) -> None:
        opcode = int(frame.opcode)
        if opcode == 8:
            self._closed_by_server()
            return
        if opcode > 2 or self._socket is None:
            return
        if opcode:
            self._is_text = opcode == 1
        if not frame.fin or self._fragments is not None:
            if self._fragments is None:
                self._fragments = bytearray()
            self._fragments += frame.data
            if not frame.fin:
                return
            whole: bytes | bytearray | memoryview = self._fragments
            self._fragments = None
        else:
            whole = frame.data
        try:
            message = str(whole, "utf-8") if self._is_text else bytes(whole)
        except UnicodeDecodeError:
            self.abort("protocol", "the server sent a text message that is not UTF-8")
            return
        self._socket.message(message, at_s)

    def _closed_by_server(self) -> None:
        protocol = self._protocol
        assert protocol is not None
        received = protocol.close_rcvd
        self._flush()  # the library has answered with a closing frame of its own
        self._is_closing = True
        self._keeper.deadlines.set(self, time.perf_counter() + CLOSE_WITHIN_S)
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.lost("reset", f"the server closed the socket: {received}")

    def _lost(self, exc: Exception | None) -> None:
        self._is_closing = True
        socket, self._socket = self._socket, None
        if socket is None:
            return
        if exc is not None:
            socket.lost("reset", f"the connection was lost: {exc}")
        elif not self._is_open:
            socket.lost("reset", "the server closed the connection without answering the request for a WebSocket")
        else:
            socket.lost("reset", "the server closed the connection without a closing frame")

    def _flush(self) -> None:
        protocol, transport = self._protocol, self._transport
        if protocol is None or transport is None:
            return
        for data in protocol.data_to_send():
            # An empty one asks to close our half: the whole connection is closed instead, by who noticed.
            if data and not transport.is_closing():
                transport.write(data)
        if transport.get_write_buffer_size() > _UNSENT_MAX_BYTES:
            # Not at once: a step that sends must not be over before it is known to its journey.
            asyncio.get_running_loop().call_soon(self.abort, "protocol", "the server does not read what it is sent")

    def _drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        else:
            self._release()

    def _release(self) -> None:
        self._upgrade = None
        protocol, self._protocol = self._protocol, None
        if protocol is None:
            return
        # Its parser and it hold each other, and so do what went wrong, the answer it is about, and the frames it went
        # through: left so, they would wait for the garbage collector.
        protocol.parser.close()
        for wrong in (protocol.handshake_exc, protocol.parser_exc):
            if wrong is not None:
                wrong.__traceback__ = None
                wrong.args = ()
                vars(wrong).clear()
        protocol.handshake_exc = protocol.parser_exc = None
