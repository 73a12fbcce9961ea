"""Plans for an app of 8 ms CPU a request: 125 requests/s for each CPU at saturation, by arithmetic.

Nothing is known of the processors there, so they may be 40 % faster or slower: the low end is about 0.6 of the point.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.advise.advice import Offer, Refusal, Standing
from seatrial.advise.appraisal import Appraiser
from seatrial.advise.footprint import memory_seen
from seatrial.advise.improvements import improvements
from seatrial.advise.placements import Placement
from seatrial.advise.plan_search import Found, PlanSearch
from seatrial.advise.prediction import Predictor
from seatrial.measure.study import Study
from seatrial.model.carrying import carry
from seatrial.spec.catalog import catalog
from seatrial.spec.plan import Limits, Plan, Price

MEBIBYTE = 1024 * 1024
MakeStudy = Callable[..., Study]


def a_plan(name: str, usd: float, cpus: float = 1.0, memory_mb: int = 1024, **other: object) -> Plan:
    limits = Limits(cpus, memory_mb * MEBIBYTE, str(other.pop("kind", "own")), other.pop("baseline", None))  # type: ignore[arg-type]
    extra = {"pg_max_connections": str(other["connections"])} if "connections" in other else {}
    provider = str(other.get("provider", "Host"))
    return Plan(name, provider, name, limits, Price(usd, "host.example", "2026-01-01"), extra=extra)


@pytest.fixture(scope="module")
def study(a_study: MakeStudy) -> Study:
    # A second worker was seen to add nothing: 125/s again.
    return a_study(plan_saturated=125.0)


@pytest.fixture(scope="module")
def predictor(study: Study) -> Predictor:
    return Predictor(study, requests=2_000)


@pytest.fixture(scope="module")
def appraiser(study: Study, predictor: Predictor) -> Appraiser:
    return an_appraiser(study, predictor)


def an_appraiser(study: Study, predictor: Predictor) -> Appraiser:
    memory = memory_seen(study.memory, study.spec.subject)
    return Appraiser(study, predictor, memory, lambda plan: carry(plan, None, None, catalog()))


def searched(appraiser: Appraiser, plans: list[Plan], rate_rps: float) -> Found:
    """With 30 % kept free."""
    return PlanSearch(appraiser, [Placement(plan) for plan in plans]).cheapest(rate_rps / 0.7, rate_rps)


def test_the_cheapest_plan_whose_low_end_carries_the_need_is_chosen(appraiser: Appraiser) -> None:
    # 40 / 0.7 = 57 requests/s; the low end is about 0.6 x 122 = 73.
    found = searched(appraiser, [a_plan("one", 4), a_plan("two", 8, 2)], 40)
    assert found.chosen is not None
    assert found.chosen.id == "one"
    assert found.chosen.capacity_rps == pytest.approx(122, rel=0.03)
    assert found.chosen.low_rps == pytest.approx(0.6 * 122, rel=0.05)
    assert found.refused == ()


def test_a_plan_whose_point_alone_carries_the_need_probably_does(appraiser: Appraiser) -> None:
    # 70 / 0.7 = 100: one CPU may carry 122 or 73, two carry at least 145.
    found = searched(appraiser, [a_plan("one", 4), a_plan("two", 8, 2)], 70)
    assert found.chosen is not None
    assert found.probable is not None
    assert (found.probable.id, found.chosen.id) == ("one", "two")
    assert found.probable.standing(100) == Standing.PROBABLY
    assert found.chosen.workers == 2


def test_the_runner_up_is_of_another_provider_where_one_holds(appraiser: Appraiser) -> None:
    plans = [a_plan("one", 4), a_plan("mine", 5), a_plan("theirs", 9, provider="Other")]
    found = searched(appraiser, plans, 40)
    assert found.runner_up is not None
    assert found.runner_up.id == "theirs"
    alone = searched(appraiser, plans[:2], 40)
    assert alone.runner_up is not None
    assert alone.runner_up.id == "mine"


def test_a_plan_too_small_for_one_worker_is_refused_with_the_sizes(appraiser: Appraiser) -> None:
    # App 74 MB + database 92 MB = 166 MB; 160 MB leave 120.
    (refused,) = searched(appraiser, [a_plan("tiny", 2, memory_mb=160)], 40).refused
    assert (refused.plan_id, refused.reason) == ("tiny", "memory")
    assert "120 MB" in refused.sentence


def test_memory_limits_the_workers_of_a_plan_with_more_cpus(appraiser: Appraiser) -> None:
    # 92 + 43 + 31 W MB, 5 % more between readings: W = 2 needs 207 of 240 - 60 = 180 MB, W = 1 174.
    placement = Placement(a_plan("narrow", 5, cpus=4, memory_mb=240))
    assert appraiser.most_workers(placement) == 1
    assert appraiser.appraise(placement, 4.0).workers == 1


def test_a_burst_plan_is_judged_by_what_it_may_use_for_ever(appraiser: Appraiser) -> None:
    plan = a_plan("burst", 5, cpus=2, kind="burst", baseline=0.05)
    (refused,) = searched(appraiser, [plan], 40).refused
    # 2 x 5 % of a CPU: a tenth of 125 requests/s.
    assert refused.reason == "burst"
    assert "0.1 of a CPU" in refused.sentence
    slow = appraiser.appraise(Placement(plan), 0.1)
    assert slow.capacity_rps is not None
    assert slow.burst_rps is not None
    # Each request takes 80 ms of a tenth of a CPU, so the objective binds below 12.5.
    assert 6 < slow.capacity_rps < 12.5
    # One worker: 6 ms of Python at a time, PostgreSQL beside it.
    assert 125 < slow.burst_rps < 167
    unknown = searched(appraiser, [a_plan("untold", 5, cpus=2, kind="burst")], 1).refused
    assert [refusal.reason for refusal in unknown] == ["unknown"]


def test_when_no_plan_holds_the_largest_is_told(appraiser: Appraiser) -> None:
    search = PlanSearch(appraiser, [Placement(a_plan("one", 4)), Placement(a_plan("two", 8, 2))])
    assert search.cheapest(10_000, 7_000).chosen is None
    largest = search.largest(7_000)
    assert largest is not None
    assert largest.id == "two"


def test_far_beyond_what_was_measured_is_marked(appraiser: Appraiser) -> None:
    assert not appraiser.appraise(Placement(a_plan("two", 8, 2)), 2.0).is_extrapolated
    assert appraiser.appraise(Placement(a_plan("sixteen", 80, 16, 32_768)), 16.0).is_extrapolated


def test_a_database_apart_leaves_the_app_all_of_its_cpu(appraiser: Appraiser) -> None:
    # 6 of the 8 ms are the app's: 125 x 8 / 6 = 167 requests/s at saturation.
    placement = Placement(a_plan("one", 4), a_plan("managed", 15, connections=22))
    offer = appraiser.appraise(placement, 1.0)
    assert offer.usd_month == 19
    assert offer.id == "one + managed"
    assert offer.capacity_rps == pytest.approx(160, rel=0.06)
    assert offer.connections is not None
    assert (offer.connections.limit, offer.connections.fits) == (22, True)
    # The provider's reserve is left out of its limit already: twice 2 x 4 while deploying, and a migration.
    assert (offer.workers, offer.connections.total) == (2, 17)


def test_a_pool_larger_than_a_managed_database_allows_refuses_the_plan(study: Study, predictor: Predictor) -> None:
    # SQLAlchemy as it comes, 5 + 10 for each process, twice while deploying, and a migration: 31 of 22.
    subject = study.spec.subject
    pooled = replace(subject, database=replace(subject.database, pool=5, overflow=10))
    greedy = replace(study, spec=replace(study.spec, subject=pooled))
    placement = Placement(a_plan("one", 4), a_plan("managed", 15, connections=22))
    looked = PlanSearch(an_appraiser(greedy, predictor), [placement]).cheapest(10, 7)
    assert [(refusal.reason, "31" in refusal.sentence) for refusal in looked.refused] == [("connections", True)]


def test_the_changes_that_help_most_are_told_with_their_gain(appraiser: Appraiser, predictor: Predictor) -> None:
    configuration = appraiser.configuration_of(Placement(a_plan("one", 4)), 1)
    changes = {
        change.name: change for change in improvements(predictor, configuration, workers_max=3, has_database=True)
    }
    assert len(changes) == 3
    # Two CPUs and two workers carry twice as much; reading is 0.9 x 5 of the mix's 6 ms and 8 in all.
    assert changes["twice the CPUs"].gain[1] == pytest.approx(2.0, rel=0.05)
    cheaper = changes["half the CPU of the app in read"]
    assert cheaper.gain[1] == pytest.approx(8 / (8 - 2.25), rel=0.05)
    assert cheaper.is_supposed
    for change in changes.values():
        assert change.gain[0] < change.gain[1] < change.gain[2]
    assert next(iter(changes)) == "twice the CPUs"


def test_an_offer_that_does_not_surely_fit_only_probably_holds(appraiser: Appraiser) -> None:
    offer: Offer = appraiser.appraise(Placement(a_plan("one", 4)), 1.0)
    assert offer.memory is not None
    assert offer.standing(50) == Standing.HOLDS
    tight = replace(offer, memory=replace(offer.memory, available=int(offer.memory.point)))
    assert tight.standing(50) == Standing.PROBABLY
    assert tight.standing(500) == Standing.NO


def test_refusals_carry_the_price_of_the_plan(appraiser: Appraiser) -> None:
    (refused,) = searched(appraiser, [a_plan("one", 4)], 500).refused
    assert refused == Refusal("one", 4.0, "cpu", refused.sentence)
    assert "125 requests/s" in refused.sentence
