"""The catalogue walked from the cheapest plan up, until one holds. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seatrial.advise.advice import Offer, Refusal, Standing
from seatrial.advise.appraisal import Appraiser
from seatrial.advise.placements import Placement
from seatrial.measure.figures import rounded

__all__ = ["Found", "PlanSearch"]

MEBIBYTE = 1024 * 1024
SLACK = 1.05
"""Between a short simulation and a long one."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk came to: the cheapest that holds and the next (None: none does), cheaper ones that only probably do,
    and why the others do not."""

    chosen: Offer | None
    runner_up: Offer | None
    probable: Offer | None
    refused: tuple[Refusal, ...]


class PlanSearch:
    """Walks placements, cheapest first; what was appraised for one question is kept for the next."""

    def __init__(self, appraiser: Appraiser, placements: Sequence[Placement]) -> None:
        self._appraiser, self._placements = appraiser, placements
        self._offers: dict[str, Offer] = {}
        self._slowest: dict[str, float] = {}

    def cheapest(self, capacity_rps: float, rate_rps: float, *, is_brief: bool = False) -> Found:
        """The cheapest placement that surely carries so much. rate_rps: asked for, headroom left off; is_brief: without
        runner-up."""
        refused: list[Refusal] = []
        probable = chosen = None
        dearer = iter(self._placements)
        for placement in dearer:
            looked = self._look_at(placement, capacity_rps, rate_rps)
            if isinstance(looked, Refusal):
                refused.append(looked)
            elif looked.standing(capacity_rps) == Standing.HOLDS:
                chosen = looked
                break
            elif probable is None:
                probable = looked
        if chosen is None or is_brief:
            return Found(chosen, None, probable, tuple(refused))
        runner_up = self._runner_up(tuple(dearer), chosen, capacity_rps, rate_rps)
        return Found(chosen, runner_up, probable, tuple(refused))

    def holding(self, capacity_rps: float) -> Offer | None:
        """As `cheapest`, the chosen one alone: what cannot hold even with the slowest CPU it may have is not appraised.

        Fast enough to be asked again and again.
        """
        for placement in self._placements:
            if self._slowest_rps(placement, capacity_rps) * SLACK < capacity_rps:
                continue
            offer = self._offer(placement, placement.lasting_cpus or 0.0, None)
            if offer.standing(capacity_rps) == Standing.HOLDS:
                return offer
        return None

    def _slowest_rps(self, placement: Placement, asked_rps: float) -> float:
        """About the most that can be said of it surely; 0 where not even one worker fits, or its CPUs cannot do it."""
        if placement.id not in self._slowest:
            if self._appraiser.bound_rps(placement) * SLACK < asked_rps:
                return 0.0
            cpus = placement.lasting_cpus
            fits = cpus is not None and self._appraiser.most_workers(placement) >= 1
            self._slowest[placement.id] = self._appraiser.slowest_rps(placement, cpus) if fits and cpus else 0.0
        return self._slowest[placement.id]

    def ladder(self, steps: int, step_up: float = 1.25) -> tuple[Offer, ...]:
        """What the plans carry, cheapest first: each at least `step_up` times as much as any cheaper one."""
        found: list[Offer] = []
        most_rps = 0.0
        for placement in self._placements:
            cpus = placement.lasting_cpus
            if len(found) == steps:
                break
            if cpus is None or self._appraiser.most_workers(placement) < 1:
                continue
            quick_rps = self._appraiser.quick_rps(placement, cpus)
            if quick_rps >= step_up * most_rps:
                found.append(self._offer(placement, cpus, None))
                most_rps = quick_rps
        return tuple(found)

    def largest(self, rate_rps: float) -> Offer | None:
        """Of all placements, the one that carries most; None when none can be reckoned."""
        known = [
            (placement, cpus)
            for placement in self._placements
            if (cpus := placement.lasting_cpus) is not None and self._appraiser.most_workers(placement) >= 1
        ]
        if not known:
            return None
        placement, cpus = max(known, key=lambda each: self._appraiser.quick_rps(*each))
        return self._offer(placement, cpus, rate_rps)

    def _runner_up(
        self, dearer: Sequence[Placement], chosen: Offer, capacity_rps: float, rate_rps: float
    ) -> Offer | None:
        """The next that holds from another provider; the next at all where no other has one."""
        others = [each for each in dearer if each.machine.provider != chosen.plan.provider]
        own = [each for each in dearer if each.machine.provider == chosen.plan.provider]
        for placements in (others, own):
            offer = next(self._holding(placements, capacity_rps, rate_rps), None)
            if offer is not None:
                return offer
        return None

    def _holding(self, placements: Sequence[Placement], capacity_rps: float, rate_rps: float) -> Iterator[Offer]:
        for placement in placements:
            looked = self._look_at(placement, capacity_rps, rate_rps)
            if isinstance(looked, Offer) and looked.standing(capacity_rps) == Standing.HOLDS:
                yield looked

    def _look_at(self, placement: Placement, capacity_rps: float, rate_rps: float) -> Offer | Refusal:
        """An offer that at least probably holds, or the first reason why there is none."""
        cpus = placement.lasting_cpus
        if cpus is None:
            text = "how much of its CPU may be used for ever is not known"
            return Refusal(placement.id, placement.usd_month, "unknown", text)
        if self._appraiser.most_workers(placement) < 1:
            return self._no_worker(placement)
        quick_rps = self._appraiser.quick_rps(placement, cpus)
        if quick_rps < capacity_rps:
            return self._too_slow(placement, cpus, quick_rps)
        offer = self._offer(placement, cpus, rate_rps)
        if offer.standing(capacity_rps) == Standing.NO:
            return self._too_slow(placement, cpus, offer.capacity_rps or 0.0)
        return offer

    def _offer(self, placement: Placement, cpus: float, rate_rps: float | None) -> Offer:
        if placement.id not in self._offers:
            self._offers[placement.id] = self._appraiser.appraise(placement, cpus, rate_rps)
        return self._offers[placement.id]

    def _no_worker(self, placement: Placement) -> Refusal:
        share, connections = self._appraiser.least_memory(placement), self._appraiser.connections_of(placement, 1)
        if share is not None and share.high > share.available:
            text = (
                f"one worker and its database may take {share.high / MEBIBYTE:,.0f} MB, and it leaves them "
                f"{share.available / MEBIBYTE:,.0f} MB"
            )
            return Refusal(placement.id, placement.usd_month, "memory", text)
        text = f"one worker may need {connections.total} database connections, and it allows {connections.limit}"
        return Refusal(placement.id, placement.usd_month, "connections", text)

    def _too_slow(self, placement: Placement, cpus: float, rate_rps: float) -> Refusal:
        if placement.burst is not None:
            text = f"it may use {cpus:.2g} of a CPU for ever, which carries {rounded(rate_rps)} requests/s"
            return Refusal(placement.id, placement.usd_month, "burst", text)
        return Refusal(placement.id, placement.usd_month, "cpu", f"it carries {rounded(rate_rps)} requests/s")
