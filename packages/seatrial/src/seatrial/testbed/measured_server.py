"""gunicorn with a measuring middleware around the subject's app; the standard library and the subject's gunicorn only.

`python measured_server.py APP OPTIONS` is `python -m gunicorn APP OPTIONS`, with gunicorn reading the project's own
configuration as always, but for the app it loads. With SEATRIAL_FREEZE_GC in the environment, what the app's import
left is kept out of garbage collection; with SEATRIAL_MEASURED, requests that carry Seatrial's header are timed from
inside. It runs in the subject's Python (3.8 or newer), so it imports nothing of Seatrial's.

The folder named by SEATRIAL_MEASURED holds `control`, one byte, 1 while requests are to be measured, and each worker
writes `<pid>.requests` there: HEAD, then one RECORD for each request. Both are memory that Seatrial maps as well, so
that nothing is copied, sent or flushed on the path of a request. A worker keeps RECORDS_MAX of them, then none.
"""

from __future__ import annotations

import gc
import itertools
import mmap
import os
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from time import perf_counter, thread_time
from typing import Any

__all__ = [
    "FOLDER_VARIABLE",
    "FREEZE_VARIABLE",
    "HEAD",
    "HEADER",
    "RECORD",
    "RECORDS_MAX",
    "REDIRECT",
    "WITH_DRIVER",
    "Measured",
]

FOLDER_VARIABLE = "SEATRIAL_MEASURED"
FREEZE_VARIABLE = "SEATRIAL_FREEZE_GC"
HEADER = "X-Seatrial-Operation"
"""`NUMBER METHOD PATH`: the operation's number, and what was asked first; a redirect that follows asks for another."""

HEAD = struct.Struct("QQ")
"""Requests begun, requests ended, in the machine's own form."""

RECORD = struct.Struct("<HHIIQdddddd")
"""operation, flags, driver calls, rows, answer bytes; then seconds: when it began (CLOCK_MONOTONIC), in the app, of
this thread's CPU, inside the database driver, of this thread's CPU in there, with a connection held."""

REDIRECT = 1
WITH_DRIVER = 2
RECORDS_MAX = 50_000

_ENVIRON_KEY = "HTTP_" + HEADER.upper().replace("-", "_")
_here = threading.local()


class Measured:
    """A WSGI app around another; while `control` is 0 it only calls it."""

    def __init__(self, app: Callable[..., Any], folder: str) -> None:
        """app: what gunicorn loaded; folder: the one that Seatrial made."""
        self._app = app
        self._folder = folder
        self._book: _Book | None = None
        self._first = threading.Lock()
        with open(os.path.join(folder, "control"), "r+b") as control:  # noqa: PTH118, PTH123
            self._control = mmap.mmap(control.fileno(), 1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Part of WSGI."""
        wanted = environ.get(_ENVIRON_KEY) if self._control[0] else None
        if wanted is None:
            return self._app(environ, start_response)
        request = _Request(self._own_book(), wanted, environ)
        try:
            body = self._app(environ, start_response)
        except BaseException:
            request.end()
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            # The server sends such a file by itself, if it is still recognised.
            request.end()
            return body
        return _Body(body, request)

    def _own_book(self) -> _Book:
        # Made in the worker, not before the fork: with preload_app the app is loaded in the master.
        book = self._book
        if book is None or book.pid != os.getpid():
            with self._first:
                book = self._book
                if book is None or book.pid != os.getpid():
                    book = self._book = _Book(self._folder)
                    _watch_driver()
        return book


class _Book:
    def __init__(self, folder: str) -> None:
        self.pid = os.getpid()
        path = os.path.join(folder, f"{self.pid}.requests")  # noqa: PTH118
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # A hole until it is written to: memory is only taken for requests that were measured.
            os.ftruncate(descriptor, HEAD.size + RECORDS_MAX * RECORD.size)
            self._map = mmap.mmap(descriptor, HEAD.size + RECORDS_MAX * RECORD.size)
        finally:
            os.close(descriptor)
        # Written in one step each, so that nobody reads a half: pack_into would fill with zeros first.
        self._counts = memoryview(self._map)[: HEAD.size].cast("Q")
        # next() of a count is one step of the interpreter: threads need no lock.
        self._begun, self._ended, self._slots = itertools.count(1), itertools.count(1), itertools.count()

    def begin(self) -> None:
        self._counts[0] = next(self._begun)

    def end(self, *values: float) -> None:
        self._counts[1] = next(self._ended)
        slot = next(self._slots)
        if slot < RECORDS_MAX:
            RECORD.pack_into(self._map, HEAD.size + slot * RECORD.size, *values)


class _Request:
    def __init__(self, book: _Book, wanted: str, environ: dict[str, Any]) -> None:
        number, _, asked = wanted.partition(" ")
        path = environ.get("RAW_URI") or environ.get("PATH_INFO", "")
        now = f"{environ['REQUEST_METHOD']} {path}"
        self.flags = 0 if asked == now else REDIRECT
        self.operation = int(number)
        self.calls = self.rows = self.answer_bytes = 0
        self.driver_s = self.driver_cpu_s = self.hold_s = self.first_s = self.last_s = 0.0
        self.taken_s = 0.0
        self.in_driver = False
        self.book = book
        book.begin()
        _here.request = self
        self.cpu_s = thread_time()
        self.began_s = perf_counter()

    def end(self) -> None:
        now_s, cpu_s = perf_counter(), thread_time()
        _here.request = None
        hold_s = self.hold_s or self.last_s - self.first_s
        self.book.end(
            self.operation,
            self.flags,
            self.calls,
            self.rows,
            self.answer_bytes,
            self.began_s,
            now_s - self.began_s,
            cpu_s - self.cpu_s,
            self.driver_s,
            self.driver_cpu_s,
            hold_s,
        )


class _Body:
    """What the app answers, counted on its way to the server."""

    def __init__(self, body: Any, request: _Request) -> None:
        self._body = body
        self._request: _Request | None = request

    def __iter__(self) -> Iterator[bytes]:
        request = self._request
        for part in self._body:
            if request is not None:
                request.answer_bytes += len(part)
            yield part

    def close(self) -> None:
        request, self._request = self._request, None
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            if request is not None:
                request.end()


def _watch_driver() -> None:
    """Times psycopg 3 where the app has imported it: every wait for the server goes through Connection.wait.

    Other drivers wait inside C, where nothing can be put around safely; of them PostgreSQL itself tells.
    """
    driver = sys.modules.get("psycopg")
    connection, cursor = getattr(driver, "Connection", None), getattr(driver, "Cursor", None)
    if connection is not None and cursor is not None and not hasattr(connection.wait, "is_seatrial"):
        connection.wait = _timed(connection.wait)
        cursor.execute = _counting_rows(cursor.execute)
    pool = getattr(sys.modules.get("psycopg_pool"), "ConnectionPool", None)
    if pool is not None and not hasattr(pool.getconn, "is_seatrial"):
        pool.getconn, pool.putconn = _taking(pool.getconn), _giving_back(pool.putconn)


def _timed(wait: Callable[..., Any]) -> Callable[..., Any]:
    def timed_wait(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = getattr(_here, "request", None)
        if request is None or request.in_driver:
            return wait(self, *args, **kwargs)
        request.in_driver = True
        cpu_s = thread_time()
        began_s = perf_counter()
        try:
            return wait(self, *args, **kwargs)
        finally:
            request.last_s = perf_counter()
            request.driver_s += request.last_s - began_s
            request.driver_cpu_s += thread_time() - cpu_s
            request.first_s = request.first_s or began_s
            request.calls += 1
            request.flags |= WITH_DRIVER
            request.in_driver = False

    timed_wait.is_seatrial = True  # type: ignore[attr-defined]
    return timed_wait


def _counting_rows(execute: Callable[..., Any]) -> Callable[..., Any]:
    def counting_execute(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = execute(self, *args, **kwargs)
        request = getattr(_here, "request", None)
        if request is not None:
            request.rows += max(0, self.rowcount)
        return answer

    return counting_execute


def _taking(getconn: Callable[..., Any]) -> Callable[..., Any]:
    def timed_getconn(self: Any, *args: Any, **kwargs: Any) -> Any:
        taken = getconn(self, *args, **kwargs)
        request = getattr(_here, "request", None)
        if request is not None:
            request.taken_s = perf_counter()
        return taken

    timed_getconn.is_seatrial = True  # type: ignore[attr-defined]
    return timed_getconn


def _giving_back(putconn: Callable[..., Any]) -> Callable[..., Any]:
    def timed_putconn(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = getattr(_here, "request", None)
        if request is not None and request.taken_s:
            request.hold_s += perf_counter() - request.taken_s
            request.taken_s = 0.0
        return putconn(self, *args, **kwargs)

    return timed_putconn


def main() -> None:
    """What `python -m gunicorn` does, with the app it loads frozen and inside Measured where that is asked for."""
    # As with -m: modules are looked for where the app is, not where this file is.
    sys.path[0] = os.getcwd()  # noqa: PTH109
    from gunicorn.app.wsgiapp import WSGIApplication

    class MeasuredApplication(WSGIApplication):  # type: ignore[misc] # gunicorn has no types
        def load(self) -> Callable[..., Any]:
            app: Callable[..., Any] = super().load()
            if FREEZE_VARIABLE in os.environ:
                gc.collect()
                gc.freeze()
            return Measured(app, os.environ[FOLDER_VARIABLE]) if FOLDER_VARIABLE in os.environ else app

    MeasuredApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()


if __name__ == "__main__":
    main()
