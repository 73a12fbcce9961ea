"""The connections of one process: a pool of them, opened at its first use, and never shared with another process."""

import select
import threading
from typing import Any

import psycopg
import structlog
from psycopg_pool import ConnectionPool

from flotilla.settings import Settings
from flotilla.store.connecting import connection_arguments, pooler_arguments

__all__ = ["Pool", "Pools", "Row"]

Row = tuple[Any, ...]

IDLE_CONNECTION_KEPT_S = 600.0
CLOSE_WAIT_S = 5.0
POOLER_ASKED_EVERY_S = 1.0
POOLER_ANSWERS_WITHIN_S = 2
# The pooler is there because the connections of all processes would be too many: past it each gets along with few.
PAST_POOLER_MAX = 2


class Pool(ConnectionPool[psycopg.Connection[Row]]):
    """Lends the connection that came back last, whose server process still has plans and tables in the CPU's caches.

    The library's own lends the one that rested longest, so that one request meets two cold ones, and none rests for
    long enough to be closed when only the crowd of one busy minute needed it.
    """

    def _get_ready_connection(self, timeout: float | None) -> psycopg.Connection[Row] | None:
        # It takes from the left; what comes back is put on the right.
        self._pool.rotate(1)
        return super()._get_ready_connection(timeout)

    def was_hung_up_on(self) -> bool:
        """Whether the server closed the connection that would be lent next: nobody asked it anything, and it speaks.

        Asks the kernel and nobody else. What it says may be something harmless too.
        """
        try:
            resting = select.poll()
            resting.register(self._pool[-1].fileno(), select.POLLIN)
            return bool(resting.poll(0))
        except (IndexError, psycopg.Error, OSError):
            return False  # none rests, or another thread was quicker


class Pools:
    """At most `pool_size` connections: through FLOTILLA_POOLER_URL if there is one, and past it while it is gone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._pool: Pool | None = None
        self._past_pooler = False

    def get(self) -> Pool:
        """The pool to take connections from, now."""
        pool = self._pool or self._opened()
        if pool.was_hung_up_on():
            # Noticed before a request is sent into it: nobody has to be told to try again.
            self.lost(pool)
            pool = self._pool or self._opened()
        return pool

    def lost(self, pool: Pool) -> None:
        """A connection of `pool` broke, or none was to be had: make sure that the next requests get one that works."""
        if self._settings.pooler_url and not self._past_pooler:
            with self._lock:
                if self._pool is not pool:
                    return
                gone = not self._pooler_answers()
                if gone:
                    self._pass_pooler_by()
            if gone:
                pool.close(timeout=0)
                return
        # The server went away, so the idle connections are dead too: this request pays for all of them.
        pool.check()

    def numbers(self) -> dict[str, int]:
        """The pool's own counts, and whether it passes the pooler by; none before the first use."""
        pool = self._pool
        return {} if pool is None else pool.get_stats() | {"past_pooler": int(self._past_pooler)}

    def close(self) -> None:
        """Give back the connections; the next use opens new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
            self._closed.set()
        if pool is not None:
            pool.close(timeout=CLOSE_WAIT_S)

    def _opened(self) -> Pool:
        with self._lock:
            if self._pool is None:
                self._closed = threading.Event()
                self._past_pooler = False
                if self._settings.pooler_url and not self._pooler_answers():
                    self._pass_pooler_by()
                else:
                    self._pool = self._made(through_pooler=bool(self._settings.pooler_url))
            assert self._pool is not None
            return self._pool

    def _made(self, *, through_pooler: bool) -> Pool:
        settings = self._settings
        arguments = pooler_arguments(settings) if through_pooler else connection_arguments(settings)
        most = min(settings.pool_size, PAST_POOLER_MAX) if self._past_pooler else settings.pool_size
        return Pool(
            settings.pooler_url if through_pooler else settings.database_url,
            kwargs=arguments | {"autocommit": True},
            min_size=1,
            max_size=most,
            max_idle=IDLE_CONNECTION_KEPT_S,
            timeout=settings.pool_wait_s,
            num_workers=1,
            name="flotilla",
            open=True,
        )

    def _pass_pooler_by(self) -> None:
        self._past_pooler = True
        self._pool = self._made(through_pooler=False)
        structlog.get_logger("flotilla.pooler").error("pooler gone, connecting past it")
        threading.Thread(target=self._return, args=(self._closed,), name="pooler: return", daemon=True).start()

    def _return(self, closed: threading.Event) -> None:
        """Ask for the pooler until it is back, and use it again."""
        while not closed.wait(POOLER_ASKED_EVERY_S):
            if not self._pooler_answers():
                continue
            with self._lock:
                if closed.is_set():
                    return
                self._past_pooler = False
                past, self._pool = self._pool, self._made(through_pooler=True)
            structlog.get_logger("flotilla.pooler").warning("pooler is back")
            # Whoever took this pool a moment ago is still served by it.
            closed.wait(self._settings.pool_wait_s)
            if past is not None:
                past.close(timeout=CLOSE_WAIT_S)
            return

    def _pooler_answers(self) -> bool:
        try:
            arguments = pooler_arguments(self._settings) | {"connect_timeout": POOLER_ANSWERS_WITHIN_S}
            psycopg.connect(self._settings.pooler_url, **arguments).close()
        except psycopg.OperationalError:
            return False
        return True
