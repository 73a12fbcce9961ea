"""Filling an empty database with whole tables by COPY: the owner's work, for trial towns."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from flotilla.errors import StartError
from flotilla.settings import Settings
from flotilla.store.schema import address, check, connect_or_explain
from flotilla.store.shards import BucketRange, ShardMap

__all__ = ["Progress", "Table", "load"]

GLOBAL = "g"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a table. Unless `is_global`, the first column is the id whose bucket decides the shard of the row."""

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    is_global: bool = False


def load(settings: Settings, owner_url: str, tables: Iterable[Table], progress: Progress) -> None:
    """Load the tables in one transaction, then vacuum and gather statistics; `progress` hears what comes next.

    Raises StartError when there are accounts already, or when the database is not ready.
    """
    check(settings)
    with connect_or_explain(owner_url, "FLOTILLA_OWNER_URL", settings) as connection:
        # Drawing up a large table takes a while, and so does loading it.
        connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        with connection.transaction():
            _refuse_unless_empty(connection, owner_url)
            shards = _shards(connection)
            for table in tables:
                progress(table.name)
                _copy(connection, table, shards)
        # Else the server would do this by itself a minute later, in the middle of somebody's first measurement.
        progress("vacuum and statistics")
        for schema in (GLOBAL, *shards.schemas):
            names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
            for (name,) in names.fetchall():
                connection.execute(sql.SQL("VACUUM (FREEZE, ANALYZE) {}").format(sql.Identifier(schema, str(name))))


def _refuse_unless_empty(connection: psycopg.Connection[tuple[object, ...]], owner_url: str) -> None:
    # The lock keeps sign-ups out until the town is complete.
    connection.execute("LOCK TABLE g.account IN EXCLUSIVE MODE")
    row = connection.execute("SELECT handle FROM g.account LIMIT 1").fetchone()
    if row is not None:
        raise StartError(
            f"The database at {address(owner_url)} is not empty: there is an account @{row[0]}. Nothing was changed.",
            try_this="Seed a new, migrated database instead.",
        )


def _shards(connection: psycopg.Connection[tuple[object, ...]]) -> ShardMap:
    rows = connection.execute("SELECT first_bucket, last_bucket, schema_name FROM g.shard_map ORDER BY first_bucket")
    return ShardMap(tuple(BucketRange(*row) for row in rows.fetchall()))  # type: ignore[arg-type]  # columns are NOT NULL


def _copy(connection: psycopg.Connection[tuple[object, ...]], table: Table, shards: ShardMap) -> None:
    if table.is_global:
        _copy_into(connection, GLOBAL, table, table.rows)
    elif len(shards.schemas) == 1:
        _copy_into(connection, shards.schemas[0], table, table.rows)
    else:
        rows = list(table.rows)
        for schema in shards.schemas:
            here = (row for row in rows if shards.schema_of(row[0]) == schema)  # type: ignore[arg-type]  # an id
            _copy_into(connection, schema, table, here)


def _copy_into(
    connection: psycopg.Connection[tuple[object, ...]], schema: str, table: Table, rows: Iterable[Sequence[object]]
) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, table.name), sql.SQL(", ").join(map(sql.Identifier, table.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
