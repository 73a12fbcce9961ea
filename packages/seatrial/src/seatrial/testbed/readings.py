"""What the meters say at one instant."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["NOTHING_READ", "CpuSeconds", "HostReading", "Readings"]


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """CPU time used since the groups were made, in seconds; it only grows. None where nothing can be read.

    app_s: of the app, with the services before and beside it: what a request costs there is the app's cost.
    services_s: of these, the services'; None without any.
    """

    app_s: float | None
    database_s: float | None
    services_s: float | None = None


@dataclass(frozen=True, slots=True)
class HostReading:
    """One of several hosts: what it has used, all of its processes together.

    name: "host 1" and so on; "database" for one that is apart. cpus: vCPUs it may use. cpu_s: seconds so far;
    memory_bytes: sum of the PSS; limit_bytes: None without a limit. throttled_s: held back by its quota so far.
    """

    name: str
    cpus: float
    cpu_s: float | None
    memory_bytes: int | None
    limit_bytes: int | None
    throttled_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Readings:
    """One reading of every meter; subtract two of them for an interval.

    at_s: `time.perf_counter()` when the CPU meters were read.
    app_cpu_s, database_cpu_s, services_cpu_s: as in CpuSeconds, the app with all its descendants.
    app_memory_bytes: sum of the PSS (memory, each shared page divided by its users) of the app's processes.
    worker_memory_bytes: PSS of each process of the app, the master first, then by process id.
    database_memory_bytes, services_memory_bytes: sum of the PSS of PostgreSQL's processes, and of the services'.
    memory_limit_bytes: what app and database may use together on one host; None when nothing enforces it.
    oom_kills: processes of the subject that the kernel ended for want of memory.
    throttled_s: how long the subject was held back by a CPU quota (all its CPUs, and hosts, together).
    processes: how many processes the app has. process_cpu_s: process id -> CPU seconds of each so far; none of them of
    several instances. hosts: each of several, and a database that is apart; () for one.

    None where nothing can be read: never a zero in its place. Memory is None, too, when the app is not running.
    """

    at_s: float
    app_cpu_s: float | None
    database_cpu_s: float | None
    app_memory_bytes: int | None
    worker_memory_bytes: tuple[int, ...]
    database_memory_bytes: int | None
    memory_limit_bytes: int | None
    oom_kills: int
    throttled_s: float
    processes: int
    services_cpu_s: float | None = None
    services_memory_bytes: int | None = None
    hosts: tuple[HostReading, ...] = ()
    process_cpu_s: Mapping[int, float] = field(default_factory=dict)


NOTHING_READ = Readings(0.0, None, None, None, (), None, None, 0, 0.0, 0)
"""Where there are no meters."""
