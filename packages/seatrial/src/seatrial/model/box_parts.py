"""What requests inside a box share: connections, threads under the GIL, a database's machine, and scarce tokens."""

import math
import random
from collections import deque
from heapq import heappop, heappush

__all__ = ["NOBODY", "Connections", "DatabaseMachine", "Process", "Tokens"]

NOBODY = -1


class Connections:
    """Those that are kept open, each to the process that took it, by chance any of them.

    A request uses an idle one, by chance any, or opens another, as a client's pool does and a proxy's. So whoever waits
    for a busy process keeps others from coming there, and of few connections processes have unequal shares. least: so
    many are opened before any is used again; with as many as there are requests, each goes to a process by chance.
    """

    __slots__ = ("chance", "idle", "least", "opened", "workers")

    def __init__(self, workers: int, least: float) -> None:
        self.chance = random.Random(f"connections of {workers}").random
        self.workers, self.least = workers, least
        self.idle: list[int] = []
        self.opened = 0

    def take(self) -> int:
        """The process that the next request is for."""
        idle = self.idle
        if not idle or self.opened < self.least:
            self.opened += 1
            return int(self.chance() * self.workers)
        place = int(self.chance() * len(idle))
        worker, idle[place] = idle[place], idle[-1]
        del idle[-1]
        return worker

    def give(self, worker: int) -> None:
        """A request has its answer."""
        self.idle.append(worker)


class Process:
    """The threads of one process that want app CPU under the GIL: together they are served as one entity."""

    __slots__ = ("at_virtual", "finishes", "served")

    def __init__(self) -> None:
        self.served = 0.0
        self.at_virtual = 0.0
        self.finishes: list[tuple[float, int]] = []

    def begin(self, virtual: float, request: int, cpu_s: float) -> float:
        """One thread more; returns when, on the virtual clock, the first of them will be through."""
        finishes = self.finishes
        if finishes:
            self.served += (virtual - self.at_virtual) / len(finishes)
        self.at_virtual = virtual
        heappush(finishes, (self.served + cpu_s, request))
        return virtual + (finishes[0][0] - self.served) * len(finishes)

    def end(self, virtual: float) -> tuple[int, float]:
        """The request whose thread is through now, and when the next one will be (inf: none is left)."""
        finishes = self.finishes
        self.served, request = heappop(finishes)
        self.at_virtual = virtual
        return request, virtual + (finishes[0][0] - self.served) * len(finishes) if finishes else math.inf


class DatabaseMachine:
    """The CPUs of a database's own machine, shared by its backends; idle for ever when the database has none."""

    __slots__ = ("at_s", "finishes", "rates", "virtual")

    def __init__(self, cpus: float, backends_max: int) -> None:
        self.rates = [min(1.0, cpus / max(1, backends)) for backends in range(backends_max + 1)]
        self.at_s = self.virtual = 0.0
        self.finishes: list[tuple[float, int]] = []

    def begin(self, now_s: float, request: int, cpu_s: float) -> float:
        """One backend more; returns when the first of them will be through."""
        self.virtual += (now_s - self.at_s) * self.rates[len(self.finishes)]
        heappush(self.finishes, (self.virtual + cpu_s, request))
        return self._next_s(now_s)

    def end(self, now_s: float) -> tuple[int, float]:
        """The request whose backend is through now, and when the next one will be (inf: none is left)."""
        self.virtual, request = heappop(self.finishes)
        return request, self._next_s(now_s)

    def _next_s(self, now_s: float) -> float:
        self.at_s = now_s
        ahead = self.finishes[0][0] - self.virtual if self.finishes else math.inf
        return now_s + ahead / self.rates[len(self.finishes)]


class Tokens:
    """What a process has a number of, first come first served: database connections, its loop, threads beside it.

    held_s: by all of them together so far.
    """

    __slots__ = ("free", "held_s", "taken_at_s", "waiting")

    def __init__(self, count: float) -> None:
        self.free = count
        self.held_s = 0.0
        self.taken_at_s: dict[int, float] = {}
        self.waiting: deque[int] = deque()

    def take(self, request: int, now_s: float) -> bool:
        """Whether one was free; otherwise the request waits in line."""
        if not self.free:
            self.waiting.append(request)
            return False
        self.free -= 1
        self.taken_at_s[request] = now_s
        return True

    def give(self, request: int, now_s: float) -> int:
        """One is given back; returns who takes it, or nobody."""
        self.held_s += now_s - self.taken_at_s.pop(request)
        if not self.waiting:
            self.free += 1
            return NOBODY
        successor = self.waiting.popleft()
        self.taken_at_s[successor] = now_s
        return successor
