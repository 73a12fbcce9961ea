"""The numbers of one user count, over many drawn cases, and how much of each spread is people's habits. Pure."""

import math
from collections.abc import Mapping, Sequence
from statistics import pvariance

from seatrial.advise.growth.assumptions import Assumption
from seatrial.advise.growth.cases import Case, drawn_cases, load_of, people_with_account
from seatrial.advise.growth.data import DataLaws
from seatrial.advise.growth.findings import Span
from seatrial.advise.growth.inputs import GrowthInputs
from seatrial.advise.growth.layout import Layout, Load, fleet_of, hits_needed, largest_of
from seatrial.advise.growth.offers import Offers
from seatrial.advise.growth.single import Machines, Single
from seatrial.model.cache import cached_objects_for
from seatrial.model.draws import quantiles

__all__ = ["Figures", "Reckoner"]

DRAWS = 400
CACHE_DRAWS = 100
"""Sizing a cache costs as much as twenty layouts, so fewer cases do it."""

Figures = Mapping[str, float]
"""Name of a number, as in GrowthRow -> its value; inf where there is none."""


class Reckoner:
    """Everything but the user count: what the study says, what is assumed, what can be rented."""

    def __init__(
        self,
        inputs: GrowthInputs,
        laws: DataLaws,
        offers: Offers,
        assumptions: Mapping[str, Assumption],
        *,
        headroom: float,
        machines: Machines,
    ) -> None:
        self.inputs, self.laws, self.offers, self.assumptions = inputs, laws, offers, assumptions
        self.headroom, self.machines = headroom, machines
        self.largest = largest_of(offers.databases)

    def load(self, users: float, case: Case) -> Load:
        """What so many daily users ask for in that case."""
        return load_of(users, case, self.inputs, self.laws, self.headroom)

    def single(self, users: float, case: Case) -> Single | None:
        """The cheapest machine that surely does it without a fleet, and what it carries."""
        return self.machines.surely(self.load(users, case))

    def layout(self, users: float, case: Case) -> Layout:
        """One machine for them, or the fleet. What a drawn case is known to be is decided with that knowledge."""
        return self._layout(self.load(users, case), case)

    def _layout(self, load: Load, case: Case) -> Layout:
        if case.is_known:
            layout = self.machines.knowing(load)
        else:
            single = self.machines.surely(load)
            layout = None if single is None else single.layout
        return layout or fleet_of(load, self.inputs, self.offers)

    def hits(self, users: float, case: Case) -> float | None:
        """Share of the reads that a cache must answer, see `hits_needed`, for the largest database server."""
        return hits_needed(self.load(users, case).rented(None, self.largest), self.largest.cpus)

    def spans(self, users: float, typical: Case, told: Figures) -> Mapping[str, Span]:
        """Each number as 5 %, what is told of the typical case, and 95 %."""
        everything, habits, machines = (
            [self._figures(users, case) for case in self._cases(typical, DRAWS, **kept)]
            for kept in ({}, {"machines": False}, {"habits": False})
        )
        spans = {}
        for name in told:
            low, _, high = quantiles([each[name] for each in everything])
            share = _habits_share([each[name] for each in habits], [each[name] for each in machines])
            spans[name] = _span(min(low, told[name]), told[name], max(high, told[name]), share)
        return {**spans, **self._cache(users, typical)}

    def typical_figures(self, users: float, typical: Case) -> Figures:
        """The numbers of the typical case, by the formulas."""
        return self._figures(users, typical)

    def _cases(self, typical: Case, draws: int, *, habits: bool = True, machines: bool = True) -> list[Case]:
        half = self.inputs.demand_half
        drawn = drawn_cases(self.assumptions, half, draws, typical.rate_per_user, habits=habits, machines=machines)
        return list(drawn)

    def _figures(self, users: float, case: Case) -> Figures:
        load = self.load(users, case)
        layout = self._layout(load, case)
        return {
            "peak_rps": load.rate_rps,
            "app_cpus": load.rate_rps * load.rented(layout.host, None).app_s,
            "workers": layout.workers,
            "hosts": layout.hosts,
            "replicas": layout.replicas,
            "shards": layout.shards,
            "job_workers": layout.job_workers,
            "connections": layout.connections,
            "usd_month": layout.usd_month,
        }

    def _cache(self, users: float, typical: Case) -> Mapping[str, Span]:
        told = self._cache_figures(users, typical)
        drawn = [self._cache_figures(users, case) for case in self._cases(typical, CACHE_DRAWS)]
        spans = {}
        for place, name in enumerate(("cache_hit_ratio", "cache_bytes")):
            low, _, high = quantiles([each[place] for each in drawn])
            spans[name] = _span(min(low, told[place]), told[place], max(high, told[place]), None)
        return spans

    def _cache_figures(self, users: float, case: Case) -> tuple[float, float]:
        hits = self.hits(users, case)
        if not hits:
            return (math.inf, math.inf) if hits is None else (0.0, 0.0)
        values = case.values
        objects = max(1.0, users * values["objects_per_daily_user"])
        kept = cached_objects_for(hits, objects, values["zipf_exponent"], fine=False)
        return hits, kept * values["object_bytes"]

    def people(self, users: float, typical: Case) -> float:
        """Whose data there is, typically."""
        return people_with_account(users, typical)


def _habits_share(habits: Sequence[float], machines: Sequence[float]) -> float | None:
    """Of the variance of the logarithm: that with only habits varying, over its sum with that of all else varying."""
    if min(*habits, *machines) <= 0 or not math.isfinite(max(*habits, *machines)):
        return None
    parts = [pvariance([math.log(value) for value in values]) for values in (habits, machines)]
    return parts[0] / sum(parts) if sum(parts) > 0 else None


def _span(low: float, typical: float, high: float, share: float | None) -> Span:
    low_, typical_, high_ = (value if math.isfinite(value) else None for value in (low, typical, high))
    return Span(low_, typical_, high_, share)
