"""From a study and a need to advice: which plan, which next, why no cheaper one, what would help. Pure."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from seatrial.advise.advice import Advice, Change, Level, Offer
from seatrial.advise.appraisal import Appraiser
from seatrial.advise.appraising import appraiser_of, at_once_of
from seatrial.advise.dearness import dearness_hint, dearness_words
from seatrial.advise.hours import hours_words
from seatrial.advise.improvements import improvements
from seatrial.advise.need import ASSUMED, Need
from seatrial.advise.placements import Placement, placements_apart, placements_together
from seatrial.advise.plan_search import Found, PlanSearch
from seatrial.advise.prediction import Predictor
from seatrial.advise.quota_cost import quota_words
from seatrial.advise.words import server_words
from seatrial.measure.calibration_result import CalibrationResult
from seatrial.measure.figures import rounded
from seatrial.measure.measurement import Caveat
from seatrial.measure.study import Study
from seatrial.model.memory import MemoryModel
from seatrial.model.population import DEFAULT_HABITS, daily_users, habits_with
from seatrial.spec.catalog import Catalog, price_age_days
from seatrial.spec.habits import USUAL_HABITS

__all__ = ["choose_plan"]

LADDER_STEPS = 6

OLD_PRICE_DAYS = 365

UNEXPLAINED_TOLD = 0.1
"""Of the logarithm: 10 % between the saturation that the demands predict and the measured one."""


def choose_plan(
    study: Study,
    need: Need | None,
    plans: Catalog,
    *,
    here: CalibrationResult | None = None,
    there: CalibrationResult | None = None,
    habits: Mapping[str, tuple[float, float, float]] | None = None,
    headroom: float = 0.3,
) -> Advice:
    """The advice. need: None tells what the ladder of plans carries, for people of these habits and this headroom.

    Raises:
        StudyError: the study does not identify what another plan would do.
        SpecError: the calibrations cannot be compared.
    """
    people = {**USUAL_HABITS, **(habits or {})} if need is None else need.habits
    at_once = at_once_of(study.spec, people["requests_at_once"][1])
    appraiser = appraiser_of(study, plans, here=here, there=there, at_once=at_once)
    predictor, memory = appraiser.predictor, appraiser.memory
    has_database = study.spec.subject.database.kind != "none"
    search = PlanSearch(appraiser, placements_together(plans, has_database=has_database))
    blank = _blank(study, predictor, memory, need, habits=habits_with(_in_rate(habits or {})), headroom=headroom)
    if need is None:
        return replace(blank, ladder=search.ladder(LADDER_STEPS))
    found, way = search.cheapest(need.capacity_rps, need.rate_rps), search
    if found.chosen is None and has_database:
        way = PlanSearch(appraiser, placements_apart(plans))
        elsewhere = way.cheapest(need.capacity_rps, need.rate_rps)
        found = Found(elsewhere.chosen, elsewhere.runner_up, found.probable or elsewhere.probable, found.refused)
    best = search.largest(need.rate_rps) if found.chosen is None else None
    of_interest = found.chosen or found.probable or best
    return replace(
        blank,
        chosen=found.chosen,
        runner_up=found.runner_up,
        probable=found.probable,
        refused=found.refused,
        levels=_levels(need, way),
        changes=_changes(of_interest, appraiser, plans, has_database=has_database) if of_interest else (),
        is_cheapest=found.chosen is not None and not found.refused and found.probable is None,
        times_the_room=found.chosen.low_rps / need.capacity_rps if found.chosen else None,
        best=best,
        people_share=_people_share(need, of_interest),
        caveats=(
            *blank.caveats,
            *(_pages(of_interest, appraiser, plans, people["requests_at_once"]) if at_once > 1.0 else ()),
            *_old_price(of_interest, study, plans),
        ),
    )


def _blank(
    study: Study,
    predictor: Predictor,
    memory: MemoryModel | None,
    need: Need | None,
    *,
    habits: Mapping[str, tuple[float, float, float]],
    headroom: float,
) -> Advice:
    measured = predictor.predict(predictor.declared)
    kept_free = headroom if need is None else need.headroom
    return Advice(
        subject=study.spec.subject.name,
        server=server_words(study.spec, None),
        objective=study.spec.slo.words(),
        measured_at=study.created_at,
        measured_rps=measured.capacity_rps,
        measured_low_rps=measured.low_rps,
        measured_high_rps=measured.high_rps,
        need=need,
        people_per_rps=daily_users(1.0, habits if need is None else _in_rate(need.habits), kept_free),
        headroom=kept_free,
        caveats=_caveats(study, predictor, memory, need),
    )


def _in_rate(habits: Mapping[str, tuple[float, float, float]]) -> Mapping[str, tuple[float, float, float]]:
    return {name: span for name, span in habits.items() if name in DEFAULT_HABITS}


def _levels(need: Need, search: PlanSearch) -> tuple[Level, ...]:
    """The same question where people ask for less, or more, than is typical; empty when a rate was asked for."""
    if need.low_rps == need.high_rps:
        return ()
    levels = []
    for name, rate in (("quiet", need.low_rps), ("typical", need.rate_rps), ("busy", need.high_rps)):
        chosen = search.cheapest(need.capacity_for(rate), need.rate_rps, is_brief=True).chosen
        levels.append(Level(name, rate, chosen.id if chosen else "", chosen.usd_month if chosen else None))
    return tuple(levels)


def _changes(offer: Offer, appraiser: Appraiser, plans: Catalog, *, has_database: bool) -> tuple[Change, ...]:
    placement = _placement(offer, plans)
    configuration = appraiser.configuration_of(placement, offer.workers)
    most = appraiser.most_workers(placement)
    return improvements(appraiser.predictor, configuration, workers_max=most, has_database=has_database)


def _pages(
    offer: Offer | None, appraiser: Appraiser, plans: Catalog, span: tuple[float, float, float]
) -> tuple[Caveat, ...]:
    """What the offer would carry if pages sent fewer or more requests at once than is assumed."""
    if offer is None or offer.capacity_rps is None:
        return ()
    configuration = appraiser.configuration_of(_placement(offer, plans), offer.workers)
    rates = [
        appraiser.predictor.predict(replace(configuration, at_once=max(1.0, each)), draws=0).capacity_rps or 0.0
        for each in (span[0], span[2])
    ]
    text = (
        f"A page is taken to send {span[1]:g} requests at once, which the trial did not: {offer.id} carries "
        f"{rounded(offer.capacity_rps)} requests/s so. With {span[0]:g} at once it would be {rounded(rates[0])}, with "
        f"{span[2]:g} {rounded(rates[1])}."
    )
    hint = "Look at a page in a browser's network view, and say it: --assume requests_at_once=1"
    return (Caveat("requests-at-once", text, hint),)


def _placement(offer: Offer, plans: Catalog) -> Placement:
    return Placement(plans.by_id[offer.plan.id], plans.by_id[offer.database.id] if offer.database else None)


def _old_price(offer: Offer | None, study: Study, plans: Catalog) -> tuple[Caveat, ...]:
    """Prices are told with their date; one that was old already when the study was made is warned of."""
    if offer is None:
        return ()
    age_days = price_age_days(plans.by_id[offer.plan.id], date.fromisoformat(study.created_at[:10]))
    if age_days is None or age_days <= OLD_PRICE_DAYS:
        return ()
    text = f"The price of {offer.plan.id} is from a list of {offer.plan.price_as_of}."
    return (Caveat("old-price", text, "Look it up, and put yours into a file: --plans my-plans.toml."),)


def _people_share(need: Need, offer: Offer | None) -> float | None:
    """Of the spread of the answer, what people's habits bring; the rest is the model and the processor."""
    if offer is None or not offer.low_rps or not offer.high_rps:
        return None
    own = (math.log(offer.high_rps / offer.low_rps) / (2 * 1.96)) ** 2
    return need.log_variance / (need.log_variance + own) if need.log_variance + own else None


def _caveats(study: Study, predictor: Predictor, memory: MemoryModel | None, need: Need | None) -> tuple[Caveat, ...]:
    found = []
    if not study.complete:
        text = "The study was interrupted: what is in it is true, and fewer starts make a wider interval."
        found.append(Caveat("incomplete-study", text, "Measure again, to the end."))
    if predictor.predict(predictor.declared).low_rps is None:
        text = "One fresh start was measured, which has no interval: no plan can be said to hold surely."
        found.append(Caveat("one-start", text, "Measure without --quick."))
    hint = "" if predictor.hours else "Measure again at another hour: studies of the same code are reckoned together."
    found.append(Caveat("hours", hours_words(predictor.hours), hint))
    if text := dearness_words(predictor.dearness):
        found.append(Caveat("workers-share-cpus", text, dearness_hint(predictor.dearness, study.spec)))
    if text := quota_words(predictor.dearness.quota):
        found.append(Caveat("fraction-of-a-cpu", text, ""))
    if abs(math.log(predictor.unexplained)) > UNEXPLAINED_TOLD:
        text = (
            f"What the requests were measured to cost explains {100 / max(predictor.unexplained, 1e-9):.0f} % of the "
            "saturation that was seen; the rest is a factor on everything."
        )
        found.append(Caveat("demands-do-not-explain", text, "Look for locks, or other programs on the machine."))
    if memory is None:
        text = "Memory could not be read where it was measured, so whether it fits is not known."
        found.append(Caveat("no-memory-readings", text, "Measure on Linux."))
    elif memory.is_worker_assumed:
        text = "A further worker's memory was not measured: it is taken to cost as much as a whole process."
        found.append(Caveat("further-worker-assumed", text, "Measure with measure.plan_starts = 1."))
    at_once = need is not None and need.habits["requests_at_once"][1] > 1 and ASSUMED in need.sources.values()
    if need is not None and at_once and study.spec.workload.mix:
        low, typical, high = need.habits["requests_at_once"]
        text = (
            f"A page may send several requests at once ({typical:g}, {low:g} to {high:g}). Those that the journeys do "
            "not send at once are not reckoned with, and visitors then wait longer than these rates say."
        )
        found.append(Caveat("requests-at-once", text, "Send them so in the journey: with page."))
    return tuple(found)
