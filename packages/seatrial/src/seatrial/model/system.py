"""The server and its box: what a simulation is told of the configuration."""

import math
from dataclasses import dataclass

from seatrial.model.crowding import crowding

__all__ = ["LOOP_THREADS", "System"]

LOOP_THREADS = 40
"""Threads that an event-loop process keeps for functions that are not async (AnyIO's default limiter)."""


@dataclass(frozen=True, slots=True)
class System:
    """The server and its box.

    threads: request slots of one process, whatever its kind. kind: "threads", or "event-loop": one thread per process
    runs until it awaits, and whoever could run meanwhile waits its turn, first come first served (gevent, ASGI).
    cpus: vCPUs, a fraction is a quota. database_cpus: of the database's own machine; None when it shares `cpus`.
    round_trip_s: of the network to the database, for each statement. pool: database connections of one process, first
    come first served; None: as many as are asked for. gil: only one thread of a process runs Python at a time.
    has_affinity: a request is for the one process that has its connection, and waits for a slot there though others are
    free; else it gets the first free slot of all. connections_least: opened before an idle one is used again.
    backlog: connections that may wait for a slot, the rest are refused. timeout_s: how long a person waits.
    company_exponent: each step of crowding (`model.crowding`) makes CPU seconds exp of it times as many. Of that
    company_lasting is a share that hangs on how many workers there are, the rest on how many of them want the CPUs at
    that moment. company_measured: the crowding at which the demands are as they are given.
    """

    workers: int
    threads: int
    cpus: float
    database_cpus: float | None = None
    gil: bool = True
    backlog: int = 2048
    timeout_s: float = 10.0
    pool: int | None = None
    round_trip_s: float = 0.0
    kind: str = "threads"
    loop_threads: int = LOOP_THREADS
    has_affinity: bool = False
    connections_least: int = 0
    company_exponent: float = 0.0
    company_measured: float = 0.0
    company_lasting: float = 0.0

    @property
    def slots(self) -> int:
        """Requests that can be inside at once."""
        return self.workers * self.threads

    @property
    def is_event_loop(self) -> bool:
        """Whether one thread per process serves all of its requests."""
        return self.kind == "event-loop"

    @property
    def has_binding_pool(self) -> bool:
        """Whether a request can ever wait for a connection: not with one for each slot."""
        return self.pool is not None and self.pool < self.threads

    @property
    def cores(self) -> int:
        """CPUs that can run at once; where `cpus` is less, a quota says for how much of the time."""
        return math.ceil(self.cpus)

    @property
    def database_speed(self) -> float:
        """CPU seconds per second of one backend that nobody disturbs: 1, less on its own fraction of a CPU."""
        return 1.0 if self.database_cpus is None else min(1.0, self.database_cpus)

    @property
    def company_speeds(self) -> tuple[float, ...]:
        """By how many workers want the CPUs, how fast they work off CPU seconds as they were given."""
        lasting = self.company_lasting * crowding(self.workers, self.cpus) - self.company_measured
        crowds = (crowding(workers, self.cpus) for workers in range(self.workers + 1))
        steps = (lasting + (1.0 - self.company_lasting) * crowd for crowd in crowds)
        return tuple(math.exp(-self.company_exponent * step) for step in steps)

    @property
    def tokens(self) -> tuple[float, float, float]:
        """Of one process: database connections, event loops, threads beside the loop."""
        return (math.inf if self.pool is None else self.pool), 1, self.loop_threads
