"""The fleet that carries one load, everything about which is known: machines, databases, connections, cost. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seatrial.advise.growth.inputs import GrowthInputs
from seatrial.advise.growth.offers import DatabaseOffer, HostOffer, Offers
from seatrial.model.connections import connections_needed
from seatrial.model.replicas import DatabaseWork, replicas_needed
from seatrial.model.shards import LOGICAL_SHARDS, usual_imbalance

__all__ = ["Layout", "Load", "connections_of", "fleet_of", "hits_needed", "hosts_by_formula", "largest_of"]

BALANCER_IMBALANCE = 1.1
"""A balancer does not share out evenly: the busiest host has some 10 % more."""

SPARE_HOSTS = 1
HOSTS_UNTIL_LARGER = 30
"""More hosts than this are nothing to keep by hand, so a larger size is taken while there is one."""

REPLICAS_MAX = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked for. rate_rps: in the busiest hour. app_s, database: per request, on the CPU of the study.

    job_rate_per_s: background jobs; each costs what a request does. headroom: kept free on a single machine. speed_z:
    how fast rented CPUs turn out to be, as a standard normal.
    """

    rate_rps: float
    app_s: float
    database: DatabaseWork
    job_rate_per_s: float
    utilization_limit: float
    headroom: float
    people: int
    speed_z: float = 0.0

    @property
    def database_s(self) -> float:
        """CPU seconds of the database per request of the mix."""
        return self.database.read_cpu_s + self.database.write_cpu_s

    @property
    def database_rate_rps(self) -> float:
        """Requests of the mix that the database is asked for, those of jobs among them."""
        return self.rate_rps + self.job_rate_per_s

    @property
    def job_workers(self) -> int:
        """Processes that work on jobs, each on one at a time, on the CPU of the study."""
        return self.jobs_on(1.0)

    def jobs_on(self, slower: float) -> int:
        """The same where each takes so many times as long."""
        busy = self.job_rate_per_s * (self.app_s + self.database_s) * slower
        return math.ceil(round(busy / self.utilization_limit, 9)) if busy else 0

    def rented(self, host: HostOffer | None, database: DatabaseOffer | None) -> "Load":
        """The same load in CPU seconds of these machines; None leaves those of the study."""
        work, slower = self.database, 1.0 if database is None else database.slower_at(self.speed_z)
        slower_app = 1.0 if host is None else host.slower_at(self.speed_z)
        return replace(
            self,
            app_s=self.app_s * slower_app,
            database=replace(
                work, read_s=work.read_s * slower, write_s=work.write_s * slower, apply_s=work.apply_s * slower
            ),
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """shape: "one machine", "machine and database" or "fleet". usd_month: hosts, balancer and databases.

    connections: to one database server, twice the app's own for a rolling deploy.
    """

    shape: str
    host: HostOffer
    hosts: int
    workers: int
    replicas: int
    shards: int
    database: DatabaseOffer | None
    job_workers: int
    connections: int
    usd_month: float


def hosts_by_formula(load: Load, host: HostOffer) -> int:
    """ceil(1.1 x busy CPUs / (utilization limit x CPUs)) + 1: what the load needs, and one that may fail."""
    busy = BALANCER_IMBALANCE * _app_cpus(load) * host.slower_at(load.speed_z)
    return max(1, math.ceil(round(busy / (load.utilization_limit * host.cpus), 9))) + SPARE_HOSTS


def hits_needed(load: Load, cpus: float) -> float | None:
    """Share of reads that a cache must answer so that one machine of so many of the study's CPUs is database enough.

    rate x (writes + (1 - hits) x reads) = utilization limit x CPUs; reads that follow a write at once are not cached.
    None: it is too much even with every other read answered.
    """
    work, rate = load.database, load.database_rate_rps
    room = load.utilization_limit * cpus / rate - work.pinned_cpu_s
    if room >= work.shared_cpu_s:
        return 0.0
    return None if room < 0.0 else 1.0 - room / work.shared_cpu_s


def _app_cpus(load: Load) -> float:
    return (load.rate_rps + load.job_rate_per_s) * load.app_s


def fleet_of(load: Load, inputs: GrowthInputs, offers: Offers) -> Layout:
    """The cheapest fleet with as few shards as can be."""
    host, hosts = _hosts(load, inputs, offers)
    database, shards, replicas = _databases(load, offers) if inputs.has_database else (None, 0, 0)
    workers = hosts * inputs.workers_on(host.cpus)
    job_workers = load.jobs_on(host.slower_at(load.speed_z))
    balancer = offers.hosts[0].usd_month
    return Layout(
        "fleet",
        host,
        hosts=hosts,
        workers=workers,
        replicas=replicas,
        shards=shards,
        database=database,
        job_workers=job_workers,
        connections=connections_of(inputs, hosts, inputs.workers_on(host.cpus), job_workers),
        usd_month=hosts * host.usd_month
        + balancer
        + shards * (1 + replicas) * (database.usd_month if database else 0.0),
    )


def _hosts(load: Load, inputs: GrowthInputs, offers: Offers) -> tuple[HostOffer, int]:
    fitting = [
        (host, hosts_by_formula(load, host))
        for host in offers.hosts
        if inputs.host_bytes(inputs.workers_on(host.cpus), with_database=False) <= host.app_memory_bytes
    ] or [(offers.hosts[-1], hosts_by_formula(load, offers.hosts[-1]))]
    few = [each for each in fitting if each[1] <= HOSTS_UNTIL_LARGER]
    if not few:
        return max(fitting, key=lambda each: (each[0].cpus, -each[0].usd_month))
    return min(few, key=lambda each: (each[1] * each[0].usd_month, each[1]))


def _databases(load: Load, offers: Offers) -> tuple[DatabaseOffer, int, int]:
    """Database plan, shards and replicas of each: fewest shards, then fewest replicas, then the price.

    Both change the app, and each server is one more to keep.
    """
    largest, limit = largest_of(offers.databases), load.utilization_limit
    shards = _fewest_shards(load.rented(None, largest), limit * largest.cpus)
    found = []
    for offer in offers.databases:
        replicas = _replicas(load.rented(None, offer), shards, limit * offer.cpus)
        if replicas is not None:
            found.append((replicas, offer.usd_month, offer))
    if not found:  # no count of shards is enough: what is there of everything
        return largest, shards, REPLICAS_MAX
    replicas, _, offer = min(found, key=lambda each: each[:2])
    return offer, shards, replicas


def largest_of(databases: Sequence[DatabaseOffer]) -> DatabaseOffer:
    """The one that does most."""
    return max(databases, key=lambda offer: offer.cpus / offer.slower[1])


def _fewest_shards(load: Load, usable_cpus: float) -> int:
    work, rate = load.database, load.database_rate_rps
    shards = max(1, math.ceil(round(rate * work.pinned_cpu_s / usable_cpus, 9)))
    while shards < LOGICAL_SHARDS and _replicas(load, shards, usable_cpus) is None:
        shards += max(1, shards // 20)
    return min(shards, LOGICAL_SHARDS)


def _replicas(load: Load, shards: int, usable_cpus: float) -> int | None:
    """Of each primary, as the busiest of them needs."""
    busiest_rps = load.database_rate_rps * usual_imbalance(shards, load.people) / shards
    return replicas_needed(load.database, busiest_rps, usable_cpus, REPLICAS_MAX)


def connections_of(inputs: GrowthInputs, hosts: int, workers: int, job_workers: int) -> int:
    """To one database server at the worst moment of a deploy; workers: of each host. 0 without a database.

    Limits of managed databases leave the superuser's own connections out already.
    """
    if not inputs.has_database:
        return 0
    background = max(job_workers, inputs.background_connections)
    each = inputs.connections_per_worker
    return connections_needed(workers, each, instances=hosts, background=background, reserve=0).total
