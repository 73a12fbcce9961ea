"""One request on its way, and what came back."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from seatrial.load.http.heads import Head

__all__ = ["Exchange"]


class Closable(Protocol):
    """What carries the exchange at the moment."""

    def close(self) -> None:
        """Drop it."""


class Exchange:
    """One request on its way and what came back; error and detail are empty when a whole answer came.

    Times are seconds of time.perf_counter(). on_send is called right before the bytes go out, `ended` once, at the end.
    held_from: where in `data` a body begins that goes out only when the server has said that it may (after "Expect:
    100-continue"); 0 sends all at once. status: 0 while none came; head and body: of a whole answer only.
    """

    __slots__ = (
        "body",
        "connecting",
        "connection",
        "data",
        "deadline_s",
        "detail",
        "done_s",
        "error",
        "head",
        "held_from",
        "is_head",
        "on_send",
        "reused_retry",
        "sent_s",
        "status",
    )

    def __init__(
        self,
        data: bytes,
        deadline_s: float,
        *,
        is_head: bool = False,
        held_from: int = 0,
        on_send: Callable[[], None] | None = None,
    ) -> None:
        self.data = data
        self.deadline_s = deadline_s
        self.is_head = is_head
        self.held_from = held_from
        self.on_send = on_send
        self.sent_s = 0.0
        self.done_s = 0.0
        self.status = 0
        self.head: Head | None = None
        self.body = b""
        self.error = ""
        self.detail = ""
        self.reused_retry = False
        self.connection: Closable | None = None
        self.connecting: asyncio.Task[None] | None = None

    def ended(self) -> None:
        """Called once: the answer is whole, or none will come. The exchange may then be begun anew."""
        raise NotImplementedError
