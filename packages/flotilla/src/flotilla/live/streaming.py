"""The streaming part of the Mastodon client API, as an ASGI application: server-sent events and WebSockets."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import structlog

from flotilla.errors import UnavailableError
from flotilla.live.answers import CROSS_ORIGIN, Receive, Scope, Send, answer, refuse
from flotilla.live.listeners import Key, Listeners
from flotilla.live.streams import PREFIX, Stream, UnknownStreamError, stream_of_path, stream_of_words
from flotilla.social import Viewer
from flotilla.social.grants import Bearer
from flotilla.social.scopes import allows

__all__ = ["AppListener", "Streaming"]

WAITING_MAX = 100
STREAMS_MAX = 30
HEARTBEAT_S = 15.0
SEND_WAIT_S = 15.0
ASKED_MAX_CHARACTERS = 2_000


class AppListener:
    """One app's connection: what is to be sent waits here, at most WAITING_MAX messages of it."""

    def __init__(self, viewer: Viewer, base: str, address: str) -> None:
        self.viewer = viewer
        self.base = base
        self.address = address
        self.streams: dict[Key, Stream] = {}
        self.ended = ""
        self._waiting: asyncio.Queue[tuple[Key, str, str] | None] = asyncio.Queue(WAITING_MAX)

    @property
    def account_id(self) -> int:
        """Whose connection it is."""
        return self.viewer.account_id

    def send(self, key: Key, event: str, payload: str) -> None:
        """Send what happened in the stream of that key."""
        try:
            self._waiting.put_nowait((key, event, payload))
        except asyncio.QueueFull:
            self.end("too slow")

    def end(self, reason: str) -> None:
        """Send nothing more, not even what waits."""
        if not self.ended:
            self.ended = reason
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(None)

    async def next(self, timeout_s: float) -> tuple[Key, str, str] | None:
        """What to send next; None when the connection is to end. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            return await self._waiting.get()


class Streaming:
    """The ASGI application."""

    def __init__(
        self,
        listeners: Listeners,
        *,
        who: Callable[[str], Awaitable[Bearer | None]],
        base_of: Callable[[Scope], str],
        address_of: Callable[[Scope], str],
    ) -> None:
        self._listeners = listeners
        self._who = who
        self._base_of = base_of
        self._address_of = address_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hold one connection."""
        path = scope["path"].rstrip("/")
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            await answer(send, 204, b"", [])
        elif path == f"{PREFIX}/health" and scope["type"] == "http":
            await answer(send, 200, b"OK", [(b"content-type", b"text/plain")])
        elif scope["type"] == "http" and path.startswith(PREFIX + "/") and scope["method"] == "GET":
            await self._serve_events(scope, receive, send)
        elif scope["type"] == "websocket" and path == PREFIX:
            await self._serve_socket(scope, receive, send)
        else:
            await refuse(scope, send, 404, "Not found")

    async def _serve_events(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        try:
            bearer, _ = await self._bearer(scope, asked)
            stream = stream_of_path(scope["path"], asked)
            _check_scope(bearer, stream)
        except _RefusedError as refused:
            return await refuse(scope, send, refused.status, str(refused))
        except UnknownStreamError as unknown:
            return await refuse(scope, send, 404 if "Unknown" in str(unknown) else 400, str(unknown))
        listener = AppListener(_viewer_of(bearer), self._base_of(scope), self._address_of(scope))
        if not self._listeners.add(listener):
            return await refuse(scope, send, 503, "Too many connections")
        gone = asyncio.create_task(_until_gone(receive, listener))
        try:
            self._subscribe(listener, stream)
            headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"private, no-store")]
            headers += [(b"x-accel-buffering", b"no"), *CROSS_ORIGIN]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b":)\n", "more_body": True})
            while (text := await _next_event(listener)) is not None:
                await _give(send, {"type": "http.response.body", "body": text.encode(), "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            structlog.get_logger("flotilla.live").info("app cut off", reason="takes nothing")
        finally:
            gone.cancel()
            self._listeners.remove(listener)
        return None

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        asked = _asked(scope)
        try:
            bearer, subprotocol = await self._bearer(scope, asked)
            first = stream_of_words(asked) if "stream" in asked else None
            if first is not None:
                _check_scope(bearer, first)
        except _RefusedError as refused:
            return await refuse(scope, send, refused.status, str(refused))
        except UnknownStreamError as unknown:
            return await refuse(scope, send, 400, str(unknown))
        listener = AppListener(_viewer_of(bearer), self._base_of(scope), self._address_of(scope))
        if not self._listeners.add(listener):
            return await refuse(scope, send, 503, "Too many connections")
        asking = None
        try:
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            if first is not None:
                self._subscribe(listener, first)
            asking = asyncio.create_task(self._hear_wishes(bearer, listener, receive))
            while (message := await _next_message(listener)) is not None:
                if message:
                    await _give(send, {"type": "websocket.send", "text": message})
            await send({"type": "websocket.close", "code": 1013 if listener.ended == "too slow" else 1001})
        except TimeoutError:
            structlog.get_logger("flotilla.live").info("app cut off", reason="takes nothing")
        finally:
            if asking is not None:
                asking.cancel()
            self._listeners.remove(listener)
        return None

    async def _hear_wishes(self, bearer: Bearer, listener: AppListener, receive: Receive) -> None:
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text") or ""
            asked = _read_wish(text)
            wish = asked.get("type", "")
            if wish not in {"subscribe", "unsubscribe"}:
                continue
            try:
                stream = stream_of_words(asked)
                if wish == "subscribe":
                    _check_scope(bearer, stream)
                    self._subscribe(listener, stream)
                else:
                    self._listeners.unsubscribe(listener, stream.key(listener.account_id))
            except (UnknownStreamError, _RefusedError) as problem:
                listener.send(("", ""), "", json.dumps({"error": str(problem), "status": 400}))
        listener.end("gone")

    def _subscribe(self, listener: AppListener, stream: Stream) -> None:
        key = stream.key(listener.account_id)
        if self._listeners.subscribe(listener, key, most=STREAMS_MAX):
            listener.streams[key] = stream

    async def _bearer(self, scope: Scope, asked: dict[str, str]) -> tuple[Bearer, str | None]:
        """Whoever the token stands for, and the subprotocol to answer with. Raises _RefusedError."""
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        kind, _, token = headers.get(b"authorization", "").partition(" ")
        subprotocol = None
        if kind.lower() != "bearer":
            token = asked.get("access_token", "")
            if not token and scope.get("subprotocols"):
                # A browser cannot send a header of its own here, so this one carries the token; it wants it back.
                token = subprotocol = scope["subprotocols"][0]
        if not token:
            raise _RefusedError(401, "Missing access token")
        try:
            bearer = await self._who(token.strip())
        except UnavailableError:
            structlog.get_logger("flotilla.live").warning("database unavailable")
            raise _RefusedError(503, "Service unavailable") from None
        if bearer is None or bearer.viewer is None or bearer.state != "active":
            raise _RefusedError(401, "Invalid access token")
        return bearer, subprotocol


class _RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def _viewer_of(bearer: Bearer) -> Viewer:
    assert bearer.viewer is not None, "an app for itself was refused"
    return bearer.viewer


def _check_scope(bearer: Bearer, stream: Stream) -> None:
    if not allows(bearer.scopes, stream.scope):
        raise _RefusedError(401, "Access token does not have the required scopes")


def _asked(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1")[:ASKED_MAX_CHARACTERS]))


def _read_wish(text: str) -> dict[str, str]:
    if len(text) > ASKED_MAX_CHARACTERS:
        return {}
    try:
        asked = json.loads(text)
    except ValueError:
        return {}
    return {name: str(value) for name, value in asked.items()} if isinstance(asked, dict) else {}


async def _give(send: Send, message: MutableMapping[str, Any]) -> None:
    """Send, as long as the other side takes it. Raises TimeoutError."""
    async with asyncio.timeout(SEND_WAIT_S):
        await send(message)


async def _next_event(listener: AppListener) -> str | None:
    try:
        waiting = await listener.next(HEARTBEAT_S)
    except TimeoutError:
        return ":thump\n"
    if waiting is None:
        return None
    _, event, payload = waiting
    return f"event: {event}\ndata: {payload}\n\n"


async def _next_message(listener: AppListener) -> str | None:
    with contextlib.suppress(TimeoutError):
        waiting = await listener.next(HEARTBEAT_S)
        if waiting is None:
            return None
        key, event, payload = waiting
        if not event:
            return payload
        stream = listener.streams[key]
        return json.dumps({"stream": stream.words, "event": event, "payload": payload}, separators=(",", ":"))
    return ""


async def _until_gone(receive: Receive, listener: AppListener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.end("gone")
