"""A real Socket.IO server and a plain WebSocket endpoint to drive: rooms, acknowledgements, refusals, late news."""

import asyncio
import json
import os
from typing import Any
from urllib.parse import parse_qs

import socketio

PING_S = float(os.environ.get("PING_S", "25"))
NEWS_AFTER_S = 0.1

server = socketio.AsyncServer(async_mode="asgi", ping_interval=PING_S, ping_timeout=PING_S, namespaces=["/", "/chat"])
gone = []


@server.event
async def connect(sid: str, environ: dict[str, Any], auth: dict[str, str] | None) -> None:
    if (auth or {}).get("token") == "wrong":
        raise socketio.exceptions.ConnectionRefusedError("the token is wrong", {"hint": "sign in"})
    names = ("HTTP_COOKIE", "HTTP_ORIGIN", "HTTP_X_OWN", "QUERY_STRING")
    await server.save_session(sid, {name: environ.get(name, "") for name in names})


@server.event
async def disconnect(sid: str, reason: str) -> None:
    gone.append(reason)


@server.on("connect", namespace="/chat")
async def connect_chat(sid: str, environ: dict[str, Any], auth: dict[str, str] | None) -> None:
    await server.emit("welcome", (auth or {}).get("name"), to=sid, namespace="/chat")


@server.on("handshake")
async def handshake(sid: str) -> dict[str, str]:
    return await server.get_session(sid)


@server.on("join")
async def join(sid: str, data: dict[str, str]) -> str:
    await server.enter_room(sid, data["room"])
    await server.emit("presence", to=sid)
    return f"joined {data['room']}"


@server.on("acknowledge")
async def acknowledge(sid: str, *values: Any) -> Any:
    return values if len(values) > 1 else values[0] if values else None


@server.on("ignore")
async def ignore(sid: str) -> None:
    await asyncio.sleep(3600)


@server.on("say")
async def say(sid: str, text: str) -> None:
    await server.emit("new_post", {"text": text}, room="lobby")


@server.on("throw out")
async def throw_out(sid: str) -> None:
    await server.disconnect(sid)


@server.on("call me")
async def call_me(sid: str) -> None:
    await server.call("are you there", to=sid, timeout=5)
    await server.emit("you are there", to=sid)


async def _news(text: str, after_s: float, room: str) -> None:
    await asyncio.sleep(after_s)
    await server.emit("new_post", {"text": text}, room=room)


def _answer(query: dict[str, str], body: str) -> tuple[int, str]:
    """What a request of the page gets; posts are told to the room later."""
    if "count" in query:
        return 200, f"{len(server.manager.rooms.get('/', {}).get(query['count'], ()))} there, {len(gone)} gone"
    if "throw_out" in query:
        for sid, _ in list(server.manager.get_participants("/", query["throw_out"]))[:1]:
            server.start_background_task(server.disconnect, sid)
        return 200, "out"
    after_s = float(query.get("after_s", NEWS_AFTER_S))
    server.start_background_task(_news, body, after_s, query.get("room", "lobby"))
    return 200, "ok"


async def _pages(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await _stream(scope, receive, send)
    elif scope["type"] == "http":
        body = (await receive()).get("body", b"").decode()
        query = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        status, text = _answer(query, body)
        data = text.encode()
        headers = [(b"content-length", str(len(data)).encode()), (b"set-cookie", b"who=person; Path=/")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})


async def _stream(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Echoes; some messages are orders."""
    await receive()
    if scope["path"] == "/closed":
        await send({"type": "websocket.close", "code": 1008})
        return
    spoken = scope["subprotocols"][0] if scope["subprotocols"] else None
    headers = [(b"set-cookie", b"seen=stream; Path=/")]
    await send({"type": "websocket.accept", "subprotocol": spoken, "headers": headers})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        if text == "leave":
            await send({"type": "websocket.close", "code": 4001, "reason": "you asked for it"})
            return
        if text == "headers":
            names = {name.decode(): value.decode() for name, value in scope["headers"]}
            await send({"type": "websocket.send", "text": json.dumps(names)})
        elif text is not None and text.startswith("count to "):
            for number in range(1, int(text.removeprefix("count to ")) + 1):
                await send({"type": "websocket.send", "text": str(number)})
        elif text != "be quiet":
            await send({"type": "websocket.send", "text": text, "bytes": message.get("bytes")})


app = socketio.ASGIApp(server, _pages)
