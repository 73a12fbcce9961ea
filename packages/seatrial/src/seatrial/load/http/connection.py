"""One connection to the subject: bytes out, one answer in. Whatever the server does, the exchange ends."""

import asyncio
import math
from time import perf_counter
from typing import Protocol, cast

from seatrial.load.http.answer_reader import AnswerReader
from seatrial.load.http.exchange import Exchange
from seatrial.load.http.heads import END_OF_HEAD, Head, KnownHeads

__all__ = ["CONTINUE_WITHIN_S", "Connection", "Owner"]

CONTINUE_WITHIN_S = 1.0
"""How long a body is held back for a server that was asked whether it wants it; as long as curl does."""

_END_BYTES = len(END_OF_HEAD)


class Owner(Protocol):
    """Who keeps the connections (the client)."""

    known_heads: KnownHeads

    def opened(self, connection: "Connection") -> None:
        """The connection is there."""

    def answered(self, connection: "Connection", exchange: Exchange) -> None:
        """A whole answer is there; the connection is free again, or not `usable`."""

    def broke(self, connection: "Connection", exchange: Exchange, error: str, detail: str) -> None:
        """The exchange cannot be answered on this connection any more."""

    def dropped(self, connection: "Connection") -> None:
        """The connection is gone."""


class Connection(asyncio.Protocol):
    """An HTTP/1.1 client connection; one exchange at a time.

    usable: whether another request may be sent on it, as far as is known, until idle_until_s (perf_counter).
    received: bytes of the answer so far. first: the exchange that it is made for, until it is there.
    """

    __slots__ = (
        "_held",
        "_known",
        "_reader",
        "_transport",
        "exchange",
        "exchanges",
        "first",
        "idle_until_s",
        "owner",
        "received",
        "usable",
    )

    def __init__(self, owner: Owner, first: Exchange) -> None:
        self.owner = owner
        self.first: Exchange | None = first
        self.exchange: Exchange | None = None
        self.exchanges = 0
        self.received = 0
        self.usable = True
        self.idle_until_s = math.inf
        self._transport: asyncio.Transport | None = None
        self._reader = AnswerReader()
        self._known = owner.known_heads.get
        self._held: asyncio.TimerHandle | None = None

    # What the owner calls.

    def send(self, exchange: Exchange) -> None:
        """Begin an exchange; the connection must be usable and idle."""
        transport = self._transport
        if transport is None or self.exchange is not None:
            raise RuntimeError("a request was sent on a connection that is closed or busy")
        self.exchange = exchange
        exchange.connection = self
        self.exchanges += 1
        self.received = 0
        if exchange.on_send is not None:
            exchange.on_send()
        if exchange.held_from:
            self._held = asyncio.get_running_loop().call_later(CONTINUE_WITHIN_S, self._send_held)
            exchange.sent_s = perf_counter()
            transport.write(exchange.data[: exchange.held_from])
        else:
            exchange.sent_s = perf_counter()
            transport.write(exchange.data)

    def close(self) -> None:
        """Drop the connection, and whatever was going on, without telling the owner."""
        self.exchange = None
        self.usable = False
        self._forget_held()
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
        now_s = perf_counter()
        exchange = self.exchange
        if exchange is None:
            # Bytes nobody asked for: the next answer could not be told from them.
            self.close()
            return
        begins = b""
        if not self.received:
            end = data.find(END_OF_HEAD) + _END_BYTES
            begins = data[:end]
            head = self._known(begins)
            if (
                head is not None
                and len(data) - end == head.body_bytes
                and not exchange.is_head
                and not exchange.held_from
            ):
                # The short way, see KnownHeads: it saves 4 to 5 us. The parser is between two answers and stays there.
                self._answered(exchange, head, data[end:], now_s)
                return
        self._read(exchange, data, begins, now_s)

    def eof_received(self) -> None:
        """Part of asyncio.Protocol; the loop closes the transport afterwards."""
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._ended(exc)
        self._transport = None
        self._reader.drop()
        self.owner.dropped(self)

    def _read(self, exchange: Exchange, data: bytes, begins: bytes, now_s: float) -> None:
        """The long way, through the parser. begins: of the first data of an answer, what ends where a head may end."""
        reader = self._reader
        if begins:
            reader.begin(is_head=exchange.is_head)
        self.received += len(data)
        reader.feed(data)
        head = reader.head
        if head is not None:
            exchange.status = head.status
        if reader.complete and head is not None:
            if begins and not exchange.is_head:
                self.owner.known_heads.learn(begins, len(data) - len(begins), head)
            if self._held is not None:
                # A final answer instead of 100: the server does not want the body, and may or may not wait for it.
                reader.keep = False
            self.usable = self.usable and reader.keep
            self._answered(exchange, head, reader.body, now_s)
        elif reader.problem:
            self._break("protocol", reader.problem)
        elif reader.may_continue:
            self._send_held()

    def _ended(self, exc: Exception | None) -> None:
        self.usable = False
        exchange, reader = self.exchange, self._reader
        if exchange is None:
            return
        if exc is not None:
            self._break("reset", f"the connection was lost: {exc}")
            return
        if self.received:
            reader.end()
        if self.received and reader.complete and reader.head is not None:
            self._answered(exchange, reader.head, reader.body, perf_counter())
        elif self.received:
            self._break("protocol", "the server closed the connection in the middle of its answer")
        else:
            self._break("reset", "the server closed the connection without an answer")

    def _answered(self, exchange: Exchange, head: Head, body: bytes, now_s: float) -> None:
        exchange.done_s = now_s
        exchange.status = head.status
        exchange.head = head
        exchange.body = body
        exchange.connection = self.exchange = None
        if not head.keep:
            self.usable = False
        self.idle_until_s = now_s + head.idle_s
        self.owner.answered(self, exchange)

    def _break(self, error: str, detail: str) -> None:
        exchange = self.exchange
        if exchange is None:
            return
        exchange.connection = self.exchange = None
        self.owner.broke(self, exchange, error, detail)
        self.close()

    def _send_held(self) -> None:
        """The body that was held back: the server wants it, or has not said anything in time."""
        if self._held is not None and self.exchange is not None and self._transport is not None:
            self._transport.write(self.exchange.data[self.exchange.held_from :])
        self._forget_held()

    def _forget_held(self) -> None:
        if self._held is not None:
            self._held.cancel()
            self._held = None
