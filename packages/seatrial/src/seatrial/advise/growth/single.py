"""One machine for everybody, or one and a managed database: what `--users` answers, by the same appraisals. Pure."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from seatrial.advise.advice import Offer
from seatrial.advise.appraisal import Appraiser
from seatrial.advise.growth.layout import Layout, Load
from seatrial.advise.growth.offers import DatabaseOffer, database_offer, host_offer
from seatrial.advise.placements import Placement, placements_apart, placements_together
from seatrial.advise.plan_search import PlanSearch
from seatrial.spec.catalog import Catalog

__all__ = ["Machines", "Single"]


@dataclass(frozen=True, slots=True)
class Single:
    """A layout without fleet, and what it carries: low, point, high (95 %), in requests of the measured mix."""

    layout: Layout
    low_rps: float
    capacity_rps: float
    high_rps: float


@dataclass(frozen=True, slots=True)
class _Rung:
    """A placement that carries more than every cheaper one. point_rps: with its CPU as fast as it typically is."""

    single: Single
    point_rps: float


class Machines:
    """Every single machine of the catalogue, and with a managed database of its provider every one again.

    measured_s: CPU of one request of the measured mix, so that loads of other mixes count as so many of those.
    """

    def __init__(self, appraiser: Appraiser, plans: Catalog, measured_s: float, *, has_database: bool) -> None:
        self._appraiser, self._plans, self._measured_s = appraiser, plans, measured_s
        self._together = placements_together(plans, has_database=has_database)
        self._apart = placements_apart(plans) if has_database else ()
        self._has_database = has_database
        self._searches = [PlanSearch(appraiser, each) for each in (self._together, self._apart) if each]
        self._rungs: tuple[_Rung, ...] | None = None

    def surely(self, load: Load) -> Single | None:
        """The cheapest that surely carries the load, as `seatrial advise --users` names it; None: no one machine does.

        Background jobs are not in it: what the app did beside its requests while it was measured is in its capacity.
        """
        asked_rps = load.rate_rps * self.weight(load)
        for search in self._searches:
            chosen = search.holding(asked_rps / (1.0 - load.headroom))
            if chosen is not None:
                return self._single(chosen, load)
        return None

    def knowing(self, load: Load) -> Layout | None:
        """The cheapest layout that carries the load, to one who knows the CPU's speed (load.speed_z) and the demands.

        By short simulations with the typical speed, carried in proportion.
        """
        if self._rungs is None:
            self._rungs = tuple(self._found_rungs())
        needed_rps = load.rate_rps * self.weight(load) / (1.0 - load.headroom)
        for rung in self._rungs[self._first(self._rungs, needed_rps, load) :]:
            host = rung.single.layout.host
            if rung.point_rps * host.slower[1] / host.slower_at(load.speed_z) >= needed_rps:
                jobs = load.jobs_on(host.slower_at(load.speed_z))
                return replace(rung.single.layout, job_workers=jobs)
        return None

    def confidence(self, plan_id: str) -> str:
        """How sure the speed of a plan's CPU is, in words; "" for no plan of the catalogue."""
        plan = self._plans.by_id.get(plan_id)
        return "" if plan is None else self._appraiser.carried(plan).confidence

    def price_source(self, plan_id: str) -> str:
        """Where its price was read; a fleet's plan may be of no catalogue."""
        plan = self._plans.by_id.get(plan_id)
        return "the study's own plan" if plan is None else plan.price.source

    def weight(self, load: Load) -> float:
        """What a request of the load costs over one of the measured mix."""
        return (load.app_s + load.database_s) / self._measured_s

    @staticmethod
    def _first(rungs: Sequence[_Rung], needed_rps: float, load: Load) -> int:
        """No cheaper rung can do it: even the one whose CPU may be fastest of all."""
        hosts = [rung.single.layout.host for rung in rungs]
        fastest = max((host.slower[1] / host.slower_at(load.speed_z) for host in hosts), default=1.0)
        return bisect_left([rung.point_rps for rung in rungs], needed_rps / fastest)

    def _found_rungs(self) -> Iterator[_Rung]:
        declared = self._appraiser.predictor.predict(self._appraiser.predictor.declared, draws=0)
        ratio = (declared.capacity_rps or 0.0) / declared.saturation_rps if declared.saturation_rps else 0.0
        most_rps = 0.0
        for placement in (*self._together, *self._apart):
            cpus = placement.lasting_cpus
            if cpus is None or self._appraiser.bound_rps(placement) * ratio <= most_rps:
                continue
            if self._appraiser.most_workers(placement) < 1:
                continue
            workers, quick_rps = self._appraiser.best_workers(placement, cpus)
            if quick_rps * ratio > most_rps:
                most_rps = quick_rps * ratio
                connections = self._appraiser.connections_of(placement, workers).total if self._has_database else 0
                yield _Rung(Single(self._layout(placement, workers, connections, 0), 0.0, most_rps, 0.0), most_rps)

    def _single(self, offer: Offer, load: Load) -> Single:
        by_id = self._plans.by_id
        placement = Placement(by_id[offer.plan.id], by_id[offer.database.id] if offer.database else None)
        connections = offer.connections.total if offer.connections is not None else 0
        layout = self._layout(placement, offer.workers, connections, 0)
        layout = replace(layout, job_workers=load.jobs_on(layout.host.slower_at(load.speed_z)))
        weight = self.weight(load)
        return Single(layout, offer.low_rps / weight, (offer.capacity_rps or 0.0) / weight, offer.high_rps / weight)

    def _layout(self, placement: Placement, workers: int, connections: int, job_workers: int) -> Layout:
        host = host_offer(placement.machine, self._appraiser.carried(placement.machine))
        managed = placement.database
        database: DatabaseOffer | None = None
        if managed is not None:
            database = database_offer(managed, self._appraiser.carried(placement.machine))
        return Layout(
            "one machine" if managed is None else "machine and database",
            host,
            hosts=1,
            workers=workers,
            replicas=0,
            shards=1 if self._has_database else 0,
            database=database,
            job_workers=job_workers,
            connections=connections,
            usd_month=placement.usd_month,
        )
