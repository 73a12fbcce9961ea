"""The CPUs of the app's machine, shared equally by whoever can run on them.

Processor sharing is kept on a virtual clock that runs at the speed at which each entity is served. An entity is a
database backend, or a thread, or under the GIL a whole process. On that clock a finish time never moves when others
come and go, so a heap of finish times is enough.
"""

import math
from collections.abc import Sequence
from heapq import heappop, heappush

from seatrial.model.box_parts import Process
from seatrial.model.quota import Quota
from seatrial.model.system import System

__all__ = ["NEVER", "Cpus"]

NEVER = (math.inf, -1)
"""At the end of a heap of (time, request), so that it is never empty."""


class Cpus:
    """Seconds are worked off as fast as a quota lets run, and as the workers crowd them that want them at that moment.

    home: the process of each request, of so many `processes` that are told apart. used_s: CPU seconds that were used,
    counted where company makes them more than were asked for.
    """

    __slots__ = (
        "at_s", "crowd", "due", "entities", "finishes", "first", "has_company", "home", "is_thread", "processes",
        "quota", "rate", "rates", "run_s", "speeds", "used", "used_s", "virtual", "wanting",
    )  # fmt: skip

    def __init__(self, system: System, home: Sequence[int], processes: int) -> None:
        self.home = home
        self.processes = [Process() for _ in range(processes)]
        # When, on the virtual clock, the first thread of each process will be through.
        self.due = [math.inf] * processes
        self.finishes = [NEVER]
        # By how many entities there are: CPUs in use, and the speed of each; as of one where there is none, so that the
        # clock runs on.
        self.used = [min(entities, system.cores) for entities in range(system.slots + 1)]
        self.rates = [min(1.0, system.cores / max(1, entities)) for entities in range(system.slots + 1)]
        self.quota = Quota(system.cpus) if system.cpus < system.cores else None
        # By how many workers want a CPU; how many requests of each do.
        self.has_company, self.speeds = bool(system.company_exponent), system.company_speeds
        self.wanting = [0] * processes
        self.crowd = self.entities = 0
        self.at_s = self.virtual = self.used_s = 0.0
        self.first = self.run_s = math.inf
        self.rate = self.rates[0] * self.speeds[0]
        self.is_thread = False

    def begin(self, now_s: float, request: int, need_s: float, is_thread: bool) -> float:
        """One that needs so much more; is_thread: under the GIL of its process. Returns when the first will be through
        (inf: never)."""
        run_s = now_s - self.at_s if self.quota is None else self.quota.pass_to(now_s, self.used[self.entities])
        self.virtual += run_s * self.rate
        self.at_s = now_s
        worker, due = self.home[request], self.due
        if self.has_company:
            self.used_s += run_s * self.used[self.entities]
            self.crowd += not self.wanting[worker]
            self.wanting[worker] += 1
        if not is_thread or due[worker] == math.inf:
            self.entities += 1
        self.rate = self.rates[self.entities] * self.speeds[self.crowd]
        if is_thread:
            due[worker] = self.processes[worker].begin(self.virtual, request, need_s)
        else:
            heappush(self.finishes, (self.virtual + need_s, request))
        return self._next_s()

    def end(self, now_s: float) -> tuple[int, float]:
        """The request that is through now, and when the next one will be."""
        due, used = self.due, self.used[self.entities]
        if self.quota is not None:
            self.quota.pass_to_end()
        self.at_s, self.virtual = now_s, self.first
        if self.is_thread:
            worker = due.index(self.first)
            request, due[worker] = self.processes[worker].end(self.first)
            self.entities -= due[worker] == math.inf
        else:
            request = heappop(self.finishes)[1]
            self.entities -= 1
        if self.has_company:
            worker = self.home[request]
            self.used_s += self.run_s * used
            self.wanting[worker] -= 1
            self.crowd -= not self.wanting[worker]
        self.rate = self.rates[self.entities] * self.speeds[self.crowd]
        return request, self._next_s()

    def _next_s(self) -> float:
        first, due = self.finishes[0][0], self.due
        thread = due[0] if len(due) == 1 else min(due)
        self.is_thread = thread < first
        if self.is_thread:
            first = thread
        self.first = first
        self.run_s = (first - self.virtual) / self.rate
        if self.quota is None:
            return self.at_s + self.run_s
        return self.quota.end_s(self.run_s, self.used[self.entities])
