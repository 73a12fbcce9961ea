"""The formulas' fleet against a simulated one. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seatrial.advise.growth.findings import FleetCheck
from seatrial.advise.growth.inputs import GrowthInputs, Part
from seatrial.advise.growth.layout import REPLICAS_MAX, SPARE_HOSTS, Layout, Load
from seatrial.model.fleet import Fleet, fewest_machines, simulate_fleet
from seatrial.model.highest_rate import Tried, highest_rate_rps
from seatrial.model.replicas import carried_rps as carried_by_replicas
from seatrial.model.shards import usual_imbalance

__all__ = ["Shape", "checked"]

REQUESTS = 6_000
CELL_CPUS = 16
"""Of so many CPUs or fewer a part of the fleet is simulated: long enough, with these requests, for queues to show."""

REPLICAS_TRIED_MAX = 3 * REPLICAS_MAX
AMPLE_CPUS = 1e4
FULL = 0.97
"""Above this utilization a queue grows for longer than a run lasts."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the busiest minute's requests come. peak_minute: its rate over that of the busiest hour. at_once: requests
    that a page sends in the same moment.
    """

    peak_minute: float
    at_once: float = 1.0


def checked(load: Load, layout: Layout, inputs: GrowthInputs, parts: Sequence[Part], shape: Shape) -> FleetCheck:
    """Simulates the busiest minute on ever fewer or more machines; parts: of the mix, on the rented CPU."""
    if layout.shape != "fleet":
        raise ValueError("one machine is no fleet")
    simulated = _hosts(load, layout, inputs, parts, shape)
    replicas = _replicas(load, layout, inputs, parts, shape)
    return FleetCheck(
        formula_hosts=layout.hosts,
        simulated_hosts=simulated,
        told_hosts=max(layout.hosts, simulated or 0),
        formula_replicas=layout.replicas,
        simulated_replicas=replicas,
        told_replicas=max(layout.replicas, replicas or 0),
        told="simulation" if (simulated or 0) > layout.hosts else "formula",
        difference=None if simulated is None else simulated / layout.hosts - 1.0,
    )


def _hosts(load: Load, layout: Layout, inputs: GrowthInputs, parts: Sequence[Part], shape: Shape) -> int | None:
    """The fewest hosts, the one that may fail among them, before a database that is never the limit.

    The highest rate that a few of them carry together is simulated; more of them carry as much more, since hosts behind
    a balancer do not know of each other. None: even an idle host misses the objective.
    """
    cpus = layout.host.cpus
    cell = max(1, min(layout.hosts - SPARE_HOSTS, round(CELL_CPUS / cpus)))
    slots = inputs.workers_on(cpus) * inputs.threads
    fleet = Fleet(cell, cpus, slots, database_cpus=AMPLE_CPUS, timeout_s=inputs.spec.workload.timeout_s)
    limit_s = inputs.spec.slo.latency_max_s

    def run(rate_rps: float) -> Tried:
        time_s = _quantile_s(fleet, rate_rps, inputs, parts, shape.at_once)
        return Tried(rate_rps, limit_s / max(time_s, 1e-9), time_s <= limit_s)

    full_rps = cell * cpus / max(1e-9, load.app_s)
    carried_rps = highest_rate_rps(run, run(full_rps / 1000.0).slack, full_rps)
    if carried_rps is None:
        return None
    needed = shape.peak_minute * (load.rate_rps + load.job_rate_per_s) / carried_rps * cell
    return math.ceil(round(needed, 9)) + SPARE_HOSTS


def _replicas(load: Load, layout: Layout, inputs: GrowthInputs, parts: Sequence[Part], shape: Shape) -> int | None:
    """The fewest replicas of the busiest shard, behind hosts that are never the limit; 0: the primary does it."""
    database = layout.database
    if database is None:
        return 0
    rate_rps = shape.peak_minute * load.database_rate_rps / layout.shards
    rate_rps *= usual_imbalance(layout.shards, load.people) if layout.shards > 1 else 1.0
    cpus = database.cpus
    reads = max(1e-9, 1.0 - load.database.write_share)

    def meets(replicas: int) -> bool:
        if rate_rps > FULL * carried_by_replicas(load.database, replicas, cpus):
            return False
        fleet = Fleet(
            hosts=1,
            host_cpus=AMPLE_CPUS,
            slots=1_000_000,
            replicas=replicas,
            database_cpus=cpus,
            primary_read_share=load.database.primary_read_share / reads,
            apply_share=load.database.apply_s / load.database.write_s if load.database.write_s else 0.0,
            timeout_s=inputs.spec.workload.timeout_s,
        )
        return _quantile_s(fleet, rate_rps, inputs, parts, shape.at_once) <= inputs.spec.slo.latency_max_s

    if meets(0):
        return 0
    return fewest_machines(meets, max(1, layout.replicas), most=REPLICAS_TRIED_MAX)


def _quantile_s(fleet: Fleet, rate_rps: float, inputs: GrowthInputs, parts: Sequence[Part], at_once: float) -> float:
    """The objective's quantile of the response time at that rate."""
    demands, writes = [part.demand for part in parts], [part.kind == "write" for part in parts]
    seed = inputs.spec.measure.seed
    outcome = simulate_fleet(demands, writes, fleet, rate_rps, requests=REQUESTS, seed=seed, at_once=at_once)
    return outcome.response_time_quantile_s(inputs.spec.slo.latency_quantile)
