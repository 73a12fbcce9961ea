"""How much of a CPU the generator used, and how much it had to wait for one."""

import time
from pathlib import Path

__all__ = ["CpuShare"]

# Linux, per thread: nanoseconds on a CPU, nanoseconds ready to run while another thread had it, times it was run.
_SCHEDSTAT = Path("/proc/thread-self/schedstat")


class CpuShare:
    """CPU time per second of wall time between `start` and `stop`; several starts begin anew.

    All calls are of one thread, which does the work.
    """

    def __init__(self) -> None:
        self._from = self._to = (0.0, 0.0, 0.0)
        self.start()

    def start(self) -> None:
        """Begin to count."""
        self._from = self._to = _now()

    def stop(self) -> None:
        """End, once; later calls change nothing."""
        if self._to == self._from:
            self._to = _now()

    @property
    def busy(self) -> float:
        """CPU seconds of this process per second: 1.0 is a whole core."""
        return self._share(1)

    @property
    def waited(self) -> float:
        """Share of the time in which this thread was ready to run and others had the CPU; 0 where nothing tells."""
        return self._share(2)

    def _share(self, which: int) -> float:
        wall_s = self._to[0] - self._from[0]
        return (self._to[which] - self._from[which]) / wall_s if wall_s > 0 else 0.0


def _now() -> tuple[float, float, float]:
    return time.perf_counter(), time.process_time(), _waited_s()


def _waited_s() -> float:
    try:
        return int(_SCHEDSTAT.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
