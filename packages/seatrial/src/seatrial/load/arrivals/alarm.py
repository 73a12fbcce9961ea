"""Wakes the schedule when the next arrival is due, to about 0.1 ms where the system can."""

import asyncio
import ctypes
import math
import os
import sys
import time
from collections.abc import Callable

__all__ = ["Alarm"]

_CLOCK_MONOTONIC = 1
_TFD_TIMER_ABSTIME = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Alarm:
    """Calls `callback` at or after a time of time.perf_counter(); setting it again replaces the time.

    The event loops' own timers count whole milliseconds and may fire up to one early. Linux has a timer that is a file
    (timerfd) and as exact as the clock; elsewhere the loop's timers are used, late by up to about 1 ms.
    """

    def __init__(self, callback: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None
        self._fd = _open_timer()
        if self._fd >= 0:
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._spec = _Itimerspec()
            self._loop.add_reader(self._fd, callback)

    def set(self, at_s: float) -> None:
        """Ring at `at_s`, at once when that is past; infinity means never."""
        if self._fd >= 0:
            # An absolute time of zero would switch the timer off. Setting it also takes back a ring not yet heard.
            seconds = int(at_s) if math.isfinite(at_s) else 0
            self._spec.value.seconds = seconds
            self._spec.value.nanoseconds = int((at_s - seconds) * 1e9) if math.isfinite(at_s) else 0
            self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(self._spec), None)
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if math.isfinite(at_s):
            # Never less than a millisecond: the loop would spin until the time has come.
            delay_s = at_s - time.perf_counter()
            self._handle = self._loop.call_later(max(delay_s, 0.001) if delay_s > 0 else 0.0, self._callback)

    def close(self) -> None:
        """Never ring again."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1


def _open_timer() -> int:
    """A timerfd on the clock of perf_counter, or -1 where there is none."""
    if sys.platform != "linux" or "CLOCK_MONOTONIC)" not in time.get_clock_info("perf_counter").implementation:
        return -1
    try:
        return int(ctypes.CDLL(None).timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC))
    except (OSError, AttributeError):
        return -1
