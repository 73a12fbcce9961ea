"""The connections to the subject: as many as are needed, kept while it keeps them, each wait with a deadline."""

import asyncio
import contextlib
from collections.abc import Iterator
from random import Random
from time import perf_counter

from seatrial.errors import LoadError
from seatrial.load.http.connection import Connection
from seatrial.load.http.dialing import dial, own_limit, why_not
from seatrial.load.http.exchange import Exchange
from seatrial.load.http.heads import KnownHeads
from seatrial.load.http.target import Target

__all__ = ["RETRY_WITHIN_S", "SPARE_MAX", "Client"]

SPARE_MAX = 64
"""Connections beyond one for each request: a process may have a thousand open, as a rule, and idle ones count."""

RETRY_WITHIN_S = 0.5
"""A server that closes an idle connection while a request is on its way there is heard of after a round trip; whoever
dies later may have begun the work, and a second request would do it twice."""


class Client:
    """Sends exchanges, over an idle connection where there is one and else over a new one.

    Which idle one is chance, as it is chance who of many people clicks next: so the connections, and with them the
    subject's processes, which each keep those that they took, get even shares but not turns. A kept
    connection that dies at once without a byte of answer is what every browser meets when a server closes idle
    connections: the request is sent once more on a new one and marked `reused_retry`. One that dies later than
    RETRY_WITHIN_S after the request went out is lost with it.
    """

    def __init__(self, target: Target, *, keep_alive: bool, timeout_s: float) -> None:
        self.busy: set[Exchange] = set()
        self.in_flight_max = 0
        self._connections_least = 0
        self.trouble: LoadError | None = None
        self.known_heads = KnownHeads()
        self._target = target
        self._keep_alive = keep_alive
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._chance = Random(0).random
        self._open: set[Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        # Deadlines are looked at together: a timer for each request would cost as much as sending it.
        self._sweep_every_s = max(0.005, min(0.05, timeout_s / 20))
        self._sweep_timer: asyncio.TimerHandle | None = None

    def submit(self, exchange: Exchange) -> None:
        """Send a request; it is `ended` once, with an answer or an error; deadlines are kept within 50 ms."""
        busy = self.busy
        busy.add(exchange)
        if len(busy) > self.in_flight_max:  # noqa: PLR1730 - on the path of every request, and max() is a call
            self.in_flight_max = len(busy)
        if self._sweep_timer is None:
            self._sweep_timer = self._loop.call_later(self._sweep_every_s, self._sweep)
        idle = self._idle
        while idle and len(self._open) + len(self._connecting) >= self._connections_least:
            place = int(self._chance() * len(idle))
            connection, idle[place] = idle[place], idle[-1]
            del idle[-1]
            if connection.usable and connection.idle_until_s > perf_counter():
                connection.send(exchange)
                return
            connection.close()
        self._connect(exchange)

    @contextlib.contextmanager
    def spread(self, at_once: int) -> Iterator[None]:
        """Where so many requests are always on their way, hold more connections: more people look at a page than wait
        for one. With one for each request none would be idle, and each loop would stay with one of the processes.

        at_once: 0 for no more than are needed.
        """
        self._connections_least = at_once + min(at_once, SPARE_MAX)
        try:
            yield
        finally:
            self._connections_least = 0

    def fail(self, exchange: Exchange, error: str, detail: str) -> None:
        """End an exchange that is on its way."""
        if exchange not in self.busy:
            return
        self.busy.remove(exchange)
        exchange.error, exchange.detail, exchange.done_s = error, detail, perf_counter()
        connection, exchange.connection = exchange.connection, None
        if connection is not None:
            connection.close()
        task, exchange.connecting = exchange.connecting, None
        if task is not None:
            task.cancel()
        exchange.ended()

    def drop_idle(self) -> None:
        """Close the connections nobody uses now."""
        while self._idle:
            self._idle.pop().close()

    async def close(self) -> None:
        """Close everything; returns when no connection and no task is left."""
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        for exchange in list(self.busy):
            self.fail(exchange, "unfinished", "the load was ended")
        for connection in list(self._open):
            connection.close()
        self._idle.clear()
        if self._connecting:
            await asyncio.wait(self._connecting, timeout=5.0)
        deadline_s = perf_counter() + 5.0
        while self._open and perf_counter() < deadline_s:
            await asyncio.sleep(0.001)

    def opened(self, connection: Connection) -> None:
        """Called by a connection: it is there. The request goes out at once: a sync worker waits for its bytes."""
        self._open.add(connection)
        exchange = connection.first
        if exchange is not None and exchange in self.busy and connection.usable:
            connection.first = exchange.connecting = None
            sent_s = exchange.sent_s
            connection.send(exchange)
            if exchange.reused_retry:
                # The time of both tries counts.
                exchange.sent_s = sent_s

    def answered(self, connection: Connection, exchange: Exchange) -> None:
        """Called by a connection: a whole answer is there."""
        self.busy.discard(exchange)
        if connection.usable and self._keep_alive:
            self._idle.append(connection)
        else:
            connection.close()
        exchange.ended()

    def broke(self, connection: Connection, exchange: Exchange, error: str, detail: str) -> None:
        """Called by a connection: no answer will come over it."""
        # A new connection has carried no exchange before, so nothing is sent a third time.
        is_reused = error == "reset" and not connection.received and connection.exchanges > 1
        if is_reused and perf_counter() - exchange.sent_s <= RETRY_WITHIN_S:
            exchange.reused_retry = True
            self._connect(exchange)
        else:
            self.fail(exchange, error, detail)

    def dropped(self, connection: Connection) -> None:
        """Called by a connection: it is closed."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _connect(self, exchange: Exchange) -> None:
        task = self._loop.create_task(self._connected(exchange))
        exchange.connecting = task
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connected(self, exchange: Exchange) -> None:
        connection = Connection(self, exchange)
        try:
            # A handshake that lasts too long is given up at the request's deadline, like all else.
            await dial(self._target, connection, timeout_s=self._timeout_s + 1.0)
        except OSError as error:
            connection.close()
            exchange.connecting = None
            self.trouble = self.trouble or own_limit(error)
            self.fail(exchange, *why_not(self._target, error))
            return
        except asyncio.CancelledError:
            # It may have been made in the same moment; uvloop closes it then and does not say that it is lost.
            connection.close()
            self.dropped(connection)
            raise
        if connection.first is not None:
            connection.close()
            self.fail(exchange, "reset", "the server closed the connection at once")

    def _sweep(self) -> None:
        now_s = perf_counter()
        overdue = [exchange for exchange in self.busy if exchange.deadline_s <= now_s]
        for exchange in overdue:
            self.fail(exchange, "timeout", "no answer in time")
        self._sweep_timer = self._loop.call_later(self._sweep_every_s, self._sweep) if self.busy else None
