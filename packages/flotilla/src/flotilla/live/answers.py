"""Short answers of the live process: what is not a connection that stays open."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["CROSS_ORIGIN", "Receive", "Scope", "Send", "answer", "refuse"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CROSS_ORIGIN = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"Authorization, Accept, Cache-Control"),
    (b"access-control-allow-methods", b"GET, OPTIONS"),
]


async def refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    """Say no, as JSON: to a request, or to a WebSocket that is not accepted yet."""
    body = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json; charset=utf-8")]
    if scope["type"] == "http":
        await answer(send, status, body, headers)
    elif "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
    else:
        await send({"type": "websocket.close"})


async def answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """Answer a request, for pages of any origin."""
    length = [] if status == 204 else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length, *CROSS_ORIGIN]})
    await send({"type": "http.response.body", "body": body})
