"""Which of the dearest statements read a whole table, by PostgreSQL's own plans for them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from seatrial.measure.measurement import TableScan
from seatrial.testbed.postgres import Database

__all__ = ["ROWS_MIN", "table_scans"]

ROWS_MIN = 5_000
"""A smaller table is read as fast from end to end as by an index, and the planner does so on purpose."""

EXPLAINED = re.compile(r"^\s*(select|update|delete|with)\b", re.IGNORECASE)
STATEMENT_TIMEOUT_MS = 2000


def table_scans(
    database: Database, dear: Sequence[tuple[str, float, float]], samples: Mapping[str, str]
) -> tuple[TableScan, ...]:
    """Of statements with (normalised text, count, seconds) per request, those whose plan filters a large table whole.

    samples: each statement as it was sent, parameters as $1. Nothing is executed: EXPLAIN, with PostgreSQL 16's
    GENERIC_PLAN for what has parameters. What cannot be explained is left out.
    """
    found = []
    with database.meter() as connection:
        connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}".encode())
        for text, _, seconds in dear:
            sample = samples.get(text, "")
            if EXPLAINED.match(sample):
                found += [TableScan(text, table, rows, seconds) for table, rows in _scanned(connection, sample)]
    return tuple(found)


def _scanned(connection: "psycopg.Connection[tuple[Any, ...]]", statement: str) -> Iterator[tuple[str, int]]:
    generic = "GENERIC_PLAN, " if re.search(r"\$\d", statement) else ""
    try:
        with connection.transaction():
            row = connection.execute(f"EXPLAIN ({generic}FORMAT JSON) {statement}".encode()).fetchone()
    except psycopg.Error:
        return  # a temporary table, a type that cannot be guessed: not every statement stands alone
    for table, schema in dict.fromkeys(_filtered(row[0][0]["Plan"])) if row else ():
        size = connection.execute(
            "SELECT c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relname = %s AND (n.nspname = %s OR %s = '') ORDER BY c.reltuples DESC LIMIT 1",
            [table, schema, schema],
        ).fetchone()
        if size and size[0] >= ROWS_MIN:
            yield table, int(size[0])


def _filtered(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(table, schema) of every sequential scan that throws rows away; one that needs all of them is no fault."""
    if plan.get("Node Type") == "Seq Scan" and "Filter" in plan:
        yield str(plan["Relation Name"]), str(plan.get("Schema", ""))
    for below in plan.get("Plans", ()):
        yield from _filtered(below)
