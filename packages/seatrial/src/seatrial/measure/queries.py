"""SQL statements per request, from the database server's own log, in a pass that measures nothing else."""

from collections.abc import Sequence

from seatrial.load.driver import Driver
from seatrial.measure.measurement import QueryProfile
from seatrial.testbed.postgres import Database

__all__ = ["count_queries"]

ARRIVALS_PER_OPERATION = 10
DEAREST_KEPT = 5


async def count_queries(driver: Driver, database: Database, operations: Sequence[str]) -> tuple[QueryProfile, ...]:
    """Statements of each operation, redirects it causes included.

    Logging costs CPU, so nothing else is measured meanwhile. The first round is not counted: drivers prepare then.
    """
    await _send(driver, operations)
    database.query_log_on()
    try:
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


async def _send(driver: Driver, operations: Sequence[str]) -> int:
    record = await driver.serial(operations, int, int, lambda *_: None)
    return len(record.observations)
