"""The process itself: uvicorn around the two doors, the thread that hears the database, and who comes in."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import socketio
import uvicorn
from itsdangerous import BadSignature

from flotilla.live.answers import Receive, Scope, Send
from flotilla.live.gate import Gate, address_of
from flotilla.live.listeners import Listeners
from flotilla.live.pages import Pages
from flotilla.live.relay import Relay
from flotilla.live.rendering import ApiRenderer
from flotilla.live.streaming import Streaming
from flotilla.settings import Settings
from flotilla.social import Site, Viewer
from flotilla.social.events import CHANNEL
from flotilla.store.bus import listen
from flotilla.web.metrics import meters
from flotilla.web.sessions import SESSION_COOKIE, session_signer

__all__ = ["live_app", "run_live"]

THREADS = 2
LISTENERS_EACH_MAX = 25
SOCKET_MESSAGE_MAX_BYTES = 4_000
SOCKET_PING_S = 30.0
GRACE_S = 5
COUNT_EVERY_S = 2.0
FILES_BESIDE = 200
SEND_BUFFER_BYTES = 64 * 1024
STUCK_MAX_MS = 60_000


def run_live(site: Site, listening: socket.socket) -> None:
    """Hold the live connections that come in at `listening` until SIGTERM or SIGINT."""
    # Connections have these from the socket they come in at: little memory in the kernel for each, and an end for those
    # whose other side takes nothing any more.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MAX_MS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = site.settings.live_listeners + FILES_BESIDE
    if hard != resource.RLIM_INFINITY:
        wanted = min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Each connection is an open file, and the usual limit is 1,024.
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    config = uvicorn.Config(
        live_app(site),
        loop="asyncio",
        http="h11",
        ws="websockets-sansio",
        # Compression would hold some 100 KB for each connection.
        ws_per_message_deflate=False,
        ws_max_size=SOCKET_MESSAGE_MAX_BYTES,
        ws_ping_interval=SOCKET_PING_S,
        ws_ping_timeout=SOCKET_PING_S,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_S,
    )
    gc.freeze()
    # Uvicorn puts its own handlers in place of these while it runs, and raises the signal once more afterwards.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    uvicorn.Server(config).run(sockets=[listening])


def live_app(site: Site) -> Any:
    """The ASGI application: /socket.io/ for pages, /api/v1/streaming for apps."""
    settings = site.settings
    listeners = Listeners(most=settings.live_listeners, most_each=LISTENERS_EACH_MAX)
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")

    async def in_thread(do: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(threads, partial(do, *arguments, **named))

    pages, streaming = _doors(site, listeners, in_thread)

    async def others(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(passing_on(), receive, send)
        else:
            await streaming(scope, receive, send)

    gate = Gate(
        socketio.ASGIApp(pages.server, other_asgi_app=others),
        settings,
        listeners,
        may_visit=site.gatekeeping.may_visit,
        in_thread=in_thread,
    )

    async def blocks_changed() -> None:
        await in_thread(site.gatekeeping.forget)
        await gate.cut_off()

    relay = Relay(site, listeners, pages, ApiRenderer(site), in_thread, blocks_changed=blocks_changed)

    @contextlib.asynccontextmanager
    async def passing_on() -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        heard = partial(_hear, loop, relay)
        threading.Thread(target=listen, args=(settings, [CHANNEL], heard), name="live: bus", daemon=True).start()
        tasks = [asyncio.create_task(relay.run())]
        if settings.metrics_token:
            tasks.append(asyncio.create_task(_count(listeners)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for listener in listeners.of(listeners.account_ids):
                listener.end("the site restarts")
            threads.shutdown(wait=False, cancel_futures=True)

    return gate


def _doors(site: Site, listeners: Listeners, in_thread: Callable[..., Awaitable[Any]]) -> tuple[Pages, Streaming]:
    """What pages connect to, and what apps do."""
    settings = site.settings
    whence = partial(address_of, settings)

    async def typing(viewer: Viewer, conversation_id: int) -> None:
        await in_thread(site.reaches.typing, viewer, conversation_id)

    async def who_is_at_the_page(environ: dict[str, Any]) -> Viewer | None:
        token = session_token(settings, environ.get("HTTP_COOKIE", ""))
        found: Viewer | None = await in_thread(site.accounts.who_is, token) if token else None
        return found

    pages = Pages(
        listeners,
        who=who_is_at_the_page,
        origin_fits=partial(origin_fits, settings),
        address_of=whence,
        typing=typing,
    )
    streaming = Streaming(
        listeners,
        who=partial(in_thread, site.grants.bearer),
        base_of=partial(base_of, settings),
        address_of=whence,
    )
    return pages, streaming


def session_token(settings: Settings, cookies: str) -> str:
    """The token in the session cookie, "" without one that this site signed."""
    try:
        found = SimpleCookie(cookies).get(SESSION_COOKIE)
        return "" if found is None else session_signer(settings).unsign(found.value).decode()
    except (BadSignature, CookieError, UnicodeDecodeError):
        return ""


def origin_fits(settings: Settings, origin: str, environ: dict[str, Any]) -> bool:
    """Whether a page from there may connect with its reader's cookie: this address or the web process beside it."""
    if not origin:
        return False
    host = environ.get("HTTP_HOST", "")
    try:
        page, here = urlsplit(origin), urlsplit(f"//{host}")
        same_name = page.hostname is not None and page.hostname == here.hostname
        if not same_name or page.scheme not in {"http", "https"}:
            return False
        return page.netloc == host or (here.port == settings.live_port and page.port == settings.port)
    except ValueError:
        return False


def base_of(settings: Settings, scope: Scope) -> str:
    """The site's own address, as seen by whoever connected."""
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"").decode("latin-1")
    scheme = headers.get(b"x-forwarded-proto", b"").decode("latin-1") if settings.proxies else scope["scheme"]
    name = f"{host.rpartition(':')[0]}:{settings.port}" if host.endswith(f":{settings.live_port}") else host
    return f"{'https' if scheme in {'https', 'wss'} else 'http'}://{name}"


async def _count(listeners: Listeners) -> None:
    known = meters()
    while True:
        known.listeners.set(len(listeners))
        await asyncio.sleep(COUNT_EVERY_S)


def _hear(loop: asyncio.AbstractEventLoop, relay: Relay, _channel: str, payload: str) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has just ended, and nobody listens any more
        loop.call_soon_threadsafe(relay.take, payload)


async def _lifespan(running: Any, receive: Receive, send: Send) -> None:
    await receive()  # lifespan.startup
    async with running:
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
    await send({"type": "lifespan.shutdown.complete"})
