"""SQL statements per request and their time, from the database's own log, in a pass that measures nothing else."""

import asyncio
import time
from collections.abc import Sequence
from statistics import median

from seatrial.load.driver import Driver
from seatrial.measure.measurement import QueryProfile
from seatrial.measure.table_scans import table_scans
from seatrial.testbed.activity import Watch
from seatrial.testbed.postgres import Database

__all__ = ["count_queries"]

ARRIVALS_PER_OPERATION = 10
DEAREST_KEPT = 5

GLANCE_S = 0.005

CONNECTS = 7

QUIET_S = 0.3
QUIET_WITHIN_S = 15.0
"""An app that was overloaded just before still works on requests that were given up; one that also works by itself
never becomes quiet, and is counted as it is."""


async def count_queries(driver: Driver, database: Database, operations: Sequence[str]) -> tuple[QueryProfile, ...]:
    """Statements of each operation, redirects it causes included.

    Logging costs CPU, so nothing else is measured meanwhile. The first round is not counted: drivers prepare then.
    """
    await _send(driver, operations)
    database.query_log_on()
    try:
        with Watch(database.meter, every_s=GLANCE_S) as watch:
            await _until_quiet(database)
            connect_s = _connect_s(database)
            return tuple([await _counted(driver, database, watch, operation, connect_s) for operation in operations])
    finally:
        database.query_log_off()


async def _counted(driver: Driver, database: Database, watch: Watch, operation: str, connect_s: float) -> QueryProfile:
    mark = database.query_log_mark()
    watch.taken()
    began_s = time.perf_counter()
    requests = max(1, await _send(driver, [operation] * ARRIVALS_PER_OPERATION))
    lasted_s, glances = time.perf_counter() - began_s, watch.taken()
    seen = database.queries_since(mark)
    often = sorted(seen.by_text.items(), key=lambda item: -item[1])[:DEAREST_KEPT]
    dear = sorted(seen.seconds_by_text.items(), key=lambda item: -item[1])[:DEAREST_KEPT]
    # Little's law: the mean number of backends in a state, over the rate of requests, is the time each spends in it.
    per_glance_s = lasted_s / max(1, glances.count) / requests
    dearest = tuple((text, seen.by_text[text] / requests, seconds / requests) for text, seconds in dear)
    return QueryProfile(
        operation=operation,
        requests=requests,
        requests_per_arrival=requests / ARRIVALS_PER_OPERATION,
        statements_per_request=seen.statements / requests,
        often=tuple((text, count / requests) for text, count in often),
        dear=dearest,
        controls_per_request=seen.transactions_control / requests,
        statements_s=seen.seconds / requests,
        lock_wait_s=glances.locked * per_glance_s if glances.count else None,
        held_s=glances.held * per_glance_s if glances.count and watch.is_beside else None,
        scans=table_scans(database, dearest, seen.samples),
        connections_per_request=seen.connections / requests,
        connect_s=connect_s,
    )


def _connect_s(database: Database) -> float:
    """What opening a connection takes, the median of a few."""
    taken = []
    for _ in range(CONNECTS):
        since = time.perf_counter()
        database.meter().close()
        taken.append(time.perf_counter() - since)
    return median(taken)


async def _until_quiet(database: Database) -> None:
    """Returns when nothing was executed for `QUIET_S`, or after `QUIET_WITHIN_S`."""
    deadline = time.monotonic() + QUIET_WITHIN_S
    while time.monotonic() < deadline:
        mark = database.query_log_mark()
        await asyncio.sleep(QUIET_S)
        if not database.queries_since(mark).statements:
            return


async def _send(driver: Driver, operations: Sequence[str]) -> int:
    record = await driver.serial(operations, int, int, lambda *_: None)
    return len(record.observations)
