"""Connections to PostgreSQL, and the statements sent over them.

A `Database` opens its pool at the first use in each process, so it may be made before a server forks its workers: a
pool whose sockets two processes share would mix up their answers.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import LiteralString
from weakref import WeakMethod

import psycopg
from psycopg import sql

from flotilla.errors import UnavailableError
from flotilla.settings import Settings
from flotilla.store.pools import Pools, Row
from flotilla.store.shards import BucketRange, ShardMap
from flotilla.store.valkey import Valkey

__all__ = ["Database", "Row", "Work", "qualified"]


@lru_cache(maxsize=1024)
def qualified(statement: LiteralString, shard: str, reader: str) -> bytes:
    """The statement with the schemas' names put in, quoted, for `{shard}` and `{reader}`."""
    return sql.SQL(statement).format(shard=sql.Identifier(shard), reader=sql.Identifier(reader)).as_bytes()


@dataclass(frozen=True, slots=True)
class Work:
    """A connection for the time of one use case, and where the rows are.

    In a statement `{shard}` and `{reader}` stand for schemas: that of the rows' owner and that of the person asking.
    """

    connection: psycopg.Connection[Row]
    shards: ShardMap
    told: list[tuple[str, str]] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)

    def all(
        self, statement: LiteralString, parameters: dict[str, object], *, shard: str = "", reader: str = ""
    ) -> list[Row]:
        """Every row that the statement gives."""
        return self.connection.execute(qualified(statement, shard, reader), parameters).fetchall()

    def all_planned_anew(
        self, statement: LiteralString, parameters: dict[str, object], *, shard: str = "", reader: str = ""
    ) -> list[Row]:
        """As `all`, for the few statements whose best plan depends on the values: a word that is rare, or common."""
        with psycopg.ClientCursor(self.connection) as cursor:
            return cursor.execute(qualified(statement, shard, reader), parameters).fetchall()

    def one(
        self, statement: LiteralString, parameters: dict[str, object], *, shard: str = "", reader: str = ""
    ) -> Row | None:
        """The statement's first row, None without one."""
        return self.connection.execute(qualified(statement, shard, reader), parameters).fetchone()

    def count(
        self, statement: LiteralString, parameters: dict[str, object], *, shard: str = "", reader: str = ""
    ) -> int:
        """How many rows the statement changed."""
        return self.connection.execute(qualified(statement, shard, reader), parameters).rowcount

    def tell(self, channel: str, payload: str) -> None:
        """Send `payload` to whoever listens on `channel`, once this work is done and kept; when it fails, never."""
        if (channel, payload) not in self.told:
            self.told.append((channel, payload))

    def after(self, do: Callable[[], None]) -> None:
        """Call `do` once this work is done and kept and its connection is free again; when it fails, never."""
        self.afterwards.append(do)


class Database:
    """The site's database: at most `pool_size` connections in each process, shared by its threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pools = Pools(settings)
        self._shards: ShardMap | None = None
        self._heard: dict[str, Callable[[str], None]] = {}
        self._inherited: list[object] = []
        self._bus = Valkey(settings.bus_url, what="live bus") if settings.bus_url else None
        os.register_at_fork(after_in_child=partial(_call_if_alive, WeakMethod(self._forget_after_fork)))

    @contextmanager
    def read(self) -> Iterator[Work]:
        """For use cases that change nothing: each statement stands alone, which saves BEGIN and COMMIT."""
        with self._work() as work:
            yield work

    @contextmanager
    def write(self, *, hides: bool = True) -> Iterator[Work]:
        """One transaction: all of it happens, or, when an exception leaves the block, nothing.

        `hides` False: afterwards everybody sees what they saw before, if perhaps with more beside it. Then pages that a
        cache keeps may go on being shown for their few seconds; otherwise none of them is, from when the block is left.
        """
        with self._work(hides=hides) as work, work.connection.transaction():
            yield work

    def visibility_epoch(self) -> int:
        """A number that grows with each `write` that hides something, once that is stored."""
        with self._work() as work:
            row = work.one("SELECT last_value FROM g.visibility_epoch", {})
        assert row is not None
        return int(row[0])

    def hear(self, channel: str, heard: Callable[[str], None]) -> None:
        """Call `heard(payload)` in this process for what its own work tells on the channel, once that is kept."""
        self._heard[channel] = heard

    def ping(self) -> None:
        """Raise UnavailableError unless the database answers."""
        with self._work() as work:
            work.one("SELECT 1", {})

    def pool_numbers(self) -> dict[str, int]:
        """The pool's own counts, such as how often somebody waited for a connection; none before the first use."""
        return self._pools.numbers()

    def close(self) -> None:
        """Give back this process's connections; the next use opens new ones."""
        self._pools.close()

    @contextmanager
    def _work(self, *, hides: bool = False) -> Iterator[Work]:
        pool = self._pools.get()
        connection: psycopg.Connection[Row] | None = None
        try:
            # `with pool.connection()` would commit as well, which takes longer and is done already where it is due.
            connection = pool.getconn()
            try:
                work = Work(connection, self._shards or self._read_shards(connection))
                yield work
                if hides:
                    # After the commit: whoever reads the new number reads what was committed, too.
                    work.one("SELECT nextval('g.visibility_epoch')", {})
                if work.told:
                    self._send(connection, work.told)
                    work.afterwards.extend(
                        partial(self._heard[channel], payload)
                        for channel, payload in work.told
                        if channel in self._heard
                    )
            finally:
                pool.putconn(connection)
        except psycopg.OperationalError as error:
            if connection is None or connection.closed:
                self._pools.lost(pool)
            raise UnavailableError(f"The database did not answer as it should: {error}") from error
        for do in work.afterwards:
            do()

    def _read_shards(self, connection: psycopg.Connection[Row]) -> ShardMap:
        rows = connection.execute(
            "SELECT first_bucket, last_bucket, schema_name FROM g.shard_map ORDER BY first_bucket"
        )
        self._shards = ShardMap(tuple(BucketRange(*row) for row in rows))
        return self._shards

    def _send(self, connection: psycopg.Connection[Row], told: list[tuple[str, str]]) -> None:
        """Tell whoever listens: over the bus, and over the database what nobody heard there."""
        heard = self._bus.tell(told) if self._bus else None
        left = told if heard is None else [one for one, ears in zip(told, heard, strict=True) if not ears]
        if left:
            _notify(connection, left)

    def _forget_after_fork(self) -> None:
        # Kept, never used or closed: closing would end the parent's connections.
        self._inherited.append(self._pools)
        self._pools = Pools(self._settings)


def _notify(connection: psycopg.Connection[Row], told: list[tuple[str, str]]) -> None:
    """NOTIFY, in a statement of its own after the commit; what was committed stays so, whatever becomes of this.

    Inside the transaction it would make all writers of the site queue for one lock which each holds until its commit
    is on the disk.
    """
    channels, payloads = zip(*told, strict=True)
    with suppress(psycopg.Error):
        connection.execute(
            "SELECT pg_notify(channel, payload) FROM unnest(%s::text[], %s::text[]) AS told (channel, payload)",
            [list(channels), list(payloads)],
        )


def _call_if_alive(method: WeakMethod[Callable[[], None]]) -> None:
    alive = method()
    if alive is not None:
        alive()
