"""The gate in front of all live connections: nobody in a network that moderators blocked comes in, or stays."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from flotilla.errors import UnavailableError
from flotilla.live.answers import Receive, Scope, Send, refuse
from flotilla.live.listeners import Listener, Listeners
from flotilla.live.streams import PREFIX
from flotilla.settings import Settings

__all__ = ["Gate", "address_of"]

KEPT_OUT = "The people who look after this site let nobody in from the network you are on."
# What machines ask about the process's own health.
ALWAYS_ANSWERED = f"{PREFIX}/health"


class Gate:
    """An ASGI application around `app`. may_visit: whether somebody with that IP address may come in."""

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        settings: Settings,
        listeners: Listeners,
        *,
        may_visit: Callable[[str], bool],
        in_thread: Callable[..., Awaitable[Any]],
    ) -> None:
        self._app = app
        self._settings = settings
        self._listeners = listeners
        self._may_visit = may_visit
        self._in_thread = in_thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one connection in, or refuse it with 403."""
        if scope["type"] == "lifespan" or scope["path"].rstrip("/") == ALWAYS_ANSWERED:
            return await self._app(scope, receive, send)
        status, why = 403, KEPT_OUT
        try:
            may_visit = await self._in_thread(self._may_visit, address_of(self._settings, scope))
        except UnavailableError:
            structlog.get_logger("flotilla.live").warning("database unavailable")
            may_visit, status, why = False, 503, "Service unavailable"
        if may_visit:
            return await self._app(scope, receive, send)
        if scope["type"] == "websocket":
            await receive()  # websocket.connect
        return await refuse(scope, send, status, why)

    async def cut_off(self) -> None:
        """End the connections of those who may not be here any more, after the blocks were changed."""
        held = self._listeners.of(self._listeners.account_ids)
        for listener in await self._in_thread(self._kept_out, held):
            listener.end("kept out")

    def _kept_out(self, held: Sequence[Listener]) -> list[Listener]:
        return [listener for listener in held if not self._may_visit(listener.address)]


def address_of(settings: Settings, scope: Scope) -> str:
    """The IP address somebody connects from, "" when unknown: as the trusted proxies in front say, where there are any.

    Of the addresses in X-Forwarded-For only those count that these proxies have put there, from the right.
    """
    peer = scope.get("client") or ("", 0)
    if settings.proxies:
        sent: list[str] = [
            value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"
        ]
        told = [part.strip() for value in sent for part in value.split(",")]
        if len(told) >= settings.proxies:
            return told[-settings.proxies]
    return str(peer[0])
