"""What is advised: all that the telling of `seatrial advise` reads, as frozen values. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.advise.log_summary import LogSummary
from seatrial.advise.need import Need
from seatrial.measure.measurement import Caveat
from seatrial.model.connections import ConnectionSum
from seatrial.spec.plan import Plan

__all__ = [
    "ADVICE_SCHEMA",
    "Advice",
    "Change",
    "Level",
    "MemoryShare",
    "Offer",
    "PlanRow",
    "Refusal",
    "Standing",
    "plan_row",
]

ADVICE_SCHEMA = "seatrial.advice/1"


TO_90 = 1.6448536 / 1.9599640
"""From the half width of a 95 % interval of a normal to that of 90 %."""


class Standing:
    """Whether an offer does: its interval's low end carries what is asked for, only its point does, or neither."""

    HOLDS = "holds"
    PROBABLY = "probably"
    NO = "no"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan of the catalogue, as the telling needs it. cpus, memory_bytes: 0 where the provider does not say."""

    id: str
    provider: str
    product: str
    name: str
    cpus: float
    cpu_kind: str
    memory_bytes: int
    usd_month: float | None
    price_source: str
    price_as_of: str


@dataclass(frozen=True, slots=True)
class MemoryShare:
    """What app and database (where it is on the same machine) take, and what the machine leaves them, in bytes.

    worker, connection: each further one. system: kept back for the operating system. request: that each request leaves
    behind; None when no growth was seen above the noise.
    """

    low: float
    point: float
    high: float
    available: int
    system: int
    worker: float
    connection: float
    request: float | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One plan, or an app's plan with a database's, and what the model says of this app on it.

    low_rps, high_rps: 95 % interval of the capacity, the model's and the processor's uncertainty together; low_rps is
    0 where no rate meets the objective. Of a burst plan all rates are for ever; burst_rps: while the burst lasts,
    burst_s: how long that is at the rate asked for (None: not known). bad_hours_rps: at the speed of the slowest
    twentieth of a day; None when nobody watched such a plan. model_log_variance: of the logarithm of the capacity,
    without what is not known of the processor. connections: None when what a worker opens is not known.
    gives_way: stations by `seatrial.model.stations`, first and next, or "memory".
    """

    plan: PlanRow
    database: PlanRow | None
    usd_month: float
    workers: int
    threads: int
    server: str
    capacity_rps: float | None
    low_rps: float
    high_rps: float
    speed_confidence: str
    speed_sentence: str
    memory: MemoryShare | None
    connections: ConnectionSum | None
    gives_way: tuple[str, ...]
    utilization: Mapping[str, float]
    is_extrapolated: bool = False
    bad_hours_rps: float | None = None
    burst_rps: float | None = None
    burst_s: float | None = None
    model_log_variance: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The plans' ids, with a plus between two."""
        return f"{self.plan.id} + {self.database.id}" if self.database else self.plan.id

    def standing(self, capacity_rps: float) -> str:
        """Whether it carries so much, see `Standing`."""
        fits = self.memory is None or self.memory.high <= self.memory.available
        if self.low_rps >= capacity_rps and fits:
            return Standing.HOLDS
        return Standing.PROBABLY if (self.capacity_rps or 0.0) >= capacity_rps else Standing.NO


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cheaper plan does not do. reason: "memory", "cpu", "connections", "burst" or "unknown"."""

    plan_id: str
    usd_month: float
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing changed, everything else as advised. gain: capacity with it over capacity without: (low, point, high).

    is_supposed: it says what if, such as half the CPU of an operation, and not how to get there.
    """

    name: str
    sentence: str
    capacity_rps: float
    gain: tuple[float, float, float]
    is_supposed: bool = False


@dataclass(frozen=True, slots=True)
class Level:
    """The same question for other habits of people: "quiet", "typical" or "busy"; offer_id: "" when no plan holds."""

    name: str
    rate_rps: float
    offer_id: str
    usd_month: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """All conclusions about plans from one study.

    need: None when nobody asked for anything: then `ladder` tells what the plans carry. people_per_rps: daily users for
    each request per second of capacity, the headroom taken off (low, typical, high). chosen: the cheapest that holds;
    probable: a cheaper one that only probably does. runner_up: the next that holds, of another provider if there is
    one. best: of the largest machine, when no plan holds. refused: the cheaper ones, cheapest first. times_the_room:
    chosen's low end over what is asked for with its headroom. is_cheapest: there is no cheaper machine at all.
    people_share: of the spread of the whole answer (people's habits and the offer's interval), what the habits bring.
    """

    subject: str
    server: str
    objective: str
    measured_at: str
    measured_rps: float | None
    measured_low_rps: float | None
    measured_high_rps: float | None
    need: Need | None
    people_per_rps: tuple[float, float, float]
    headroom: float
    caveats: tuple[Caveat, ...]
    chosen: Offer | None = None
    runner_up: Offer | None = None
    probable: Offer | None = None
    best: Offer | None = None
    refused: tuple[Refusal, ...] = ()
    ladder: tuple[Offer, ...] = ()
    levels: tuple[Level, ...] = ()
    changes: tuple[Change, ...] = ()
    is_cheapest: bool = False
    times_the_room: float | None = None
    people_share: float | None = None
    log: LogSummary | None = None
    schema: str = field(default=ADVICE_SCHEMA)

    def people_of(self, offer: Offer) -> tuple[float, float, float]:
        """Daily users of an offer, the headroom taken off: in nine of ten cases between low and high.

        Two independent factors: the squares of the logarithms add up. Multiplying both low ends would be too low.
        """
        low, typical, high = self.people_per_rps
        capacity = offer.capacity_rps or 0.0
        if not capacity or not offer.low_rps:
            return 0.0, capacity * typical, capacity * high
        below = math.hypot(math.log(typical / low), TO_90 * math.log(capacity / offer.low_rps))
        above = math.hypot(math.log(high / typical), TO_90 * math.log(offer.high_rps / capacity))
        return capacity * typical * math.exp(-below), capacity * typical, capacity * typical * math.exp(above)


def plan_row(plan: Plan) -> PlanRow:
    """What is told of a plan."""
    return PlanRow(
        plan.id,
        plan.provider,
        plan.product,
        plan.name,
        plan.limits.cpus,
        plan.limits.cpu_kind,
        plan.limits.memory_bytes,
        plan.price.usd_month,
        plan.price.source,
        plan.price.as_of,
    )
