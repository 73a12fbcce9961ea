"""What a request demands, seen from inside the app and from the database: the values that a study keeps of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "DatabaseActivity",
    "Demands",
    "InsideProfile",
    "LoadedDemands",
    "MemoryPoint",
    "MiddlewareCost",
    "RegressionRow",
]


@dataclass(frozen=True, slots=True)
class InsideProfile:
    """One operation from inside the app: means per request, times in seconds.

    wall_s, cpu_s: from the call of the app to the end of its answer, and the CPU of its thread meanwhile.
    driver_wait_s: waiting inside the database driver; None without a driver that can be timed. elsewhere_s: waiting in
    the app outside of that. hold_s, rows, calls: of database connections. before_s: from the sending of the request
    until the app was called; None where the clocks cannot be compared.
    """

    operation: str
    requests: int
    wall_s: float
    cpu_s: float
    elsewhere_s: float
    answer_bytes: float
    before_s: float | None = None
    driver_wait_s: float | None = None
    hold_s: float | None = None
    rows: float | None = None
    calls: float | None = None


@dataclass(frozen=True, slots=True)
class DatabaseActivity:
    """What the backends did under a load: seconds per request, by Little's law from glances at their states.

    held_s: in a transaction or at a statement. running_s: at a statement and not waiting, wanting for a CPU included;
    both None where the one that looked had to run on the same CPU. lock_wait_s: for a lock of another transaction;
    other_wait_s: for anything else. statements: (text, seconds per request in any of the three), dearest first.
    """

    glances: int
    held_s: float | None
    running_s: float | None
    lock_wait_s: float
    other_wait_s: float
    statements: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedDemands:
    """One load of the declared mix, watched from inside.

    load: offered rate as a share of saturation. busy_slots: mean number of requests inside the app, from glances;
    throughput_rps and inside_wall_s (mean of all requests) say it again, by Little's law. others_share: of the
    subject's CPUs, used by neither app nor database.
    """

    load: float
    offered_rate_rps: float
    throughput_rps: float
    response_time_s: float
    others_share: float
    operations: tuple[InsideProfile, ...] = ()
    inside_wall_s: float | None = None
    busy_slots: float | None = None
    database: DatabaseActivity | None = None


@dataclass(frozen=True, slots=True)
class MiddlewareCost:
    """CPU seconds per request that the measuring middleware adds, and the standard error of that.

    From `requests` sent one at a time, in turn with it and without.
    """

    cost_s: float
    error_s: float
    requests: int


@dataclass(frozen=True, slots=True)
class RegressionRow:
    """One operation's CPU: alone, carried to the load of the windows, and by regression over them (None: they do not
    tell). Seconds per request."""

    operation: str
    requests: int
    alone_s: float
    regressed_s: float | None
    error_s: float | None


@dataclass(frozen=True, slots=True)
class MemoryPoint:
    """The app's memory (PSS, bytes) when it had served so many requests since its start."""

    run: int
    label: str
    requests: int
    app_bytes: int


@dataclass(frozen=True, slots=True)
class Demands:
    """Everything that one start, measured from inside, showed.

    alone: operations sent one at a time. loads: the mix at two rates or more. database_per_request: name -> what
    `pg_stat_database` counted for each request of all these loads.
    """

    alone: tuple[InsideProfile, ...] = ()
    loads: tuple[LoadedDemands, ...] = ()
    middleware: MiddlewareCost | None = None
    regression: tuple[RegressionRow, ...] = ()
    database_per_request: Mapping[str, float] = field(default_factory=dict)
