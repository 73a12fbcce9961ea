"""The event engine: one box with slots, processes and CPUs, and the requests inside it."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from seatrial.model.work import Work

__all__ = ["Box", "System"]

BEFORE, DATABASE, WAIT, AFTER = range(4)  # what a request has or has just had


@dataclass(frozen=True, slots=True)
class System:
    """The server and its box.

    cpus: vCPUs, a fraction is a quota. database_cpus: of the database's own machine; None when it shares `cpus`.
    gil: only one thread of a process runs Python at a time. backlog: connections that may wait for a slot, the rest
    are refused. timeout_s: how long a person waits.
    """

    workers: int
    threads: int
    cpus: float
    database_cpus: float | None = None
    gil: bool = True
    backlog: int = 2048
    timeout_s: float = 10.0

    @property
    def slots(self) -> int:
        """Requests that can be inside at once."""
        return self.workers * self.threads


class Cpus:
    """CPUs under processor sharing, kept on a virtual clock that runs at the speed at which each entity is served.

    An entity is a database backend, or a thread, or under the GIL a whole process. On the virtual clock a finish time
    never moves when others come and go, so a heap of finish times is enough.
    """

    __slots__ = ("at_s", "cpus", "entities", "finishes", "rate", "virtual")

    def __init__(self, cpus: float) -> None:
        self.cpus = cpus
        self.at_s = 0.0
        self.virtual = 0.0
        self.entities = 0
        self.rate = min(1.0, cpus)
        self.finishes: list[tuple[float, int]] = []

    def change(self, entities: int) -> None:
        """So many entities more (or, below 0, fewer) share the CPUs from now on."""
        self.entities += entities
        if self.entities:
            self.rate = min(1.0, self.cpus / self.entities)


class Process:
    """The threads of one process that want app CPU under the GIL: together they are served as one entity."""

    __slots__ = ("at_virtual", "busy", "finishes", "served")

    def __init__(self) -> None:
        self.busy = 0
        self.served = 0.0
        self.at_virtual = 0.0
        self.finishes: list[tuple[float, int]] = []


class Box:
    """One run over drawn work. `started_s` and `left_s` hold when each request got a slot and left (inf: refused)."""

    def __init__(self, work: Work, system: System) -> None:
        requests = len(work.gaps)
        self.work = work
        self.now_s = 0.0
        self.app_cpus = Cpus(system.cpus)
        self.database_cpus = self.app_cpus if system.database_cpus is None else Cpus(system.database_cpus)
        self.separate = system.database_cpus is not None
        self.gil = system.gil and system.threads > 1
        self.threads = system.threads
        self.backlog = system.backlog
        self.processes = [Process() for _ in range(system.workers)]
        self.due = [math.inf] * system.workers if self.gil else [math.inf]  # virtual, of each process's next thread
        self.free = system.slots
        self.queue: deque[int] = deque()
        self.waits: list[tuple[float, int]] = []
        self.home = bytearray(requests) if system.workers < 256 else [0] * requests
        self.stage = bytearray(requests)
        self.started_s = [math.inf] * requests
        self.left_s = [math.inf] * requests

    def run_arrivals(self, arrivals_s: Sequence[float]) -> None:
        """Let each request in at its time, and run until the last has left."""
        step, arrive = self.step, self.arrive
        for request, arrival_s in enumerate(arrivals_s):
            while step(arrival_s) is not None:
                pass
            self.now_s = arrival_s
            arrive(request)
        while step(math.inf) is not None:
            pass

    def run_population(self, concurrency: int) -> list[float]:
        """Keep so many inside or waiting; returns the times at which requests left."""
        requests = len(self.left_s)
        for request in range(concurrency):
            self.arrive(request)
        done_s: list[float] = []
        following = concurrency
        while (left := self.step(math.inf)) is not None:
            if left:
                done_s.append(self.now_s)
                if following < requests:
                    self.arrive(following)
                    following += 1
        return done_s

    def arrive(self, request: int) -> None:
        """A request takes a slot, waits for one, or is refused."""
        if self.free:
            self.start(request)
        elif len(self.queue) < self.backlog:
            self.queue.append(request)

    def start(self, request: int) -> None:
        """A request takes a slot of the process with the fewest busy ones."""
        self.free -= 1
        self.started_s[request] = self.now_s
        if self.gil:
            processes = self.processes
            home = 0
            for index in range(1, len(processes)):
                if processes[index].busy < processes[home].busy:
                    home = index
            self.home[request] = home
            processes[home].busy += 1
        self.stage[request] = BEFORE
        if self.work.app_before_s[request] > 0.0:
            self.use_app(request, self.work.app_before_s[request])
        else:
            self.go_on(request)

    def step(self, until_s: float) -> bool | None:
        """Do the next thing that happens by `until_s`: whether a request left by it; None when all is later."""
        cpus = self.app_cpus
        due = min(self.due) if self.gil else math.inf
        if cpus.finishes and cpus.finishes[0][0] < due:
            due = cpus.finishes[0][0]
        next_s = cpus.at_s + (due - cpus.virtual) / cpus.rate
        if self.separate and self.database_cpus.finishes:
            database = self.database_cpus
            other_due = database.finishes[0][0]
            other_s = database.at_s + (other_due - database.virtual) / database.rate
            if other_s < next_s:
                next_s, due, cpus = other_s, other_due, database
        if self.waits and self.waits[0][0] < next_s:
            if self.waits[0][0] > until_s:
                return None
            self.now_s, request = heappop(self.waits)
            return self.go_on(request)
        if next_s > until_s or next_s == math.inf:
            return None
        self.now_s = cpus.at_s = next_s
        cpus.virtual = due
        if cpus.finishes and cpus.finishes[0][0] == due:
            request = heappop(cpus.finishes)[1]
            cpus.change(-1)
        else:
            request = self.end_thread(self.due.index(due))
        return self.go_on(request)

    def go_on(self, request: int) -> bool:
        """From what a request has just had to what it needs next; True when that was all and it left."""
        stage, work = self.stage[request], self.work
        if stage == BEFORE:
            self.stage[request] = stage = DATABASE
            if work.database_s[request] > 0.0:
                self.use_cpu(self.database_cpus, request, work.database_s[request])
                return False
        if stage == DATABASE:
            self.stage[request] = stage = WAIT
            if work.wait_s[request] > 0.0:
                heappush(self.waits, (self.now_s + work.wait_s[request], request))
                return False
        if stage == WAIT:
            self.stage[request] = AFTER
            if work.app_after_s[request] > 0.0:
                self.use_app(request, work.app_after_s[request])
                return False
        self.leave(request)
        return True

    def leave(self, request: int) -> None:
        """A request gives its slot to whoever waited longest."""
        self.left_s[request] = self.now_s
        self.free += 1
        if self.gil:
            self.processes[self.home[request]].busy -= 1
        if self.queue:
            self.start(self.queue.popleft())

    def use_cpu(self, cpus: Cpus, request: int, cpu_s: float) -> None:
        """One entity more on these CPUs."""
        cpus.virtual += (self.now_s - cpus.at_s) * cpus.rate
        cpus.at_s = self.now_s
        cpus.change(1)
        heappush(cpus.finishes, (cpus.virtual + cpu_s, request))

    def use_app(self, request: int, cpu_s: float) -> None:
        """App CPU: an entity of its own, or under the GIL a thread more in its process."""
        cpus = self.app_cpus
        if not self.gil:
            self.use_cpu(cpus, request, cpu_s)
            return
        cpus.virtual += (self.now_s - cpus.at_s) * cpus.rate
        cpus.at_s = self.now_s
        index = self.home[request]
        process = self.processes[index]
        if process.finishes:
            process.served += (cpus.virtual - process.at_virtual) / len(process.finishes)
        else:
            cpus.change(1)
        process.at_virtual = cpus.virtual
        heappush(process.finishes, (process.served + cpu_s, request))
        self.due[index] = cpus.virtual + (process.finishes[0][0] - process.served) * len(process.finishes)

    def end_thread(self, index: int) -> int:
        """The thread of this process that is through with its app CPU now."""
        cpus, process = self.app_cpus, self.processes[index]
        process.served, request = heappop(process.finishes)
        process.at_virtual = cpus.virtual
        if process.finishes:
            self.due[index] = cpus.virtual + (process.finishes[0][0] - process.served) * len(process.finishes)
        else:
            self.due[index] = math.inf
            cpus.change(-1)
        return request
