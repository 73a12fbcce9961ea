"""One open socket of a journey: what was heard on it and not yet taken, and who waits for more."""

from collections import deque
from typing import Protocol

from seatrial.load.live.events import Heard, Message

__all__ = ["UNREAD_BYTES_MAX", "UNREAD_MAX", "LiveSocket", "Opening", "Sending", "Taker"]

UNREAD_MAX = 100
UNREAD_BYTES_MAX = 16 * 1024 * 1024
"""What nobody takes is kept up to here, the newest; older ones are dropped and counted. Reading goes on: a server that
is kept waiting would be slowed by its listener."""


class Taker(Protocol):
    """A step that waits for what is heard."""

    def offered(self, heard: Heard) -> bool:
        """Whether it takes this one; what nobody takes is kept for later steps."""

    def ended(self, error: str, detail: str) -> None:
        """Nothing more will be heard."""


class Opening(Protocol):
    """The step that connects."""

    def sending(self) -> None:
        """The connection is there; the request to switch protocols goes out now."""

    def switched(self, status: int, set_cookies: list[str]) -> None:
        """The server answered that request."""

    def opened(self, at_s: float) -> None:
        """The socket can be used."""

    def failed(self, error: str, detail: str) -> None:
        """It will never be."""


class Sending(Protocol):
    """What carries messages: see `websocket_wire.WebSocketWire`."""

    def send(self, data: str | bytes) -> None:
        """Send one message."""

    def close(self) -> None:
        """Say goodbye, and close when the server does."""

    def abort(self, error: str, detail: str) -> None:
        """Drop the connection, since this is wrong with it."""


class LiveSocket:
    """A plain WebSocket; what `yield websocket(...)` gives. It is closed when its journey ends.

    end: None while it is usable, else why it is not: error ("" when the journey closed it itself) and detail.
    """

    __slots__ = ("_opening", "_unread", "_unread_bytes", "_wire", "dropped", "end", "taker")

    kind = "WebSocket"

    def __init__(self, opening: Opening) -> None:
        self.end: tuple[str, str] | None = None
        self.dropped = 0
        self.taker: Taker | None = None
        self._opening: Opening | None = opening
        self._wire: Sending | None = None
        # Made when something is left unread: most listeners never need one.
        self._unread: deque[Heard] | None = None
        self._unread_bytes = 0

    # What steps call.

    def send(self, data: str | bytes) -> None:
        """Send one message; what happens to it then nobody knows."""
        if self._wire is not None and self.end is None:
            self._wire.send(data)

    def take(self, taker: Taker) -> None:
        """Offer what is unread, oldest first, until the taker has left; it then gets what comes, until it leaves."""
        self.taker = taker
        unread = self._unread
        if unread is None:
            return
        kept: deque[Heard] = deque()
        while unread and self.taker is taker:
            one = unread.popleft()
            if not taker.offered(one):
                kept.append(one)
        kept.extend(unread)
        self._unread = kept or None
        self._unread_bytes = sum(one.size_bytes for one in kept)

    def close(self) -> None:
        """Close it; nothing further is heard."""
        self._goodbye()
        self._over("", "the journey closed it")
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()

    def take_dropped(self) -> int:
        """How many were dropped unread since this was last asked."""
        dropped, self.dropped = self.dropped, 0
        return dropped

    def forsake(self) -> None:
        """The step that connects it has given up."""
        self._opening = None
        self._broken("unfinished", "connecting was given up")

    # What the wire calls.

    def connected(self, wire: Sending) -> None:
        """There is a connection; the request to switch protocols goes out now."""
        self._wire = wire
        if self._opening is not None:
            self._opening.sending()

    def switched(self, status: int, set_cookies: list[str], at_s: float) -> None:
        """The server answered the request; 101 means that messages may be sent from now on."""
        if self._opening is not None:
            self._opening.switched(status, set_cookies)
        if status == 101:
            self._ready(at_s)

    def message(self, data: str | bytes, at_s: float) -> None:
        """One whole message was received."""
        self._heard(Message(data, at_s))

    def lost(self, error: str, detail: str) -> None:
        """The connection is over, or can be used no more."""
        self._wire = None
        self._over(error, detail)

    # What kinds of sockets do otherwise.

    def _ready(self, at_s: float) -> None:
        self._opened(at_s)

    def _goodbye(self) -> None:
        """What is sent before closing."""

    # What they have in common.

    def _opened(self, at_s: float) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.opened(at_s)

    def _heard(self, heard: Heard) -> None:
        if self.end is not None or (self.taker is not None and self.taker.offered(heard)):
            return
        if self._unread is None:
            self._unread = deque()
        self._unread.append(heard)
        self._unread_bytes += heard.size_bytes
        while len(self._unread) > UNREAD_MAX or (self._unread_bytes > UNREAD_BYTES_MAX and len(self._unread) > 1):
            self._unread_bytes -= self._unread.popleft().size_bytes
            self.dropped += 1

    def _broken(self, error: str, detail: str) -> None:
        """The server did what it must not: nothing further is read."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort(error, detail)
        self._over(error, detail)

    def _over(self, error: str, detail: str) -> None:
        if self.end is not None:
            return
        self.end = error, detail
        opening, self._opening = self._opening, None
        taker, self.taker = self.taker, None
        if opening is not None:
            opening.failed(error, detail)
        if taker is not None:
            taker.ended(error, detail)
