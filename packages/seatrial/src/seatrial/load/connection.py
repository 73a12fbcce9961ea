"""One connection to the subject: bytes out, one answer in. Whatever the server does, the exchange ends."""

import asyncio
import time
from typing import Protocol, cast

import httptools

from seatrial.load.exchange import Exchange

__all__ = ["BODY_MAX_BYTES", "HEADER_MAX_BYTES", "Connection", "Owner"]

HEADER_MAX_BYTES = 64 * 1024
BODY_MAX_BYTES = 16 * 1024 * 1024
# Everything read for one answer, chunk sizes and trailers included.
_RAW_MAX_BYTES = 2 * BODY_MAX_BYTES


class Owner(Protocol):
    """Who keeps the connections (the client)."""

    def opened(self, connection: "Connection") -> None:
        """The connection is there."""

    def answered(self, connection: "Connection", exchange: Exchange, *, reusable: bool) -> None:
        """A whole answer is there; the connection is free again, or closed."""

    def broke(self, connection: "Connection", exchange: Exchange, error: str, detail: str) -> None:
        """The exchange cannot be answered on this connection any more."""

    def dropped(self, connection: "Connection") -> None:
        """The connection is gone."""


class _Unusable(Exception):
    """Stops the parser."""


class Connection(asyncio.Protocol):
    """An HTTP/1.1 client connection; one exchange at a time."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_complete",
        "_header_bytes",
        "_headers_complete",
        "_keep",
        "_parser",
        "_problem",
        "_transport",
        "exchange",
        "exchanges",
        "first",
        "idle_until_s",
        "owner",
        "received",
    )

    def __init__(self, owner: Owner, first: Exchange) -> None:
        self.owner = owner
        self.first: Exchange | None = first
        """The exchange it is made for."""
        self.exchange: Exchange | None = None
        self.exchanges = 0
        self.received = 0
        self.idle_until_s = float("inf")
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._problem = ""
        self._keep = True
        self._fresh_answer()

    def _fresh_answer(self) -> None:
        self._complete = False
        self._headers_complete = False
        self._header_bytes = 0
        self._body_bytes = 0
        self._body: list[bytes] = []

    # What the owner calls.

    @property
    def usable(self) -> bool:
        """Whether another request may be sent on it, as far as is known."""
        return (
            self._transport is not None
            and not self._transport.is_closing()
            and self._keep
            and self.idle_until_s > time.perf_counter()
        )

    def send(self, exchange: Exchange) -> None:
        """Begin an exchange; the connection must be idle."""
        transport = self._transport
        if transport is None or self.exchange is not None:
            raise RuntimeError("a request was sent on a connection that is closed or busy")
        self.exchange = exchange
        exchange.connection = self
        self.exchanges += 1
        self.received = 0
        self._fresh_answer()
        if exchange.on_send is not None:
            exchange.on_send()
        exchange.sent_s = time.perf_counter()
        transport.write(exchange.data)

    def close(self) -> None:
        """Drop the connection, and whatever was going on, without telling the owner."""
        self.exchange = None
        self._keep = False
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        # Both loops pass a transport that writes, but uvloop's is not a subclass of asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)
        self.owner.opened(self)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if self.exchange is None or self._parser is None:
            # Bytes nobody asked for: the next answer could not be told from them.
            self.close()
            return
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep = False
            self._problem = self._problem or f"the answer is not HTTP: {error}"
        if self._complete:
            self._finish()
        elif self._problem:
            self._break("protocol", self._problem)
        elif not self._headers_complete and self.received > HEADER_MAX_BYTES:
            self._break("protocol", f"the headers are longer than {HEADER_MAX_BYTES // 1024} kB")
        elif self.received > _RAW_MAX_BYTES:
            self._break("protocol", f"the answer is longer than {_RAW_MAX_BYTES // 1024**2} MB")

    def eof_received(self) -> None:
        """Part of asyncio.Protocol; the loop closes the transport afterwards."""
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._ended(exc)
        self._transport = None
        # Parser and connection hold each other: without this, each closed connection would wait for the garbage
        # collector, which is off while measuring.
        self._parser = None
        self.owner.dropped(self)

    def _ended(self, exc: Exception | None) -> None:
        self._keep = False
        if self.exchange is None:
            return
        if exc is not None:
            self._break("reset", f"the connection was lost: {exc}")
        elif self._headers_complete and self._body_ends_with_connection():
            self._finish()
        elif self.received:
            self._break("protocol", "the server closed the connection in the middle of its answer")
        else:
            self._break("reset", "the server closed the connection without an answer")

    def _body_ends_with_connection(self) -> bool:
        if self.exchange is None:
            return False
        for name, value in self.exchange.headers:
            lower = name.lower()
            if lower == b"content-length" or (lower == b"transfer-encoding" and b"chunked" in value.lower()):
                return False
        return True

    def _finish(self) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        exchange.done_s = time.perf_counter()
        exchange.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self.exchange = None
        exchange.connection = None
        if exchange.is_head and self._keep:
            # The parser still waits for the body that the answer to a HEAD only announces.
            self._parser = httptools.HttpResponseParser(self)
        self.owner.answered(self, exchange, reusable=self._keep)

    def _break(self, error: str, detail: str) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        self.exchange = None
        exchange.connection = None
        self.owner.broke(self, exchange, error, detail)
        self.close()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Part of the parser's protocol."""
        if self._complete:
            self._keep = False
            raise _Unusable
        if self.exchange is not None:
            self.exchange.headers = []
            self.exchange.set_cookies = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of the parser's protocol; also called for trailers."""
        exchange = self.exchange
        if exchange is None or self._complete:
            return
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > HEADER_MAX_BYTES:
            self._problem = f"the headers are longer than {HEADER_MAX_BYTES // 1024} kB"
            raise _Unusable
        exchange.headers.append((name, value))
        if len(name) == 10:
            lower = name.lower()
            if lower == b"set-cookie":
                exchange.set_cookies.append(value)
            elif lower == b"keep-alive":
                self._take_keep_alive(value)

    def _take_keep_alive(self, value: bytes) -> None:
        _, _, timeout = value.lower().partition(b"timeout=")
        digits = timeout.split(b",")[0].strip()
        if digits.isdigit():
            # Given up a little earlier than the server does: a request on its way as it closes would be lost.
            self.idle_until_s = time.perf_counter() + max(0.0, min(int(digits), 3600) - 0.5)

    def on_headers_complete(self) -> None:
        """Part of the parser's protocol."""
        exchange, parser = self.exchange, self._parser
        if exchange is None or parser is None or self._complete:
            return
        status = parser.get_status_code()
        if status == 101:
            self._problem = "the server switched to another protocol (101)"
            raise _Unusable
        if status < 200:
            return
        exchange.status = status
        self._headers_complete = True
        if exchange.is_head:
            self._keep = self._keep and parser.should_keep_alive()
            self._complete = True

    def on_body(self, body: bytes) -> None:
        """Part of the parser's protocol."""
        if self._complete:
            # A body after the answer to a HEAD.
            self._keep = False
            return
        self._body_bytes += len(body)
        if self._body_bytes > BODY_MAX_BYTES:
            self._problem = f"the body is longer than {BODY_MAX_BYTES // 1024**2} MB"
            raise _Unusable
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Part of the parser's protocol."""
        if self._complete or self._parser is None:
            return
        if not self._headers_complete:
            # An informational answer (100, 103): the real one follows.
            return
        self._keep = self._keep and self._parser.should_keep_alive()
        self._complete = True
