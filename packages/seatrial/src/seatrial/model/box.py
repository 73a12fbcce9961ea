"""The event engine: one box with slots, processes and CPUs, and the requests inside it.

A conclusion simulates some two million events, so what happens at each of them stands in one loop on local names.
"""

import math
from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush

from seatrial.model.box_parts import NOBODY, Connections, DatabaseMachine, Tokens
from seatrial.model.cpus import NEVER, Cpus
from seatrial.model.route import APART, APP, BACKEND, DELAY, GIVE, LEAVES, TAKE, route
from seatrial.model.system import System
from seatrial.model.work import Work

__all__ = ["Box"]


class Box:
    """One run over drawn work. `started_s` and `left_s` hold when each request got a slot and left (inf: refused).

    tokens: of each process by which they are (POOL, LOOP, THREADS). company: once it ran, CPU seconds that were used,
    over those that were given.
    """

    def __init__(self, work: Work, system: System) -> None:
        requests = len(work.gaps)
        self.system = system
        self.kinds, self.needs = route(work, system)
        self.stages = bytearray(requests)
        self.has_gil = system.gil and system.threads > 1
        self.home = bytearray(requests) if system.workers < 256 else [0] * requests  # the process of each
        self.has_tokens = any(TAKE <= kind < LEAVES for kind in self.kinds)
        # None: whichever process has a slot. Then all wait in one line, else each process has its own.
        self.connections = Connections(system.workers, system.connections_least) if system.has_affinity else None
        lines = system.workers if system.has_affinity else 1
        self.free = [system.slots // lines] * lines
        self.queues: list[deque[int]] = [deque() for _ in range(lines)]
        # Slots taken by process, where it matters which.
        self.has_company = bool(system.company_exponent)
        is_told = self.has_gil or self.has_tokens or system.has_affinity or self.has_company
        self.busy = [0] * (system.workers if is_told else 1)
        self.tokens = [[Tokens(count) for count in system.tokens] for _ in self.busy]
        self.waits = [NEVER]
        self.started_s = [math.inf] * requests
        self.left_s = [math.inf] * requests
        self.company = 1.0
        self.following = requests  # of a fixed population: who comes when the next one leaves

    def run_arrivals(self, arrivals_s: Sequence[float]) -> None:
        """Let each request in at its time, and run until the last has left."""
        self._run([*arrivals_s, math.inf])

    def run_population(self, concurrency: int) -> list[float]:
        """Keep so many inside or waiting; returns the times at which requests left, in order.

        The first come evenly over the time that a request takes alone. Were all there at once, requests that all need
        the same would go on in step for ever, crowding the CPU together and waiting together, as nowhere they do.
        """
        self.following = concurrency
        alone_s = [math.fsum(needs) for kind, needs in zip(self.kinds, self.needs, strict=True) if kind <= APART]
        apart_s = math.fsum(alone_s) / len(self.left_s) / concurrency
        self._run([*(number * apart_s for number in range(concurrency)), math.inf])
        return sorted(left_s for left_s in self.left_s if left_s < math.inf)

    def held_s(self, which: int) -> float:
        """How long all tokens of a kind were held, together."""
        return math.fsum(tokens[which].held_s for tokens in self.tokens)

    def _run(self, arrivals_s: Sequence[float]) -> None:  # noqa: PLR0912 - the hot loop, see above
        """All that happens, in order; arrivals_s: of the first requests, then inf. At one instant, CPUs come first."""
        system, stages, needs, kinds, waits = self.system, self.stages, self.needs, self.kinds, self.waits
        cpus = Cpus(system, self.home, len(self.busy))
        apart = DatabaseMachine(system.database_cpus or 1.0, system.slots)
        cpu_s = database_s = math.inf
        has_gil, goes_on = self.has_gil, self._pass if self.has_tokens else self._leave
        arriving, arrival_s = 0, arrivals_s[0]
        while True:
            wait_s = waits[0][0]
            if arrival_s < cpu_s and arrival_s < wait_s and arrival_s < database_s:
                now_s, request = arrival_s, self._arrive(arriving, arrival_s)
                arriving, arrival_s = arriving + 1, arrivals_s[arriving + 1]
                if request == NOBODY:
                    continue
            elif wait_s < cpu_s and wait_s < database_s:
                now_s, request = heappop(waits)
            elif database_s < cpu_s:
                now_s, (request, database_s) = database_s, apart.end(database_s)
            elif cpu_s == math.inf:
                break
            else:
                now_s, (request, cpu_s) = cpu_s, cpus.end(cpu_s)
            stage = stages[request]
            while not needs[stage][request]:
                stage += 1
            if kinds[stage] > APART:
                if (request := goes_on(request, now_s)) == NOBODY:
                    continue
                stage = stages[request]
            stages[request] = stage + 1
            kind, need_s = kinds[stage], needs[stage][request]
            if kind == DELAY:
                heappush(waits, (now_s + need_s, request))
            elif kind == APART:
                database_s = apart.begin(now_s, request, need_s)
            else:
                cpu_s = cpus.begin(now_s, request, need_s, has_gil and kind == APP)
        self.company = self._company(cpus.used_s)

    def _company(self, used_s: float) -> float:
        """CPU seconds of the app's CPUs that were used, over those that the requests were given who left."""
        if not self.has_company:
            return 1.0
        cpu = [needs for kind, needs in zip(self.kinds, self.needs, strict=True) if kind in {APP, BACKEND}]
        given_s = math.fsum(
            need_s for needs in cpu for need_s, left_s in zip(needs, self.left_s, strict=True) if left_s < math.inf
        )
        return used_s / given_s if given_s else 1.0

    def _pass(self, request: int, now_s: float) -> int:
        """A request takes and gives back what comes before its next seconds.

        Returns who needs seconds now, its stage being the one: it, or if it leaves, who gets its slot; or nobody, where
        it waits in line. Who was waiting for what is given back goes on at once, woken by a wait of no length.
        """
        kinds, needs, stages = self.kinds, self.needs, self.stages
        stage = stages[request]
        while True:
            while not needs[stage][request]:
                stage += 1
            kind = kinds[stage]
            if kind <= APART:
                stages[request] = stage
                return request
            if kind == LEAVES:
                if (request := self._leave(request, now_s)) == NOBODY:
                    return NOBODY
                stage = stages[request]
                continue
            tokens = self.tokens[self.home[request]]
            if kind < GIVE:
                stages[request] = stage + 1
                if not tokens[kind - TAKE].take(request, now_s):
                    return NOBODY
            elif (successor := tokens[kind - GIVE].give(request, now_s)) != NOBODY:
                heappush(self.waits, (now_s, successor))
            stage += 1

    def _arrive(self, request: int, now_s: float) -> int:
        """A request takes a slot, waits for one, or is refused; returns whoever has a slot now and needs something."""
        return self._join(request, self.connections.take() if self.connections else 0, now_s)

    def _join(self, request: int, line: int, now_s: float) -> int:
        """The same, where it is known in which line it waits."""
        self.home[request] = line
        if self.free[line]:
            self.free[line] -= 1
            return request if self._start(request, now_s) else self._leave(request, now_s)
        if len(self.queues[line]) < self.system.backlog:
            self.queues[line].append(request)
        return NOBODY

    def _start(self, request: int, now_s: float) -> bool:
        """A request takes a slot: of its own process, or of the one with the fewest busy; whether it needs anything."""
        self.started_s[request] = now_s
        home = self.home[request] if self.connections else self.busy.index(min(self.busy))
        self.home[request] = home
        self.busy[home] += 1
        stage = 0
        while not self.needs[stage][request]:
            stage += 1
        self.stages[request] = stage
        return self.kinds[stage] != LEAVES

    def _leave(self, request: int, now_s: float) -> int:
        """A request gives its slot to whoever waited longest and needs something: that one is returned, or nobody."""
        while True:
            self.left_s[request] = now_s
            home = self.home[request]
            self.busy[home] -= 1
            line = home if self.connections else 0
            if self.connections:
                self.connections.give(home)
            if self.following < len(self.left_s):
                self._follow(line, now_s)
            queue = self.queues[line]
            if not queue:
                self.free[line] += 1
                return NOBODY
            request = queue.popleft()
            if self._start(request, now_s):
                return request

    def _follow(self, line: int, now_s: float) -> None:
        """The next of a fixed population: to this line, or to its own process, where it goes on at once if it can."""
        request = self.following
        self.following += 1
        own = self.connections.take() if self.connections else line
        if own == line:
            self.home[request] = line
            self.queues[line].append(request)
        elif (goes_on := self._join(request, own, now_s)) != NOBODY:
            heappush(self.waits, (now_s, goes_on))
