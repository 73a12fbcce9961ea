"""What an app does that costs it on a server, recognised in its study, with what each costs. Pure."""

from collections.abc import Iterator, Sequence

from seatrial.advise.findings import Fault
from seatrial.measure.measurement import FileCost, OperationProfile, QueryProfile, SettingCost
from seatrial.measure.study import Study

__all__ = ["REPEATS", "faults_of"]

REPEATS = 5.0
"""Times that one request sends the same statement from which on it is one query per row."""

CONNECTS_MIN = 0.8
"""Connections per request from which on each opens its own; a pool shows a few for all of them together."""

SCAN_MIN_S = 0.0005

SETTINGS = {
    "development-server": (
        "development-server",
        "Let gunicorn, uvicorn or another server for visitors run it: leave server.command out and name the app in "
        "subject.app.",
    ),
    "debug": (
        "debug",
        "Switch it off where it is deployed, by a variable for instance: it also shows your code to whoever makes a "
        "request fail.",
    ),
    "templates": (
        "templates-reloaded",
        "Switch it off where it is deployed (TEMPLATES_AUTO_RELOAD, auto_reload, Django's cached loader; debugging "
        "turns it on in Flask).",
    ),
}
"""Setting -> code, and what to do."""


def faults_of(study: Study) -> tuple[Fault, ...]:
    """The dearest first."""
    found = [
        *_repeated(study.queries),
        *_scans(study.queries),
        *_connections(study.queries),
        *_settings(study.settings, study.operations),
        *_files(study.files),
    ]
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


def _settings(costs: Sequence[SettingCost], operations: Sequence[OperationProfile]) -> Iterator[Fault]:
    """Each once, for the mean request: the dearest of several uncertain figures would be one that chance made dear."""
    shares = {one.operation: one.share for one in operations}
    for setting, (code, remedy) in SETTINGS.items():
        rows = [row for row in costs if row.setting == setting]
        if not rows:
            continue
        known = [
            (shares.get(row.operation, 0.0), row.cpu_s, row.error_s)
            for row in rows
            if row.cpu_s is not None and row.error_s is not None
        ]
        whole = sum(share for share, _, _ in known)
        cost_ms = error_ms = None
        if whole > 0.0:
            cost_ms = 1000.0 * sum(share * cost_s for share, cost_s, _ in known) / whole
            error_ms = 1000.0 * sum((share * error_s) ** 2 for share, _, error_s in known) ** 0.5 / whole
        yield Fault(code, "", rows[0].where, cost_ms, remedy, error_ms)


def _files(files: Sequence[FileCost]) -> Iterator[Fault]:
    """Once, for the page whose files cost the most."""
    by_page: dict[str, list[FileCost]] = {}
    for file in files:
        for operation in file.operations:
            by_page.setdefault(operation, []).append(file)
    if not by_page:
        return
    cost_s = {page: sum(_seconds(file) for file in linked) for page, linked in by_page.items()}
    page = max(cost_s, key=lambda page: cost_s[page])
    linked = sorted(by_page[page], key=_seconds, reverse=True)
    paths = ", ".join(file.path for file in linked[:2]) + (" and others" if len(linked) > 2 else "")
    what = f"the app itself hands out {len(linked)} file{'s' if len(linked) > 1 else ''} with it: {paths}"
    remedy = "Let the web server in front do it (services.static tries that), with a long Cache-Control."
    yield Fault("static-files", page, what, 1000.0 * cost_s[page], remedy)


def _seconds(file: FileCost) -> float:
    """CPU of one request for it; where nothing tells that, how long it took."""
    return file.wall_s if file.cpu_s is None else file.cpu_s
