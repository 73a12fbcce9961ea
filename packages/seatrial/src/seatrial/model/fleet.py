"""A discrete-event simulation of many machines: app hosts behind a load balancer, a primary database, its replicas.

It answers what a formula cannot: how many hosts keep the objective when requests meet each other by chance, when the
balancer sends them here or there, and when one host is gone. Each machine's CPUs are shared by what can run on it, each
request on one core at most (processor sharing), as in `box`; the slots of a host are held for the whole request. Inside
a host it is coarser than `box`: threads of one process are not told from threads of another.
"""

import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from seatrial.model.work import OperationDemand, Work, draw_work

__all__ = ["Fleet", "FleetOutcome", "fewest_machines", "simulate_fleet"]

BALANCING = ("least connections", "random")
WARM_UP_SHARE = 0.1

BEFORE, DATABASE, WAIT, AFTER, LEAVES = range(5)


@dataclass(frozen=True, slots=True)
class Fleet:
    """hosts: app hosts that are up, each with host_cpus and slots. replicas: of the one primary; database_cpus: of
    each. balancing: "least connections" (of the hosts, the one with the fewest requests inside) or "random".
    primary_read_share: of the reads, those that must go to the primary. apply_share: CPU of repeating a write on a
    replica over that of the write itself.
    """

    hosts: int
    host_cpus: float
    slots: int
    replicas: int = 0
    database_cpus: float = 1.0
    balancing: str = "least connections"
    primary_read_share: float = 0.0
    apply_share: float = 0.5
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class FleetOutcome:
    """response_times_s: sorted, after the warm-up. *_utilization: busy share of all app CPUs, of the primary's, and of
    the replicas' (0 without any). busiest_host: its utilization over the mean of all hosts.
    """

    response_times_s: tuple[float, ...]
    app_utilization: float
    primary_utilization: float
    replica_utilization: float
    busiest_host: float

    def response_time_quantile_s(self, quantile: float) -> float:
        """The response time that this share of all requests did not exceed."""
        place = math.ceil(quantile * len(self.response_times_s)) - 1
        return self.response_times_s[max(0, place)]


class Machine:
    """CPUs shared by what can run on them, on a virtual clock that runs at the speed at which each is served."""

    __slots__ = ("at_s", "busy_cpu_s", "cpus", "finishes", "inside", "queue", "version", "virtual")

    def __init__(self, cpus: float) -> None:
        self.cpus = cpus
        self.at_s = self.virtual = self.busy_cpu_s = 0.0
        self.finishes: list[tuple[float, int]] = []
        self.version = 0
        self.inside = 0  # requests that hold a slot or wait for one (hosts only)
        self.queue: deque[int] = deque()

    def advance(self, now_s: float) -> None:
        """Let the clock run to now."""
        running = len(self.finishes)
        if running:
            speed = min(1.0, self.cpus / running)
            self.virtual += (now_s - self.at_s) * speed
            self.busy_cpu_s += (now_s - self.at_s) * speed * running
        self.at_s = now_s

    def next_s(self) -> float:
        """When the first of those running is through, if nobody comes."""
        speed = min(1.0, self.cpus / len(self.finishes))
        return self.at_s + max(0.0, self.finishes[0][0] - self.virtual) / speed


class Simulation:
    """One run over drawn work; `left_s` holds when each request left."""

    def __init__(self, work: Work, writes: Sequence[bool], fleet: Fleet, seed: int) -> None:
        count = len(work.gaps)
        self.fleet, self.chance = fleet, random.Random(seed)
        self.needs = (work.app_before_s, work.database_s, work.wait_s, work.app_after_s, [1.0] * count)
        self.is_write = [writes[operation] for operation in work.operations]
        self.hosts = [Machine(fleet.host_cpus) for _ in range(fleet.hosts)]
        self.primary = Machine(fleet.database_cpus)
        self.replicas = [Machine(fleet.database_cpus) for _ in range(fleet.replicas)]
        self.machines = [*self.hosts, self.primary, *self.replicas]
        self.number = {id(machine): place for place, machine in enumerate(self.machines)}
        self.home = [0] * count
        self.stages = bytearray(count)
        self.left_s = [math.inf] * count
        self.events: list[tuple[float, int, int, int]] = []  # (time, machine or WAITED, version, request)
        self.turn = 0

    def run(self, arrivals_s: Sequence[float]) -> float:
        """Let everybody in and run until the last has left; returns when that was, in seconds."""
        for request, arrival_s in enumerate(arrivals_s):
            self._until(arrival_s)
            self._arrive(request, arrival_s)
        self._until(math.inf)
        return max(self.left_s)

    def _until(self, end_s: float) -> None:
        events, machines = self.events, self.machines
        while events and events[0][0] <= end_s:
            now_s, place, version, request = heappop(events)
            if place < 0:
                self._go_on(request, now_s)
                continue
            machine = machines[place]
            if machine.version != version:
                continue
            machine.advance(now_s)
            machine.virtual, request = heappop(machine.finishes)
            self._foretell(machine)
            if request >= 0:  # a write that a replica repeats has no request waiting for it
                self._go_on(request, now_s)

    def _arrive(self, request: int, now_s: float) -> None:
        hosts = self.hosts
        if self.fleet.balancing == "random":
            place = self.chance.randrange(len(hosts))
        else:
            # From a place that moves on, so that ties do not always go to the first.
            self.turn = (self.turn + 1) % len(hosts)
            order = range(self.turn - len(hosts), self.turn)
            place = min(order, key=lambda at: hosts[at].inside) % len(hosts)
        self.home[request] = place
        host = hosts[place]
        host.inside += 1
        if host.inside > self.fleet.slots:
            host.queue.append(request)
        else:
            self._go_on(request, now_s)

    def _go_on(self, request: int, now_s: float) -> None:
        """The next thing the request needs, wherever that is."""
        stage = self.stages[request]
        while not self.needs[stage][request]:
            stage += 1
        self.stages[request] = stage + 1
        need_s = self.needs[stage][request]
        if stage == LEAVES:
            self._leave(request, now_s)
        elif stage == WAIT:
            heappush(self.events, (now_s + need_s, -1, 0, request))
        elif stage == DATABASE:
            self._query(request, now_s, need_s)
        else:
            self._begin(self.hosts[self.home[request]], request, now_s, need_s)

    def _query(self, request: int, now_s: float, need_s: float) -> None:
        if self.is_write[request]:
            self._begin(self.primary, request, now_s, need_s)
            for replica in self.replicas:
                self._begin(replica, -1, now_s, need_s * self.fleet.apply_share)
        elif not self.replicas or self.chance.random() < self.fleet.primary_read_share:
            self._begin(self.primary, request, now_s, need_s)
        else:
            self._begin(self.chance.choice(self.replicas), request, now_s, need_s)

    def _begin(self, machine: Machine, request: int, now_s: float, cpu_s: float) -> None:
        machine.advance(now_s)
        if cpu_s > 0.0:
            heappush(machine.finishes, (machine.virtual + cpu_s, request))
        self._foretell(machine)

    def _foretell(self, machine: Machine) -> None:
        machine.version += 1
        if machine.finishes:
            heappush(self.events, (machine.next_s(), self.number[id(machine)], machine.version, -1))

    def _leave(self, request: int, now_s: float) -> None:
        self.left_s[request] = now_s
        host = self.hosts[self.home[request]]
        host.inside -= 1
        if host.queue:
            self._go_on(host.queue.popleft(), now_s)


def simulate_fleet(
    demands: Sequence[OperationDemand],
    writes: Sequence[bool],
    fleet: Fleet,
    rate_rps: float,
    *,
    requests: int,
    seed: int,
    at_once: float = 1.0,
) -> FleetOutcome:
    """Poisson arrivals at that rate. writes: for each operation, whether it changes the database.

    at_once: requests that a page sends in the same moment; the balancer deals out each by itself.

    Raises ValueError for a fleet without hosts or slots, or a balancing that is not known.
    """
    if fleet.hosts < 1 or fleet.slots < 1 or fleet.balancing not in BALANCING or rate_rps <= 0:
        raise ValueError(f"a fleet needs a host, a slot, a rate above 0 and one of {BALANCING}")
    work = draw_work(demands, requests, seed, at_once)
    arrivals, now_s = [], 0.0
    for gap in work.gaps:
        now_s += gap / rate_rps
        arrivals.append(now_s)
    run = Simulation(work, writes, fleet, seed)
    end_s = run.run(arrivals)
    first = int(WARM_UP_SHARE * requests)
    times = [min(left - came, fleet.timeout_s) for left, came in zip(run.left_s[first:], arrivals[first:], strict=True)]
    busy = [host.busy_cpu_s for host in run.hosts]
    mean = math.fsum(busy) / len(busy)
    return FleetOutcome(
        response_times_s=tuple(sorted(times)),
        app_utilization=mean / (end_s * fleet.host_cpus),
        primary_utilization=run.primary.busy_cpu_s / (end_s * fleet.database_cpus),
        replica_utilization=math.fsum(each.busy_cpu_s for each in run.replicas)
        / (end_s * fleet.database_cpus * max(1, fleet.replicas)),
        busiest_host=max(busy) / mean if mean else 1.0,
    )


def fewest_machines(meets: Callable[[int], bool], guess: int, most: int) -> int | None:
    """The smallest count for which `meets`, by doubling steps from a guess and then bisection; None: not even `most`.

    Who meets with some machines is taken to meet with more. A bracket narrower than 2 % of the count is narrow enough.
    """
    low, high = 0, max(1, min(guess, most))
    step = max(1, guess // 8)
    while not meets(high):
        if high >= most:
            return None
        low, high, step = high, min(most, high + step), step * 2
    while low == 0 and high > 1:  # find a count that does not meet, from above
        lower = max(1, high - step)
        if not meets(lower):
            low = lower
        else:
            high, step = lower, step * 2
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        if meets(middle):
            high = middle
        else:
            low = middle
    return high
