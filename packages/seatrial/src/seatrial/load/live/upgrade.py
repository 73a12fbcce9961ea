"""The request that asks a server to switch to WebSocket, and the protocol that follows when it does.

Messages are not compressed: the state of a compressor would take more memory than all the rest of an idle listener.
"""

import logging
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from websockets.client import ClientProtocol

__all__ = ["MESSAGE_MAX_BYTES", "Upgrade", "ask", "client_protocol"]

MESSAGE_MAX_BYTES = 16 * 1024 * 1024

# The library reports a server's mistakes to its log; here each is an observation, in words.
_SILENT = logging.getLogger("seatrial.websocket")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
_SILENT.setLevel(logging.CRITICAL)


class Upgrade(Protocol):
    """What is asked: headers replace the usual ones of the same name, such as Host."""

    path: str
    headers: tuple[tuple[str, str], ...]
    subprotocols: tuple[str, ...]


def client_protocol(upgrade: Upgrade) -> "ClientProtocol":
    """Frames in and out, by `websockets`; imported when the first socket is opened, since most loads have none."""
    from websockets.client import ClientProtocol
    from websockets.uri import WebSocketURI

    path, _, query = upgrade.path.partition("?")
    # The address is none of its business: only path and query end up in the request, and a Host that is replaced.
    uri = WebSocketURI(False, "localhost", 80, path, query)
    subprotocols = cast("list[object]", list(upgrade.subprotocols)) or None
    return ClientProtocol(
        uri,
        subprotocols=subprotocols,  # type: ignore[arg-type]
        max_size=MESSAGE_MAX_BYTES,
        logger=_SILENT,
    )


def ask(protocol: "ClientProtocol", upgrade: Upgrade) -> None:
    """Put the request among what the protocol has to send."""
    request = protocol.connect()
    for name in {name for name, _ in upgrade.headers if name in request.headers}:
        del request.headers[name]
    for name, value in upgrade.headers:
        request.headers[name] = value
    protocol.send_request(request)
