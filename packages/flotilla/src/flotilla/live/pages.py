"""The site's own pages, by Socket.IO: small hints that something is new; the page then asks as it always does.

Events to a page, each with one object:
    post          {id, author_id}             a new post stands in the reader's home timeline
    public        {id}                        ... in the local timeline, for whoever watches it
    notification  {unread}                    a notification arrived, or was read in another tab
    message       {conversation_id, post_id}  a direct post arrived
    typing        {conversation_id, handle}   somebody is writing there
    announcement  {}                          the announcements changed
    deleted       {id}                        a post that may stand on the page is gone
Events from a page: watch {timeline: "public"}, typing {conversation_id}.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import socketio
import structlog

from flotilla.errors import UnavailableError
from flotilla.live.listeners import Listener, Listeners
from flotilla.social import Viewer

__all__ = ["PageListener", "Pages"]

WAITING_MAX = 50
KEYS_MAX = 5
TYPING_EVERY_S = 2.0
PING_S = 25
PONG_WAIT_S = 20
MESSAGE_MAX_BYTES = 2_000


class PageListener:
    """One open page."""

    def __init__(self, sid: str, viewer: Viewer, address: str, end: Callable[[str, str], object]) -> None:
        self.sid = sid
        self.viewer = viewer
        self.address = address
        self.typed_s = 0.0
        self._end = end

    @property
    def account_id(self) -> int:
        """Whose page it is."""
        return self.viewer.account_id

    def end(self, reason: str) -> None:
        """Cut the connection."""
        self._end(self.sid, reason)


class Pages:
    """All open pages; `app` around it is the ASGI application."""

    def __init__(
        self,
        listeners: Listeners,
        *,
        who: Callable[[dict[str, Any]], Awaitable[Viewer | None]],
        origin_fits: Callable[[str, dict[str, Any]], bool],
        address_of: Callable[[dict[str, Any]], str],
        typing: Callable[[Viewer, int], Awaitable[None]],
    ) -> None:
        self._listeners = listeners
        self._who = who
        self._address_of = address_of
        self._typing = typing
        self._pages: dict[str, PageListener] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.server = socketio.AsyncServer(
            async_mode="asgi",
            cors_allowed_origins=origin_fits,
            transports=["websocket"],
            ping_interval=PING_S,
            ping_timeout=PONG_WAIT_S,
            max_http_buffer_size=MESSAGE_MAX_BYTES,
            http_compression=False,
            namespaces=["/"],
        )
        self.server.on("connect", self._connected)
        self.server.on("disconnect", self._disconnected)
        self.server.on("watch", self._watch)
        self.server.on("typing", self._types)

    async def tell(self, listeners: Iterable[Listener], event: str, what: dict[str, Any]) -> None:
        """Send an event to those of the listeners that are pages; one that does not keep up is cut off."""
        sids = []
        for listener in listeners:
            if isinstance(listener, PageListener):
                if self._waiting(listener.sid) < WAITING_MAX:
                    sids.append(listener.sid)
                else:
                    listener.end("too slow")
        if sids:
            # Each connection is a room of its own; so the event is written once for all of them.
            await self.server.emit(event, what, to=sids)

    def _waiting(self, sid: str) -> int:
        connection = self.server.eio.sockets.get(self.server.manager.eio_sid_from_sid(sid, "/"))
        return 0 if connection is None else int(connection.queue.qsize())

    async def _connected(self, sid: str, environ: dict[str, Any], _auth: object = None) -> bool:
        # Without an Origin there is no saying whose page asks with this person's cookie; browsers always send one.
        if "HTTP_ORIGIN" not in environ:
            return False
        try:
            viewer = await self._who(environ)
        except UnavailableError:
            structlog.get_logger("flotilla.live").warning("database unavailable")
            return False
        address = self._address_of(environ["asgi.scope"])
        # Kept by the libraries for each connection, and needed no more.
        environ["asgi.scope"]["headers"] = []
        environ.clear()
        if viewer is None:
            return False
        page = PageListener(sid, viewer, address, self._end)
        if not self._listeners.add(page):
            return False
        self._pages[sid] = page
        self._listeners.subscribe(page, ("page", str(viewer.account_id)), most=KEYS_MAX)
        return True

    async def _disconnected(self, sid: str, _reason: object = None) -> None:
        page = self._pages.pop(sid, None)
        if page is not None:
            self._listeners.remove(page)

    async def _watch(self, sid: str, what: object = None) -> None:
        page = self._pages.get(sid)
        if page is not None and isinstance(what, dict) and what.get("timeline") == "public":
            self._listeners.subscribe(page, ("page:public", ""), most=KEYS_MAX)

    async def _types(self, sid: str, what: object = None) -> None:
        page = self._pages.get(sid)
        if page is None or not isinstance(what, dict):
            return
        # Ids do not fit into a script's numbers, so pages send and get them as text.
        text = str(what.get("conversation_id", ""))
        if time.monotonic() - page.typed_s < TYPING_EVERY_S or not (text.lstrip("-").isdigit() and len(text) <= 20):
            return
        page.typed_s = time.monotonic()
        await self._typing(page.viewer, int(text))

    def _end(self, sid: str, reason: str) -> None:
        structlog.get_logger("flotilla.live").info("page cut off", reason=reason)
        page = self._pages.pop(sid, None)
        if page is not None:
            self._listeners.remove(page)
        ending = asyncio.get_running_loop().create_task(self.server.disconnect(sid))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
