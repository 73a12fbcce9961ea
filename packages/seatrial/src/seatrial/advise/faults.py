"""What an app does that costs it on a server, recognised in its study, with what each costs. Pure."""

from collections.abc import Iterator, Sequence

from seatrial.advise.findings import Fault
from seatrial.measure.measurement import QueryProfile
from seatrial.measure.study import Study

__all__ = ["REPEATS", "faults_of"]

REPEATS = 5.0
"""Times that one request sends the same statement from which on it is one query per row."""

CONNECTS_MIN = 0.8
"""Connections per request from which on each opens its own; a pool shows a few for all of them together."""

SCAN_MIN_S = 0.0005


def faults_of(study: Study) -> tuple[Fault, ...]:
    """The dearest first."""
    found = [*_repeated(study.queries), *_scans(study.queries), *_connections(study.queries)]
    return tuple(sorted(found, key=lambda fault: -(fault.cost_ms or 0.0)))


def _repeated(queries: Sequence[QueryProfile]) -> Iterator[Fault]:
    for q in queries:
        taken = {text: seconds for text, _, seconds in q.dear}
        for text, count in q.often:
            if count >= REPEATS:
                cost_ms = 1000.0 * taken[text] if text in taken else None
                what = f"one request sends {count:.0f} times: {text}"
                remedy = "Fetch all rows by one statement: a join, or IN with a list (select_related, selectinload)."
                yield Fault("n-plus-one", q.operation, what, cost_ms, remedy)


def _scans(queries: Sequence[QueryProfile]) -> Iterator[Fault]:
    """Each table once, at the operation where it costs most."""
    dearest: dict[str, tuple[float, Fault]] = {}
    for q in queries:
        for scan in q.scans:
            if scan.seconds < SCAN_MIN_S or scan.seconds <= dearest.get(scan.table, (0.0,))[0]:
                continue
            what = f"all {scan.rows:,} rows of {scan.table} are read for: {scan.statement}"
            remedy = f"Make an index on what {scan.table} is searched by there (CREATE INDEX CONCURRENTLY)."
            dearest[scan.table] = (
                scan.seconds,
                Fault("missing-index", q.operation, what, 1000.0 * scan.seconds, remedy),
            )
    yield from (fault for _, fault in dearest.values())


def _connections(queries: Sequence[QueryProfile]) -> Iterator[Fault]:
    opening = [
        q for q in queries if q.statements_per_request > 0.0 and (q.connections_per_request or 0.0) >= CONNECTS_MIN
    ]
    if not opening:
        return
    first = max(opening, key=lambda q: (q.connections_per_request or 0.0) * (q.connect_s or 0.0))
    cost_ms = None
    if first.connect_s is not None and first.connections_per_request is not None:
        cost_ms = 1000.0 * first.connect_s * first.connections_per_request
    what = "each request opens a database connection of its own"
    remedy = "Keep them: psycopg_pool, SQLAlchemy's pool, or Django's CONN_MAX_AGE."
    yield Fault("connection-per-request", first.operation, what, cost_ms, remedy)
