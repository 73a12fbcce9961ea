"""A tiny WSGI app whose pages spin, leak, ask the database or fail, as the test bed's tests need."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], Any]
HELD: list[bytearray] = []
PORTS: list[str] = []
"""The client's, of every request that this process was asked, one for each connection; "" where a server tells none."""
MEBIBYTE = 1024 * 1024


def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """`/spin?SECONDS`, `/leak?MEBIBYTES`, `/rows`, `/environment?NAME`, `/cpus`, `/ports`; others answer ok."""
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    text = "ok"
    PORTS.append(environ.get("REMOTE_PORT", ""))
    if path == "/spin":
        began = time.process_time()
        while time.process_time() < began + float(query):
            pass
        text = repr(time.process_time() - began)
    elif path == "/leak":
        for _ in range(int(query)):
            HELD.append(bytearray(os.urandom(1) * MEBIBYTE))
    elif path == "/rows":
        text = str(_rows(query))
    elif path == "/environment":
        text = os.environ.get(query, "")
    elif path == "/cpus":
        text = repr(sorted(os.sched_getaffinity(0)))
    elif path == "/ports":
        text = " ".join(PORTS)
    start("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]


def _rows(insert: str) -> int:
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        if insert:
            connection.execute("INSERT INTO notes (text) VALUES (%s)", [insert])
        row = connection.execute("SELECT count(*) FROM notes").fetchone()
        assert row is not None
        return int(row[0])


def failing(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Answers 500 to everything."""
    print("the ledger is missing", file=sys.stderr, flush=True)
    start("500 Internal Server Error", [("Content-Type", "text/plain")])
    return [b"something broke\nin here"]


def hanging(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Never answers."""
    time.sleep(60)
    return app(environ, start)


def missing_module() -> None:
    """An app factory that needs what is not installed."""
    import flask_of_which_nobody_heard  # noqa: F401


def leaking() -> None:
    """An app factory that takes memory until there is none."""
    while True:
        HELD.append(bytearray(os.urandom(1) * MEBIBYTE))


def heavy() -> Any:
    """An app factory that takes 150 MB for each worker."""
    HELD.append(bytearray(os.urandom(1) * 150 * MEBIBYTE))
    return app


def is_slow() -> bool:
    """Whether 20 ms of CPU take more than 30 by the clock."""
    began_s, used_s = time.perf_counter(), time.process_time()
    while time.process_time() < used_s + 0.02:
        pass
    return time.perf_counter() > began_s + 0.03


def hasty(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Gives up when it is slow."""
    if environ["PATH_INFO"] == "/" and is_slow():
        start("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"too slow"]
    return app(environ, start)


def stuck(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Waits for a second when it is slow."""
    if environ["PATH_INFO"] == "/" and is_slow():
        time.sleep(1.0)
    return app(environ, start)


def napping(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """Answers ok after 0.2 s."""
    if environ["PATH_INFO"] != "/health":
        time.sleep(0.2)  # what the page waits for
    return app(environ, start)


def make_napping() -> Any:
    """The app that naps, as a factory makes one."""
    return napping
