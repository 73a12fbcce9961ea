"""What can be rented for a fleet: app hosts and database machines of one provider, cheapest first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.model.connections import SUPERUSER_RESERVED
from seatrial.spec.catalog import Catalog, is_machine
from seatrial.spec.plan import Plan

__all__ = ["DatabaseOffer", "HostOffer", "Offers", "offers_of"]

STANDARD_MAX_CONNECTIONS = 100 - SUPERUSER_RESERVED
"""What PostgreSQL leaves to an app unless it is told otherwise (max_connections = 100)."""

FALLBACK_PROVIDER = "DigitalOcean"
"""For a plan that is not in the catalogue; of those whose machines and databases are, it has the most sizes."""


@dataclass(frozen=True, slots=True)
class HostOffer:
    """A machine that an app (and a database beside it) can run on."""

    id: str
    cpus: float
    memory_bytes: int
    app_memory_bytes: int
    usd_month: float


@dataclass(frozen=True, slots=True)
class DatabaseOffer:
    """A database server; is_managed: rented as such, otherwise PostgreSQL on a plain machine."""

    id: str
    cpus: float
    usd_month: float
    connections: int
    is_managed: bool


@dataclass(frozen=True, slots=True)
class Offers:
    """hosts, databases: cheapest first, none of which is dearer than another with as much of everything."""

    provider: str
    hosts: tuple[HostOffer, ...]
    databases: tuple[DatabaseOffer, ...]
    sources: tuple[str, ...]


def offers_of(plan: Plan, catalog: Catalog) -> Offers:
    """What the plan's own provider has: machines of the plan's own product, and databases with CPUs and a price.

    The same provider, since a database far from its app is slow, and since the study's CPU was to stand for its own.
    """
    provider = plan.provider if any(each.provider == plan.provider for each in catalog.machines()) else ""
    product = plan.product.split(" ")[0] if provider else "Droplet"
    provider = provider or FALLBACK_PROVIDER
    own = [each for each in catalog.plans if each.provider == provider]
    machines = [each for each in own if _is_steady(each)]
    of_product = [each for each in machines if each.product.split(" ")[0] == product] or machines
    # A plan whose CPU is not steady (burst, a fraction) is all its provider may have for this app.
    hosts = _best_hosts([_host(each) for each in of_product or [plan]])
    managed = [each for each in own if _is_database(each)]
    databases = [
        DatabaseOffer(
            each.id, each.limits.cpus, each.price.usd_month or 0.0, int(each.extra["pg_max_connections"]), True
        )
        for each in managed
    ]
    if not databases:
        databases = [
            DatabaseOffer(host.id, host.cpus, host.usd_month, STANDARD_MAX_CONNECTIONS, False) for host in hosts
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


def _host(plan: Plan) -> HostOffer:
    limits = plan.limits
    return HostOffer(
        plan.id, limits.cpus, limits.memory_bytes, limits.subject_memory_bytes, plan.price.usd_month or 0.0
    )


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
