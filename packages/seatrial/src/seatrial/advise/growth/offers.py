"""What can be rented for a fleet: app hosts and database machines of one provider, cheapest first. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seatrial.model.carrying import CarryFactor
from seatrial.model.connections import SUPERUSER_RESERVED
from seatrial.model.draws import Quantiles, two_piece_lognormal
from seatrial.spec.catalog import Catalog, is_machine
from seatrial.spec.plan import Plan

__all__ = ["DatabaseOffer", "HostOffer", "Offers", "database_offer", "host_offer", "offers_of"]

STANDARD_MAX_CONNECTIONS = 100 - SUPERUSER_RESERVED
"""What PostgreSQL leaves to an app unless it is told otherwise (max_connections = 100)."""

FALLBACK_PROVIDER = "DigitalOcean"
"""For a plan that is not in the catalogue; of those whose machines and databases are, it has the most sizes."""


ALIKE = (1.0, 1.0, 1.0)
Carried = Callable[[Plan], CarryFactor]


@dataclass(frozen=True, slots=True)
class HostOffer:
    """A machine that an app (and a database beside it) can run on.

    slower: CPU seconds of a request there over those where it was measured (low, typical, high).
    """

    id: str
    cpus: float
    memory_bytes: int
    app_memory_bytes: int
    usd_month: float
    slower: Quantiles = ALIKE

    def slower_at(self, speed_z: float) -> float:
        """At a standard normal of how fast such CPUs turn out to be: above 0 faster, so fewer CPU seconds."""
        return two_piece_lognormal(self.slower, -speed_z)


@dataclass(frozen=True, slots=True)
class DatabaseOffer:
    """A database server; is_managed: rented as such, otherwise PostgreSQL on a plain machine."""

    id: str
    cpus: float
    usd_month: float
    connections: int
    is_managed: bool
    slower: Quantiles = ALIKE

    def slower_at(self, speed_z: float) -> float:
        """At a standard normal of how fast such CPUs turn out to be: above 0 faster, so fewer CPU seconds."""
        return two_piece_lognormal(self.slower, -speed_z)


@dataclass(frozen=True, slots=True)
class Offers:
    """hosts, databases: cheapest first, none of which is dearer than another with as much of everything."""

    provider: str
    hosts: tuple[HostOffer, ...]
    databases: tuple[DatabaseOffer, ...]
    sources: tuple[str, ...]


def host_offer(plan: Plan, carried: CarryFactor | None = None) -> HostOffer:
    """A plan's machine; None: it is as fast as where the app was measured."""
    limits, price = plan.limits, plan.price.usd_month or 0.0
    return HostOffer(plan.id, limits.cpus, limits.memory_bytes, limits.subject_memory_bytes, price, _slower(carried))


def database_offer(plan: Plan, carried: CarryFactor | None = None) -> DatabaseOffer:
    """A managed database; None: as above."""
    limits, connections = plan.limits, plan.connections_max or 0
    return DatabaseOffer(plan.id, limits.cpus, plan.price.usd_month or 0.0, connections, True, _slower(carried))


def _slower(carried: CarryFactor | None) -> Quantiles:
    return ALIKE if carried is None else (carried.low, carried.factor, carried.high)


def offers_of(plan: Plan, catalog: Catalog, carried: Carried | None = None) -> Offers:
    """What the plan's own provider has: machines of the plan's own product, and databases with CPUs and a price.

    carried: the factor to a plan's CPU; None takes each to be as fast as where it was measured.

    The same provider, since a database far from its app is slow, and since the study's CPU was to stand for its own.
    """
    provider = plan.provider if any(each.provider == plan.provider for each in catalog.machines()) else ""
    product = plan.product.split(" ")[0] if provider else "Droplet"
    provider = provider or FALLBACK_PROVIDER
    own = [each for each in catalog.plans if each.provider == provider]
    machines = [each for each in own if _is_steady(each)]
    of_product = [each for each in machines if each.product.split(" ")[0] == product] or machines
    # A plan whose CPU is not steady (burst, a fraction) is all its provider may have for this app.
    hosts = _best_hosts([host_offer(each, carried and carried(each)) for each in of_product or [plan]])
    databases = [database_offer(each, carried and carried(each)) for each in own if _is_database(each)]
    if not databases:
        databases = [
            DatabaseOffer(host.id, host.cpus, host.usd_month, STANDARD_MAX_CONNECTIONS, False, host.slower)
            for host in hosts
        ]
    told = {each.id: each for each in own}
    best = _best_databases(databases)
    used = [host.id for host in hosts] + [each.id for each in best]
    sources = dict.fromkeys(told[each].price.source for each in used if each in told)
    return Offers(provider, hosts, best, tuple(sources))


def _is_steady(plan: Plan) -> bool:
    return is_machine(plan) and plan.limits.cpus >= 1 and plan.limits.cpu_kind in {"shared", "dedicated"}


def _is_database(plan: Plan) -> bool:
    return "pg_max_connections" in plan.extra and plan.limits.cpus > 0 and bool(plan.price.usd_month)


def _best_hosts(hosts: Sequence[HostOffer]) -> tuple[HostOffer, ...]:
    ordered = sorted(hosts, key=lambda each: (each.usd_month, -each.cpus, -each.memory_bytes))
    best: list[HostOffer] = []
    for host in ordered:
        if not any(other.cpus >= host.cpus and other.memory_bytes >= host.memory_bytes for other in best):
            best.append(host)
    return tuple(best)


def _best_databases(databases: Sequence[DatabaseOffer]) -> tuple[DatabaseOffer, ...]:
    best: list[DatabaseOffer] = []
    for each in sorted(databases, key=lambda one: (one.usd_month, -one.cpus, -one.connections)):
        if not any(other.cpus >= each.cpus and other.connections >= each.connections for other in best):
            best.append(each)
    return tuple(best)
