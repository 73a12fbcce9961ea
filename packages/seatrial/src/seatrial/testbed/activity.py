"""What every backend of PostgreSQL is doing, looked at many times a second."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import psycopg

from seatrial.errors import TestbedError
from seatrial.testbed.outside import runs_on
from seatrial.testbed.query_log import METER_NAME, normalise

__all__ = ["Glances", "Watch", "counters"]

EVERY_S = 0.01
TEXTS_MAX = 500
"""Different statements told apart; what comes after them is counted together."""

OTHER_STATEMENTS = "(other statements)"
JOIN_DEADLINE_S = 10.0

_STATES = (
    "SELECT state, wait_event_type, query FROM pg_stat_activity "
    "WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle' "
    "AND application_name <> %s"
)
_COUNTERS = (
    "SELECT xact_commit + xact_rollback, tup_returned, tup_fetched, tup_inserted + tup_updated + tup_deleted, "
    "blks_read, blks_hit, temp_bytes FROM pg_stat_database WHERE datname = current_database()"
)


class Glances:
    """How many backends were seen in which state, added up over `count` glances.

    held: in a transaction or at a statement. running: at a statement and not waiting (some may want for a CPU). locked:
    waiting for a lock of another transaction. waiting: for anything else (disk, the log, the client, a sleep).
    by_text: statement -> in running, locked or waiting.
    """

    def __init__(self) -> None:
        """Nothing seen yet."""
        self.count = self.held = self.running = self.locked = self.waiting = 0
        self.by_text: Counter[str] = Counter()
        self._known: dict[str, str] = {}

    def add(self, rows: list[tuple[str, str | None, str]]) -> None:
        """One glance: state, wait_event_type and statement of each backend that is not idle."""
        self.count += 1
        self.held += len(rows)
        for state, waits_for, text in rows:
            if state != "active":
                continue
            self.running += waits_for is None
            self.locked += waits_for == "Lock"
            self.waiting += waits_for not in {None, "Lock"}
            self.by_text[self._short(text)] += 1

    def _short(self, text: str) -> str:
        known = self._known.get(text)
        if known is None:
            known = normalise(text) if len(self._known) < TEXTS_MAX else OTHER_STATEMENTS
            if len(self._known) < TEXTS_MAX:
                self._known[text] = known
        return known


class Watch:
    """A context in which a thread of its own glances at the backends every `every_s` seconds.

    Nothing that costs are read from runs beside it. glances: what was seen so far. is_beside: whether the backend that
    looks runs on this process's CPUs: on those of the backends it looks at, it hardly ever finds one running.
    """

    is_beside: bool

    def __init__(self, connect: Callable[[], "psycopg.Connection[tuple[Any, ...]]"], every_s: float = EVERY_S) -> None:
        """connect: gives a connection that sees every backend; it is closed at the end."""
        self.glances = Glances()
        self._connect = connect
        self._every_s = every_s
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._connection = self._connect()
        cpus = runs_on(self._connection.info.backend_pid)
        self.is_beside = bool(cpus) and cpus <= runs_on(0)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(JOIN_DEADLINE_S)
        self._connection.close()
        if self._error is not None and error is None:
            raise TestbedError(
                "PostgreSQL stopped answering the meter that watches it",
                try_this="Measure again; if it happens again, its log or the memory of the plan may say why.",
                details=str(self._error).strip(),
            ) from self._error

    def taken(self) -> Glances:
        """What was seen since the last call; glances begin anew."""
        seen, self.glances = self.glances, Glances()
        return seen

    def _look(self) -> None:
        next_s = time.monotonic()
        try:
            while not self._over.wait(max(0.0, next_s - time.monotonic())):
                # At set times: one that waited for the last glance would look away whenever the database is busy.
                next_s = max(next_s + self._every_s, time.monotonic())
                self.glances.add(self._connection.execute(_STATES, [METER_NAME]).fetchall())
        except psycopg.Error as error:
            self._error = error


def counters(connection: "psycopg.Connection[tuple[Any, ...]]") -> tuple[int, ...]:
    """Since the server began: transactions, rows read, rows fetched by index, rows written, blocks read, blocks found
    in memory, bytes of temporary files. Backends hand their part in once a second.
    """
    row = connection.execute(_COUNTERS).fetchone()
    return tuple(int(value) for value in row) if row else (0,) * 7
