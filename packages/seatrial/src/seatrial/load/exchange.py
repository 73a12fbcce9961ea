"""One request on its way, and what came back."""

import asyncio
from collections.abc import Callable
from typing import Protocol

__all__ = ["Exchange"]


class Closable(Protocol):
    """What carries the exchange at the moment."""

    def close(self) -> None:
        """Drop it."""


class Exchange:
    """One request on its way and what came back; error and detail are empty when a whole answer came.

    Times are seconds of time.perf_counter(). on_send is called right before the bytes go out, on_done once, at the end.
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
        "headers",
        "is_head",
        "on_done",
        "on_send",
        "reused_retry",
        "sent_s",
        "set_cookies",
        "status",
    )

    def __init__(
        self,
        data: bytes,
        deadline_s: float,
        on_done: Callable[["Exchange"], None],
        *,
        is_head: bool = False,
        on_send: Callable[[], None] | None = None,
    ) -> None:
        self.data = data
        self.deadline_s = deadline_s
        self.on_done = on_done
        self.on_send = on_send
        self.is_head = is_head
        self.sent_s = 0.0
        self.done_s = 0.0
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.set_cookies: list[bytes] = []
        self.body = b""
        self.error = ""
        self.detail = ""
        self.reused_retry = False
        self.connection: Closable | None = None
        self.connecting: asyncio.Task[None] | None = None
