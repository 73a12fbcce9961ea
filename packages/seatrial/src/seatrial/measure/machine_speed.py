"""How fast this machine is right now: a fixed piece of work, timed by its own CPU clock.

A neighbour on the same processor takes no CPU time that this system could see, but cache and memory speed: requests
then cost more CPU seconds. Spins do not notice; a walk through more memory than the private caches hold does.
"""

import os
import random
import time
from collections.abc import Iterable

__all__ = ["MemoryWalk"]

STRINGS = 400_000
"""About 30 MB of small objects: beyond the private caches, as an app with its database is."""

STEPS = 40_000


class MemoryWalk:
    """Work of fixed size; the objects are made once, in shuffled order."""

    def __init__(self) -> None:
        self._strings = [str(number) * 2 for number in range(STRINGS)]
        random.Random(1).shuffle(self._strings)
        self._at = 0

    def seconds(self, cpus: Iterable[int], *, repeats: int = 3) -> float:
        """CPU seconds of the walk on `cpus`, the best of `repeats`."""
        before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        wanted = set(cpus)
        try:
            if wanted and before:
                os.sched_setaffinity(0, wanted)
            return min(self._walk_s() for _ in range(repeats))
        finally:
            if wanted and before:
                os.sched_setaffinity(0, before)

    def _walk_s(self) -> float:
        start, letters = self._at, 0
        since = time.thread_time()
        for index in range(start, start + STEPS):
            letters += len(self._strings[index % STRINGS])
        self._at = (start + STEPS) % STRINGS
        return time.thread_time() - since
