"""The open sockets of one driver: connects them, keeps their deadlines, and sees that none is left."""

import asyncio
from functools import partial

from seatrial.errors import LoadError
from seatrial.load.http.deadlines import Deadlines
from seatrial.load.http.dialing import dial, own_limit, why_not
from seatrial.load.http.target import Target
from seatrial.load.live.causes import Causes
from seatrial.load.live.websocket_wire import CLOSE_WITHIN_S, WebSocketWire

__all__ = ["LiveSockets"]


class LiveSockets:
    """Connects WebSockets to the target; causes: what was sent that may be heard of on them.

    timeout_s: how long a TLS handshake may take. trouble: why this machine could not open another one.
    """

    def __init__(self, target: Target, timeout_s: float) -> None:
        self.target = target
        self.timeout_s = timeout_s
        self.causes = Causes()
        self.trouble: LoadError | None = None
        self._loop = asyncio.get_running_loop()
        self.deadlines = Deadlines(self._loop)
        self._open: set[WebSocketWire] = set()
        self._dialing: dict[WebSocketWire, asyncio.Task[None]] = {}
        self._all_gone: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def dial(self, wire: WebSocketWire) -> None:
        """Connect it; it is told of a failure like of any other end."""
        self._open.add(wire)
        # A task for as long as connecting lasts, none for an open connection.
        task = self._loop.create_task(self._dialed(wire))
        self._dialing[wire] = task
        task.add_done_callback(partial(self._dialing_over, wire))

    def hang_up(self, wire: WebSocketWire) -> None:
        """Give up connecting it, if that is still under way; its socket is not told."""
        task = self._dialing.get(wire)
        if task is not None and not wire.is_connected:
            task.cancel()

    def dropped(self, wire: WebSocketWire) -> None:
        """Called by a connection: it is gone."""
        self._open.discard(wire)
        if not self._open and self._all_gone is not None and not self._all_gone.done():
            self._all_gone.set_result(None)

    async def gone(self, within_s: float = 2.0 * CLOSE_WITHIN_S) -> None:
        """Until no connection is left, or for within_s seconds."""
        if self._open:
            self._all_gone = self._loop.create_future()
            await asyncio.wait((self._all_gone,), timeout=within_s)

    async def close(self) -> None:
        """Drop what is still open; returns when no connection and no task is left."""
        for wire in list(self._dialing):
            self.hang_up(wire)
        if self._dialing:
            await asyncio.wait(list(self._dialing.values()), timeout=CLOSE_WITHIN_S)
        for wire in list(self._open):
            wire.abort("unfinished", "the load was ended")
        await self.gone()
        self.deadlines.close()

    async def _dialed(self, wire: WebSocketWire) -> None:
        try:
            await dial(self.target, wire, timeout_s=self.timeout_s)
        except OSError as error:
            self.trouble = self.trouble or own_limit(error)
            wire.abort(*why_not(self.target, error))

    def _dialing_over(self, wire: WebSocketWire, task: asyncio.Task[None]) -> None:
        del self._dialing[wire]
        if task.cancelled():
            # The connection may have been made in the same moment; uvloop then drops it without telling the protocol.
            wire.abort("unfinished", "connecting was given up")
            wire.connection_lost(None)
        if not wire.is_connected:
            self.dropped(wire)
