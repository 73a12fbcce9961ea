"""A tiny ASGI app without a framework."""

import asyncio
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers ok; `/wait` after 0.2 s in which others are served."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/wait":
        await asyncio.sleep(0.2)  # what the page waits for
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"ok"})


def make() -> Any:
    """The app, as a factory makes one."""
    return app
