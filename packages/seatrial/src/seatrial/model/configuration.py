"""A server that could be: what a prediction is asked for."""

import math
from dataclasses import dataclass

from seatrial.model.crowding import crowding
from seatrial.model.system import System
from seatrial.spec.subject import EVENT_LOOP, WORKER_CLASSES

__all__ = ["Configuration"]

LOOP_CLASSES = frozenset({*EVENT_LOOP, "uvicorn", "granian-asgi"})
"""Worker classes in which one thread per process serves every request, until each awaits."""

KNOWN_CLASSES = frozenset({*WORKER_CLASSES, *LOOP_CLASSES, "granian-wsgi"})
"""Those that Seatrial starts, and those that it only reckons with."""

LOOP_SLOTS = 1000
"""Requests inside one event-loop process: gevent's default; ASGI servers have no limit of their own."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Workers, CPUs and database of a server, declared or only thought of.

    threads: of each worker; not used by "sync" (one) and by event loops. cpus: of the app's machine, a fraction is a
    quota. database_cpus: of the database's own machine, `round_trip_s` away; None: it shares the app's. pool: database
    connections of each process; None: as many as are asked for. cpu_factor: CPU seconds of a request there over CPU
    seconds here, of app and database alike; waits do not scale. at_once: requests that a page of its visitors sends in
    the same moment, beyond what was measured.

    Making one raises ValueError for numbers that no server has.
    """

    workers: int
    threads: int
    worker_class: str
    cpus: float
    database_cpus: float | None = None
    round_trip_s: float = 0.0
    pool: int | None = None
    cpu_factor: float = 1.0
    at_once: float = 1.0

    def __post_init__(self) -> None:
        if self.worker_class not in KNOWN_CLASSES:
            known = ", ".join(sorted(KNOWN_CLASSES))
            raise ValueError(f"worker class {self.worker_class!r} is not known; known are {known}")
        counts = {"workers": self.workers, "threads": self.threads, "pool": self.pool}
        if few := [name for name, count in counts.items() if count is not None and count < 1]:
            raise ValueError(f"{few[0]} must be 1 or more")
        sizes = {"cpus": self.cpus, "database_cpus": self.database_cpus, "cpu_factor": self.cpu_factor}
        if wrong := [name for name, size in sizes.items() if size is not None and not 0.0 < size < math.inf]:
            raise ValueError(f"{wrong[0]} must be above 0")
        if not 1.0 <= self.at_once < math.inf:
            raise ValueError("at_once must be 1 or more")
        if not 0.0 <= self.round_trip_s < math.inf:
            raise ValueError("round_trip_s must be 0 or more")

    @property
    def crowding(self) -> float:
        """How much its workers share the CPUs while all of them want one (`model.crowding`)."""
        return crowding(self.workers, self.cpus)

    @property
    def is_event_loop(self) -> bool:
        """Whether one thread of each worker serves all of its requests."""
        return self.worker_class in LOOP_CLASSES

    def system(self, timeout_s: float) -> System:
        """What the simulation is told of it; timeout_s: how long a person waits."""
        slots = 1 if self.worker_class == "sync" else LOOP_SLOTS if self.is_event_loop else self.threads
        return System(
            workers=self.workers,
            threads=slots,
            cpus=self.cpus,
            database_cpus=self.database_cpus,
            timeout_s=timeout_s,
            pool=self.pool,
            round_trip_s=self.round_trip_s,
            kind="event-loop" if self.is_event_loop else "threads",
            # A sync worker takes a connection when it is free, answers once and closes it; all others keep them open.
            has_affinity=self.workers > 1 and self.worker_class != "sync",
        )

    def words(self) -> str:
        """As a phrase: `3 workers x 4 threads`."""
        workers = f"{self.workers} worker{'s' if self.workers != 1 else ''}"
        if self.worker_class == "sync" or self.is_event_loop:
            return f"{workers} ({self.worker_class})"
        return f"{workers} x {self.threads} thread{'s' if self.threads != 1 else ''}"
