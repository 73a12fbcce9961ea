"""The requests of a simulation, drawn once: which operation, when, and what each needs."""

import math
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

__all__ = ["OperationDemand", "Work", "draw_work"]

APP_CPU_BEFORE_DATABASE = 0.5
"""Of a request's app CPU without a connection, spent before its queries; the rest after them."""

MIX_BLOCK = 1000
"""The operations of so many consecutive requests are in exact shares, shuffled inside: as drawn, with less noise."""


@dataclass(frozen=True, slots=True)
class OperationDemand:
    """What one request of an operation needs, in seconds; *_scv: squared coefficient of variation (0 = constant).

    share: its part of all requests; shares need not sum to 1. wait_s: outside the database and without CPU (another
    service, disk, sleep). database_wait_s, lock_wait_s: in the database without CPU. A database connection is held
    during both, during database_cpu_s and during held_app_share of the app CPU: what the app does between its queries.
    round_trips: statements that each cross the network when the database is elsewhere.
    cpu_scv is of app and database CPU together: a request that is dear to one is dear to both; wait_scv of all waits.
    runs_in: in an event-loop process, "loop" or "thread" (a function that is not async); blocks_loop: it waits without
    awaiting, so that nobody else in its process goes on.
    """

    operation: str
    share: float
    app_cpu_s: float
    database_cpu_s: float = 0.0
    wait_s: float = 0.0
    cpu_scv: float = 1.0
    wait_scv: float = 0.0
    database_wait_s: float = 0.0
    lock_wait_s: float = 0.0
    round_trips: float = 0.0
    held_app_share: float = 0.0
    runs_in: str = "loop"
    blocks_loop: bool = False

    @property
    def held_wait_s(self) -> float:
        """Waiting with a connection in hand, the network apart."""
        return self.database_wait_s + self.lock_wait_s

    @property
    def held_app_cpu_s(self) -> float:
        """App CPU with a connection in hand."""
        return self.app_cpu_s * self.held_app_share

    @property
    def uses_database(self) -> bool:
        """Whether it takes a connection at all."""
        return self.database_cpu_s > 0.0 or self.held_wait_s > 0.0 or self.round_trips > 0.0

    @property
    def takes_from_pool(self) -> bool:
        """Whether that connection is one of the pool's. A driver that blocks the loop is another than the pool's, and
        what it has is never waited for, since nobody else runs: were it the pool's, the two could wait for each other.
        """
        return self.uses_database and not self.blocks_loop


@dataclass(frozen=True, slots=True)
class Work:
    """Requests in order of arrival, so that runs at different rates differ by the rate alone (common random numbers).

    demands: of each operation. operations: index into them. gaps: times between arrivals at one request per second. The
    other columns are the seconds that each request needs, in the order in which it needs them.
    """

    demands: tuple[OperationDemand, ...]
    operations: Sequence[int]
    gaps: Sequence[float]
    app_before_s: Sequence[float]
    database_s: Sequence[float]
    app_held_s: Sequence[float]
    held_wait_s: Sequence[float]
    wait_s: Sequence[float]
    app_after_s: Sequence[float]

    def flags(self, chosen: Sequence[bool]) -> list[bool]:
        """For each request, what is said of its operation."""
        return [chosen[operation] for operation in self.operations]

    def parts(self, needs: Sequence[float], shares: Sequence[float]) -> list[float]:
        """For each request, the share of its need that its operation has."""
        return [need_s * shares[operation] for need_s, operation in zip(needs, self.operations, strict=True)]

    def network_s(self, round_trip_s: float) -> list[float]:
        """For each request, the time its statements spend between app and database."""
        each = [demand.round_trips * round_trip_s for demand in self.demands]
        return [each[operation] for operation in self.operations]


@dataclass(frozen=True, slots=True)
class _Draws:
    """What chance decides of the requests, whatever each of them costs: factors of mean 1 on the declared demands."""

    operations: tuple[int, ...]
    gaps: tuple[float, ...]
    cpu_factors: tuple[float, ...]
    wait_factors: tuple[float, ...]


def draw_work(demands: Sequence[OperationDemand], requests: int, seed: int, at_once: float = 1.0) -> Work:
    """Draw so many requests of the mix; their mean demands are exactly those declared, which takes out most noise.

    at_once: requests that a page sends in the same moment, on average: pages then come by themselves (Poisson), at as
    many requests per second.
    """
    if not demands or requests < 1 or not 1.0 <= at_once < math.inf:
        raise ValueError("a simulation needs at least one operation, one request, and one request in a page")
    shapes = tuple((demand.share, demand.cpu_scv, demand.wait_scv) for demand in demands)
    draws = _draws(shapes, requests, seed)
    gaps = draws.gaps if at_once == 1.0 else _gaps_of_pages(requests, seed, at_once)

    def column(means: Sequence[float], factors: Sequence[float]) -> list[float]:
        return [means[operation] * factor for operation, factor in zip(draws.operations, factors, strict=True)]

    free = [demand.app_cpu_s - demand.held_app_cpu_s for demand in demands]
    return Work(
        demands=tuple(demands),
        operations=draws.operations,
        gaps=gaps,
        app_before_s=column([cpu_s * APP_CPU_BEFORE_DATABASE for cpu_s in free], draws.cpu_factors),
        database_s=column([demand.database_cpu_s for demand in demands], draws.cpu_factors),
        app_held_s=column([demand.held_app_cpu_s for demand in demands], draws.cpu_factors),
        held_wait_s=column([demand.held_wait_s for demand in demands], draws.wait_factors),
        wait_s=column([demand.wait_s for demand in demands], draws.wait_factors),
        app_after_s=column([cpu_s * (1.0 - APP_CPU_BEFORE_DATABASE) for cpu_s in free], draws.cpu_factors),
    )


@lru_cache(maxsize=4)
def _draws(shapes: tuple[tuple[float, float, float], ...], requests: int, seed: int) -> _Draws:
    """shapes: share, cpu_scv and wait_scv of each operation. Kept: one conclusion asks for the same three or four."""
    chance = random.Random(seed)
    operations = _stratified_mix([share for share, _, _ in shapes], requests, chance)
    cpu_factors = _unit_mean_factors([scv for _, scv, _ in shapes], operations, chance)
    wait_factors = _unit_mean_factors([scv for _, _, scv in shapes], operations, chance)
    gaps = _mean_one([chance.expovariate(1.0) for _ in range(requests)])
    return _Draws(tuple(operations), tuple(gaps), tuple(cpu_factors), tuple(wait_factors))


@lru_cache(maxsize=4)
def _gaps_of_pages(requests: int, seed: int, at_once: float) -> tuple[float, ...]:
    """Zero between the requests of a page. A page has `at_once` of them, rounded down or up so that the mean is kept:
    how pages of one site differ is not known, and equal ones wait least.
    """
    chance, least = random.Random(f"pages {seed}"), math.floor(at_once)
    gaps: list[float] = []
    while len(gaps) < requests:
        size = least + (chance.random() < at_once - least)
        gaps += [chance.expovariate(1.0), *[0.0] * (size - 1)]
    return tuple(_mean_one(gaps[:requests]))


def _stratified_mix(shares: Sequence[float], requests: int, chance: random.Random) -> list[int]:
    edges = list(accumulate(shares))
    operations: list[int] = []
    while len(operations) < requests:
        size = min(MIX_BLOCK, requests - len(operations))
        offset = chance.random()
        places = ((place + offset) / size * edges[-1] for place in range(size))
        block = [min(bisect_right(edges, place), len(shares) - 1) for place in places]
        chance.shuffle(block)
        operations += block
    return operations


def _unit_mean_factors(scvs: Sequence[float], operations: Sequence[int], chance: random.Random) -> list[float]:
    """A gamma factor per request (exponential at scv 1), scaled so that its mean over each operation is exactly 1."""
    draws = [_gamma(scv, chance) for scv in scvs]
    factors = [draws[operation]() for operation in operations]
    totals, counts = [0.0] * len(scvs), [0] * len(scvs)
    for operation, factor in zip(operations, factors, strict=True):
        totals[operation] += factor
        counts[operation] += 1
    scales = [count / total if total else 1.0 for count, total in zip(counts, totals, strict=True)]
    return [factor * scales[operation] for operation, factor in zip(operations, factors, strict=True)]


def _gamma(scv: float, chance: random.Random) -> Callable[[], float]:
    if scv <= 0.0:
        return lambda: 1.0
    if scv == 1.0:
        return lambda: chance.expovariate(1.0)
    return lambda: chance.gammavariate(1.0 / scv, scv)


def _mean_one(values: list[float]) -> list[float]:
    scale = len(values) / math.fsum(values)
    return [value * scale for value in values]
