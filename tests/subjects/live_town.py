"""A small real app that tells news at once: Socket.IO, a plain WebSocket that echoes, and one page that takes news."""

import json
from typing import Any

import socketio

server = socketio.AsyncServer(async_mode="asgi")


@server.on("say")
async def say(_sid: str, text: str) -> str:
    await server.emit("said", text)
    return "heard"


async def others(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message.get("text") or ""})
    elif scope["type"] == "http":
        body = (await receive()).get("body", b"")
        if scope["method"] == "POST":
            await server.emit("news", json.loads(body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"told"})


app = socketio.ASGIApp(server, other_asgi_app=others)
