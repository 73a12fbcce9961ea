"""What is concluded about growth: all that a report of it reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.advise.growth.assumptions import Assumption
from seatrial.advise.log_summary import LogSummary

__all__ = ["SCHEMA", "DataGrowth", "FleetCheck", "Growth", "GrowthRow", "GrowthStep", "Span"]

SCHEMA = "seatrial.growth/1"


@dataclass(frozen=True, slots=True)
class Span:
    """5, 50 and 95 % of the draws. habits_share: of the variance of the logarithm, what people's habits make (0..1);
    None where nothing varies, or 0 is among the values.
    """

    low: float | None
    typical: float | None
    high: float | None
    habits_share: float | None = None


@dataclass(frozen=True, slots=True)
class FleetCheck:
    """A formula's count of machines against an event simulation of them, both for the typical case.

    formula_hosts = ceil(1.1 x peak x demand / (utilization limit x CPUs)) + 1; simulated_hosts: the fewest that meet
    the objective in a busiest minute of 1.5 times the hour's rate, with one of them gone. told_hosts: the larger.
    replicas: of each primary, likewise, in a formula that bounds primary and replicas. None: not even many would do.
    told: "formula" or "simulation", of the hosts. difference: of the simulation from the formula, in hosts, as a share
    of the formula's.
    """

    formula_hosts: int
    simulated_hosts: int | None
    told_hosts: int
    formula_replicas: int
    simulated_replicas: int | None
    told_replicas: int
    told: str
    difference: float | None


@dataclass(frozen=True, slots=True)
class GrowthRow:
    """What so many daily users need.

    shape: "one machine" (app and database on it), "machine and database" (a managed one), "fleet" or "unknown" (no
    numbers: the sentence says why). capacity: of a single machine, the 95 % interval that `--users` tells of that plan;
    None of a fleet. speed_confidence: how sure the speed of the host's CPU is.
    people_with_account: the typical amount of data. extrapolated: it is more than four times what was measured, or was
    measured at one size only. check: of the typical case; None without a fleet.
    numbers: by name. peak_rps; app_cpus: busy CPUs of the app in the busiest hour; hosts; workers: app processes of all
    hosts together; job_workers; shards: primaries; replicas: of each primary; cache_hit_ratio: share of reads that a
    cache must answer so that one server of the largest database plan is enough (0: none needed, null in a place: even
    the writes are too many); cache_bytes: its memory; connections: to one database server during a rolling deploy;
    usd_month.
    """

    daily_users: float
    shape: str
    sentence: str
    people_with_account: float
    extrapolated: bool
    numbers: Mapping[str, Span] = field(default_factory=dict)
    host_plan: str = ""
    database_plan: str = ""
    connection_limit: int | None = None
    check: FleetCheck | None = None
    capacity: Span | None = None
    speed_confidence: str = ""


@dataclass(frozen=True, slots=True)
class GrowthStep:
    """Something that changes at so many daily users (5, 50 and 95 % of the draws of people's habits)."""

    low_users: float
    daily_users: float
    high_users: float
    sentence: str


@dataclass(frozen=True, slots=True)
class DataGrowth:
    """How demands change with the amount of data. sizes: measured; empty: nothing was, demands are taken as they are.

    laws: operation -> "flat", "logarithmic" or "linear" (a missing index).
    """

    sizes: tuple[float, ...]
    laws: dict[str, str]
    sentence: str


@dataclass(frozen=True, slots=True)
class Growth:
    """All conclusions about growth. write_share: of requests; writes_from: "statements", "methods" or "assumption".

    provider: whose plans a fleet is made of; prices: where they were read and when. log: what an access log showed.
    """

    subject: str
    server: str
    objective: str
    provider: str
    demand_ms: Span
    write_share: float
    writes_from: str
    rows: tuple[GrowthRow, ...]
    steps: tuple[GrowthStep, ...]
    data: DataGrowth
    assumptions: tuple[Assumption, ...]
    habits_share_of_cost: float | None
    caveats: tuple[str, ...]
    prices: tuple[str, ...]
    log: LogSummary | None = None
    schema: str = field(default=SCHEMA)
