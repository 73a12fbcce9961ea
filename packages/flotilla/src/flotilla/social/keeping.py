"""Values of the database that every request needs and nobody changes often: each process keeps its own for a while."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from flotilla.errors import UnavailableError

__all__ = ["KeptFor"]

Value = TypeVar("Value")


class KeptFor(Generic[Value]):
    """A value that is read at most once in `seconds`.

    While one thread reads it anew the others go on with the old one, and so does everybody while the database does not
    answer; only the very first reading is waited for, and may raise UnavailableError.
    """

    def __init__(self, seconds: float, read: Callable[[], Value]) -> None:
        self._seconds = seconds
        self._read = read
        self._lock = threading.Lock()
        self._kept: tuple[float, Value] | None = None

    def get(self) -> Value:
        """The value as it was at most `seconds` ago."""
        kept = self._kept
        if kept is not None and (monotonic() < kept[0] or not self._lock.acquire(blocking=False)):
            return kept[1]
        if kept is None:
            self._lock.acquire()
        try:
            if self._kept is None or monotonic() >= self._kept[0]:
                self._kept = (monotonic() + self._seconds, self._read_or_old())
            return self._kept[1]
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Read it anew at the next `get`: this process has changed it."""
        with self._lock:
            if self._kept is not None:
                self._kept = (0.0, self._kept[1])

    def _read_or_old(self) -> Value:
        try:
            return self._read()
        except UnavailableError:
            if self._kept is None:
                raise
            return self._kept[1]
