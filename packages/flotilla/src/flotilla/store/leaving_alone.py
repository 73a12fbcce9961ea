"""A server that failed is left alone for a while, and whoever asks meanwhile is told so at once.

One request in each such while tries whether it is back.
"""

import threading
import time

import structlog

__all__ = ["LEFT_ALONE_FIRST_S", "LEFT_ALONE_MAX_S", "LeftAlone"]

LEFT_ALONE_FIRST_S = 1.0
LEFT_ALONE_MAX_S = 5.0


class LeftAlone:
    """Whether to ask one server; safe to share between threads.

    `went` and `came` are what the log says when it fails and when it answers again; `told`: what stands beside that.
    """

    def __init__(self, log: str, *, went: str, came: str, **told: str) -> None:
        self._log = log
        self._went = went
        self._came = came
        self._told = told
        self._lock = threading.Lock()
        self._left_alone_s = 0.0
        self._until_s = 0.0

    @property
    def now(self) -> bool:
        """Whether the last answer was a failure."""
        return self._left_alone_s > 0

    @property
    def for_s(self) -> float:
        """How long it is still left alone (s); 0: not, or no longer."""
        return max(0.0, self._until_s - time.monotonic())

    def may_ask(self) -> bool:
        """Whether to ask: always while it answers; else once in a while, to find out whether it is back."""
        if not self._left_alone_s:
            return True
        with self._lock:
            now_s = time.monotonic()
            if now_s < self._until_s:
                return False
            self._until_s = now_s + self._left_alone_s
            return True

    def failed(self, reason: str) -> None:
        """It did not answer."""
        with self._lock:
            first = not self._left_alone_s
            self._left_alone_s = min(2 * self._left_alone_s, LEFT_ALONE_MAX_S) or LEFT_ALONE_FIRST_S
            self._until_s = time.monotonic() + self._left_alone_s
        if first:
            structlog.get_logger(self._log).warning(self._went, **self._told, reason=reason)

    def answered(self) -> None:
        """It answered."""
        if not self._left_alone_s:
            return
        with self._lock:
            was_away, self._left_alone_s = self._left_alone_s > 0, 0.0
        if was_away:
            structlog.get_logger(self._log).info(self._came, **self._told)
