"""Connecting a socket: from the first packet to the joined namespace."""

import time

from seatrial.load.http.messages import Request
from seatrial.load.journey.live_run import LiveRun
from seatrial.load.journey.under_way import Host
from seatrial.load.live.messages import OpenSocketIO, OpenWebSocket
from seatrial.load.live.socket import LiveSocket
from seatrial.load.live.socketio_socket import SocketIOSocket
from seatrial.load.live.websocket_wire import WebSocketWire

__all__ = ["ConnectRun"]

_ENGINE = "EIO=4&transport=websocket"


class ConnectRun(LiveRun):
    """Counted as "<journey> (connect)": from when it was due until the socket can be used.

    The person's cookies are sent, and what the server sets is kept. As browsers do, it names the app itself as the
    Origin, and follows no redirects.
    """

    __slots__ = ("_request", "_socket", "_wire", "headers", "path", "subprotocols")

    def __init__(self, host: Host, step: OpenWebSocket | OpenSocketIO, due_s: float) -> None:
        super().__init__(host, step.name, "connect", due_s)
        live, target = host.stage.live, host.stage.target
        socket: LiveSocket
        self.subprotocols: tuple[str, ...] = ()
        self.path = step.path
        if isinstance(step, OpenSocketIO):
            self.path += f"{'&' if '?' in step.path else '?'}{_ENGINE}"
            socket = SocketIOSocket(self, live.deadlines, step.namespace, step.auth)
        else:
            self.subprotocols = step.subprotocols
            socket = LiveSocket(self)
        cookie = host.person.cookies.header(step.path)
        origin = f"{target.scheme}://{target.host_header}"
        own = {name.lower() for name, _ in step.headers}
        usual = (("Host", target.host_header), ("User-Agent", "seatrial"), ("Origin", origin), ("Cookie", cookie))
        self.headers = (*(pair for pair in usual if pair[1] and pair[0].lower() not in own), *step.headers)
        self._request = Request("GET", self.path, b"", self.headers)
        self._socket = socket
        self._wire = WebSocketWire(live, socket, self)
        timeout_s = host.stage.timeout_s if step.timeout_s is None else step.timeout_s
        live.deadlines.set(self, due_s + timeout_s)
        live.dial(self._wire)

    # What the socket calls.

    def sending(self) -> None:
        """The connection is there."""
        if self._host.interval.before_send is not None:
            self._host.interval.before_send()
        self._sent_s = time.perf_counter()

    def switched(self, status: int, set_cookies: list[str]) -> None:
        """The server answered the request for a WebSocket."""
        self._status = status
        for cookie in set_cookies:
            self._host.person.cookies.store(cookie, self.path)

    def opened(self, at_s: float) -> None:
        """The socket can be used."""
        self._host.keep(self._socket)
        self._finish(self._socket, at_s)

    def failed(self, error: str, detail: str) -> None:
        """It will never be."""
        if self._status == 403:
            # What servers of sockets refuse most often, and say least about.
            origin = next((value for name, value in self.headers if name.lower() == "origin"), "")
            detail = f"{detail}; the Origin was {origin} (an own one: headers)"
        self._fail(error or "reset", detail)

    # What differs from other steps.

    def _fail(self, error: str, detail: str) -> None:
        socket = self._socket
        if socket.end is None:
            # Before it is closed, which would call back: this end has its own name already.
            socket.forsake()
        self._host.stage.live.hang_up(self._wire)
        super()._fail(error, detail)

    def _late(self) -> str:
        if not self._sent_s:
            return "the server did not take the connection in time"
        if not self._status:
            return "no answer to the request for a WebSocket in time"
        return "the namespace was not joined in time"

    def _asked(self) -> Request:
        return self._request

    def _leave(self) -> None:
        self._host.stage.live.deadlines.clear(self)
