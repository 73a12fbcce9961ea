"""SQL statements per request, from the database server's own log, in a pass that measures nothing else."""

import asyncio
import time
from collections.abc import Sequence

from seatrial.load.driver import Driver
from seatrial.measure.measurement import QueryProfile
from seatrial.testbed.postgres import Database

__all__ = ["count_queries"]

ARRIVALS_PER_OPERATION = 10
DEAREST_KEPT = 5

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
        await _until_quiet(database)
        profiles = []
        for operation in operations:
            mark = database.query_log_mark()
            requests = await _send(driver, [operation] * ARRIVALS_PER_OPERATION)
            seen = database.queries_since(mark)
            often = sorted(seen.by_text.items(), key=lambda item: -item[1])[:DEAREST_KEPT]
            profiles.append(
                QueryProfile(
                    operation=operation,
                    requests=requests,
                    requests_per_arrival=requests / ARRIVALS_PER_OPERATION,
                    statements_per_request=seen.statements / max(1, requests),
                    often=tuple((text, count / max(1, requests)) for text, count in often),
                )
            )
        return tuple(profiles)
    finally:
        database.query_log_off()


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
