"""A WSGI app each of whose pages spends its time in one known place: the standard for the parts of a request.

`/spin` 10 ms of CPU, `/elsewhere` sleeps 20 ms, `/database` has PostgreSQL sleep 20 ms, `/many` asks the same
statement 25 times, `/locked` waits for a row that a thread of this process takes for 30 ms once it is told to.
`/through/...` does the same through psycopg2-like waiting in C, of which the middleware sees nothing. `/` does nothing.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

SPIN_S, SLEEP_S, HELD_S = 0.010, 0.020, 0.030
MANY = 25
BODY = b"x" * 1000
here = threading.local()


def connection() -> psycopg.Connection[Any]:
    if not hasattr(here, "connection"):
        here.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    return here.connection


class Holder:
    """Takes the row before a request asks for it, and lets it go HELD_S later."""

    def __init__(self) -> None:
        self.wanted, self.taken = threading.Semaphore(0), threading.Semaphore(0)
        threading.Thread(target=self.hold, daemon=True).start()

    def hold(self) -> None:
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as own:
            while True:
                self.wanted.acquire()
                with own.transaction():
                    own.execute("SELECT n FROM counters WHERE id = 1 FOR UPDATE")
                    self.taken.release()
                    time.sleep(HELD_S)
                    # A commit would keep the row until the disk has it: some milliseconds more, on some machines ten.
                    raise psycopg.Rollback

    def take(self) -> None:
        self.wanted.release()
        assert self.taken.acquire(timeout=10)


def spin() -> None:
    until = time.thread_time() + SPIN_S
    while time.thread_time() < until:
        pass


def locked() -> None:
    if not hasattr(here, "holder"):
        here.holder = Holder()
    here.holder.take()
    connection().execute("UPDATE counters SET n = n + 1 WHERE id = 1")


def many() -> None:
    for number in range(MANY):
        connection().execute("SELECT n FROM counters WHERE id = %s", [number])


PAGES: dict[str, Callable[[], object]] = {
    "/spin": spin,
    "/elsewhere": lambda: time.sleep(SLEEP_S),
    "/database": lambda: connection().execute("SELECT pg_sleep(%s)", [SLEEP_S]),
    "/many": many,
    "/locked": locked,
}


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    PAGES.get(environ["PATH_INFO"], lambda: None)()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
