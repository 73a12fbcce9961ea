"""How much dearer requests are in company, carried from two numbers of workers to others. Truth: arithmetic.

The app of `a_study` takes 8 ms of CPU alone, so 125 requests/s on one CPU; with two workers 10 ms, so 100/s. With
four it would take 8 x 1.25^2.41 = 13.7 ms, by the square root of their number, if what was seen were sure.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import fmean

import pytest

from seatrial.advise import conclude as conclude_module
from seatrial.advise.anchor import Anchor, anchors_of
from seatrial.advise.appraisal import Appraiser
from seatrial.advise.dearness import UNKNOWN_ERROR, Dearness, dearness_hint, dearness_of, dearness_words
from seatrial.advise.improvements import improvements
from seatrial.advise.interval import summed_variance, t_half_width
from seatrial.advise.placements import Placement
from seatrial.advise.prediction import Prediction, Predictor
from seatrial.measure.measurement import Measurement
from seatrial.measure.study import Study
from seatrial.model.carrying import carry
from seatrial.model.configuration import Configuration
from seatrial.model.work import OperationDemand
from seatrial.spec.catalog import catalog
from seatrial.spec.plan import Limits, Plan, Price
from seatrial.spec.slo import SLO

MakeStudy = Callable[..., Study]

COUNTED = 0.963
"""Of the exponent that was seen: starts differ by 2.28 %, so with one start over three it is as sure as
0.0263, and beforehand as 0.134: 1 / (1 + 0.0263^2 / 0.134^2)."""

TWO = math.sqrt(2.0) - 1.0


@pytest.fixture(scope="module")
def dearer(a_study: MakeStudy) -> Predictor:
    return Predictor(a_study(plan_saturated=100.0), requests=2_000)


@pytest.fixture(scope="module")
def unknown(a_study: MakeStudy) -> Predictor:
    return Predictor(a_study(plan_saturated=None), requests=2_000)


def of(predictor: Predictor, **change: object) -> Prediction:
    return predictor.predict(replace(predictor.declared, **change))  # type: ignore[arg-type]


def sides_of(predicted: Prediction) -> tuple[float, float]:
    """How far the ends of the interval are below and above, of logarithms."""
    assert predicted.low_rps
    assert predicted.high_rps
    assert predicted.capacity_rps
    return math.log(predicted.capacity_rps / predicted.low_rps), math.log(predicted.high_rps / predicted.capacity_rps)


def half_of(predicted: Prediction) -> float:
    assert predicted.low_rps is not None
    assert predicted.high_rps is not None
    return math.log(predicted.high_rps / predicted.low_rps) / 2.0


@pytest.mark.parametrize(
    ("workers", "cpus", "expected"),
    [(1, 1.0, 0.0), (2, 1.0, 1.0), (4, 1.0, 2.414), (4, 2.0, 1.0), (2, 2.0, 0.0), (1, 4.0, 0.0), (9, 0.5, 4.828)],
)
def test_crowding_goes_by_the_square_root_of_the_workers_of_a_cpu(workers: int, cpus: float, expected: float) -> None:
    assert Configuration(workers, 4, "gthread", cpus).crowding == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("workers", "cpus", "expected_ms"),
    [
        pytest.param(1, 1.0, 8.0, id="one: as measured"),
        pytest.param(2, 1.0, 10.0, id="two: as measured"),
        pytest.param(3, 1.0, 10 * 1.25 ** (COUNTED * (math.sqrt(3) - math.sqrt(2)) / TWO), id="three"),
        pytest.param(9, 1.0, 10 * 1.25 ** (COUNTED * (3 - math.sqrt(2)) / TWO), id="nine"),
        pytest.param(4, 2.0, 10.0, id="two on each of two CPUs: as two on one"),
        pytest.param(2, 2.0, 10 / 1.25**COUNTED, id="a CPU for each: as one alone"),
    ],
)
def test_other_numbers_of_workers_make_a_request_as_dear_as_they_crowd_it(
    dearer: Predictor, workers: int, cpus: float, expected_ms: float
) -> None:
    predicted = of(dearer, workers=workers, cpus=cpus)
    assert predicted.saturation_rps == pytest.approx(1000 * cpus / expected_ms, rel=0.02)
    assert predicted.capacity_rps is not None
    assert 0.9 * predicted.saturation_rps < predicted.capacity_rps <= predicted.saturation_rps


@pytest.mark.parametrize(
    "growth",
    [
        pytest.param(lambda workers: 1.25, id="none beyond the second worker"),
        pytest.param(lambda workers: 1.25 ** (2 - 2 / workers), id="by the chance of a change of hands"),
        pytest.param(lambda workers: 1.25 ** math.log2(workers), id="as much again for each doubling"),
        pytest.param(lambda workers: 1 + 0.25 * (workers - 1), id="as much again for each worker"),
    ],
)
@pytest.mark.parametrize("workers", [3, 9])
def test_the_interval_holds_the_truth_whichever_way_it_goes_on(
    dearer: Predictor, workers: int, growth: Callable[[int], float]
) -> None:
    predicted = of(dearer, workers=workers)
    assert predicted.low_rps is not None
    assert predicted.high_rps is not None
    # Below saturation by what a queue of such requests may hold in half a second: the capacity is 0.92 to 0.97 of it.
    assert predicted.low_rps < 0.94 * 125 / growth(workers) < predicted.high_rps


def test_where_no_second_number_was_measured_the_point_stays_and_the_interval_is_wider(
    unknown: Predictor, dearer: Predictor
) -> None:
    two, nine = of(unknown, workers=2), of(unknown, workers=9)
    assert two.saturation_rps == pytest.approx(125.0, rel=0.02)
    # 6 % of such models; three starts here and there: 2.28 % x sqrt(2 / 3); up to 30 % dearer with a second worker. A
    # CPU that is full answers as much less as a request costs more. That it costs less in company is not believed.
    own, company = 0.06**2 + 0.0228**2 * 2 / 3, math.log(1.3) / 1.96
    below, above = sides_of(two)
    assert below == pytest.approx(1.96 * math.sqrt(own + company**2), rel=0.02)
    assert above == pytest.approx(1.96 * math.sqrt(own), rel=0.02)
    assert half_of(nine) > half_of(two) > half_of(of(dearer, workers=2))
    assert half_of(of(unknown)) == pytest.approx(half_of(of(dearer)))


def test_what_waits_for_others_is_not_made_less_sure_by_it(a_study: MakeStudy) -> None:
    study = a_study(plan_saturated=None)
    # 100 ms of waiting for 8 of CPU: four slots answer 37 a second, whatever the CPU costs to a few per cent.
    waits = tuple(replace(one, wait_s=0.1, wall_s=one.cpu_s + 0.1, wait_scv=0.0) for one in study.operations)
    seen = tuple(
        replace(m, throughput_rps=37.0 if m.label == "saturation" else m.throughput_rps)
        for m in study.measurements
        if not m.label.startswith("confirm high")
    )
    slow = Predictor(replace(study, operations=waits, measurements=seen), requests=2_000)
    two = of(slow, workers=2)
    # Chance leaves a few per cent of the slots idle where each worker has a line of its own.
    assert 0.92 * 74.0 < two.saturation_rps < 74.0
    own = math.sqrt(max(0.0, half_of(two) ** 2 - half_of(of(slow)) ** 2)) / 1.96
    assert own < 1.25 * 0.06


def test_what_is_not_known_of_company_is_in_a_gain_only_where_company_changes(a_study: MakeStudy) -> None:
    predictor = Predictor(a_study(plan_saturated=None), requests=600)
    four = replace(predictor.declared, workers=4)
    gains = {each.name: each.gain for each in improvements(predictor, four, workers_max=4, has_database=True)}
    halves = {name: math.log(high / low) / 2.0 / 1.96 for name, (low, _, high) in gains.items()}
    # Four workers on one CPU both times: 6 % of each, and 6.5 % of a database elsewhere.
    assert halves["the database apart"] == pytest.approx(math.sqrt(2 * 0.06**2 + 0.065**2), rel=0.1)
    # Four and two on a CPU: the exponent on top, root 2 times; 5 % of other CPUs.
    twice = math.sqrt(2 * 0.06**2 + 0.05**2 + 2 * UNKNOWN_ERROR**2)
    assert halves["twice the CPUs"] == pytest.approx(twice, rel=0.1)


def test_what_was_predicted_before_it_was_measured_knows_nothing_of_it(dearer: Predictor, unknown: Predictor) -> None:
    two = replace(dearer.declared, workers=2)
    before = dearer.predict(two, from_declared=True)
    assert before.capacity_rps == pytest.approx(of(unknown, workers=2).capacity_rps)
    assert half_of(before) == pytest.approx(half_of(of(unknown, workers=2)))
    assert of(dearer, workers=2).capacity_rps == pytest.approx(0.97 * 100, rel=0.03)


def test_a_study_compares_what_it_foresaw_and_tells_how_much_dearer_it_was(
    a_study: MakeStudy, unknown: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreseen = unknown.predict(replace(unknown.declared, workers=2), starts=1)
    assert foreseen.low_rps is not None
    # A quarter too much was foreseen: less than 1.96 of the standard errors of 6, 13.4 and 2.6 %.
    assert foreseen.low_rps < 0.97 * 100
    found = conclude_module.conclude(a_study(plan_saturated=100.0))
    assert found.crowded_cost == pytest.approx(1.25, rel=0.01)
    told = {each.workers: each for each in found.worker_predictions}
    assert told[2].predicted_rps == pytest.approx(foreseen.capacity_rps, rel=0.02)
    assert told[3].predicted_rps == pytest.approx(
        0.97 * 100 / 1.25 ** (COUNTED * (math.sqrt(3) - math.sqrt(2)) / TWO), rel=0.03
    )


def test_a_request_that_is_cheaper_in_company_is_not_taken_to_get_cheaper_still(a_study: MakeStudy) -> None:
    cheaper = dearness_of(anchors_of(a_study(plan_saturated=150.0)))
    assert cheaper.exponent == 0.0
    assert cheaper.ratio == pytest.approx(125 / 150, rel=0.01)
    assert cheaper.factor(Configuration(2, 4, "gthread", 1.0), Configuration(9, 4, "gthread", 1.0)) == 1.0


def an_anchor(workers: int, logs: list[float]) -> Anchor:
    """A server whose starts had these logarithms of the CPU seconds of a request, over 8 ms."""
    mean = fmean(logs or [0.0])
    demand = OperationDemand("page", 1.0, 0.006 * math.exp(mean), 0.002 * math.exp(mean))
    deviations = tuple((each - mean, each - mean) for each in logs)
    return Anchor(Configuration(workers, 4, "gthread", 1.0), (demand,), 1.0, 100.0, 100.0, 0.0, len(logs), deviations)


NUMBERS = [pytest.param(1, 2, id="one and two workers"), pytest.param(4, 5, id="four and five")]
STUDIES = 2_000


def studies(fewer: int, more: int) -> Iterator[tuple[float, Dearness, float]]:
    """Of apps as they are known to be beforehand: the true exponent, what a study finds, the error of its one start.

    Starts differ by 4 %, more than is usual; where they differ as is usual, knowing that makes it hold in 98 of 100.
    """
    chance = random.Random(5)
    for _ in range(STUDIES):
        truth, error = abs(chance.gauss(0.0, UNKNOWN_ERROR)), chance.gauss(0.0, 0.04)
        beside = an_anchor(more, [])
        apart = beside.configuration.crowding - an_anchor(fewer, []).configuration.crowding
        alone = an_anchor(fewer, [chance.gauss(0.0, 0.04) for _ in range(3)])
        yield truth, dearness_of((alone, an_anchor(more, [truth * apart + error]))), error


@pytest.mark.parametrize(("fewer", "more"), NUMBERS)
def test_how_sure_it_is_holds_the_truth_in_95_of_100_studies(fewer: int, more: int) -> None:
    held = [
        abs(found.exponent - truth) <= t_half_width(found.variance, found.freedom)
        for truth, found, _ in studies(fewer, more)
    ]
    assert 0.93 <= fmean(held) <= 0.98


@pytest.mark.parametrize(("fewer", "more"), NUMBERS)
def test_carried_on_from_the_start_that_it_was_learned_from_it_holds_the_truth_as_often(fewer: int, more: int) -> None:
    """The start's own error is in its CPU seconds and, the other way round or not, in the exponent."""
    here, there = (Configuration(workers, 4, "gthread", 1.0) for workers in (more, 60))
    step, held = there.crowding - here.crowding, []
    for truth, found, error in studies(fewer, more):
        parts = [(0.04**2, 4.0), *found.variances(here, there)[:1]]
        width = t_half_width(*(summed_variance(parts) or (0.0, 1.0)))
        held.append(abs(error + (found.exponent - truth) * step) <= width)
    assert 0.93 <= fmean(held) <= 0.98


def test_numbers_of_workers_that_are_crowded_nearly_alike_tell_little() -> None:
    # 3 % between 15 and 16 workers is chance as likely as not. Carried on alone it would make 22 % between 8 and 15.
    found = dearness_of((an_anchor(15, [0.0, 0.028, -0.028]), an_anchor(16, [0.03])))
    half, all_of_them = (Configuration(workers, 4, "gthread", 1.0) for workers in (8, 15))
    assert 0.85 < found.factor(all_of_them, half) < 1.0
    assert found.variances(all_of_them, half)[0][0] < Dearness().variances(all_of_them, half)[0][0]


def test_an_exponent_below_0_is_not_believed_of_fewer_workers_either() -> None:
    here, fewer, more = (Configuration(workers, 4, "gthread", 1.0) for workers in (4, 2, 8))
    assert [bool(sum(part for part, _ in side)) for side in Dearness().sides(here, more)] == [True, False]
    assert [bool(sum(part for part, _ in side)) for side in Dearness().sides(here, fewer)] == [False, True]
    assert Dearness().sides(here, here) == ((), ())
    seen = Dearness(exponent=0.5, variance=0.05**2, most=3.0)
    assert seen.sides(here, more) == (seen.variances(here, more),) * 2


def test_near_the_objective_what_is_not_known_takes_all_away_and_adds_nothing(
    a_study: MakeStudy,
) -> None:
    study = a_study(plan_saturated=None)
    seen = tuple(m for m in study.measurements if not m.label.startswith("confirm high"))
    strict = replace(study.spec, slo=SLO(latency_quantile=0.95, latency_max_s=0.028))
    predictor = Predictor(replace(study, spec=strict, measurements=seen), requests=2_000)
    nine = predictor.predict(replace(predictor.declared, workers=9), draws=0)
    assert nine.low_rps is not None
    assert nine.high_rps is not None
    assert nine.capacity_rps is not None
    assert nine.low_rps < 1.0
    # What such models are wrong by, twice 6 % beyond four times the workers, and starts; not by factors.
    assert nine.high_rps < 1.4 * nine.capacity_rps


def test_it_is_told_and_what_to_do_where_it_is_not_known(
    dearer: Predictor, unknown: Predictor, a_study: MakeStudy
) -> None:
    assert "25 % more CPU" in dearness_words(dearer.dearness)
    assert "was not measured" in dearness_words(unknown.dearness)
    spec = a_study().spec
    assert dearness_hint(dearer.dearness, spec) == ""
    # Where a second number was to be measured and was not, or had a CPU for each worker, to ask for one helps nobody.
    assert "server.workers = 2," in dearness_hint(unknown.dearness, spec)
    plan = replace(spec.plan, limits=replace(spec.plan.limits, cpus=2.0))
    assert "server.workers = 3," in dearness_hint(unknown.dearness, replace(spec, plan=plan))
    without = replace(spec, measure=replace(spec.measure, plan_starts=0))
    assert dearness_hint(unknown.dearness, without) == "Measure with measure.plan_starts = 1."
    own = replace(spec.subject, server=replace(spec.subject.server, kind="command"))
    assert dearness_hint(unknown.dearness, replace(without, subject=own)) == ""
    assert unknown.dearness.variance == pytest.approx(UNKNOWN_ERROR**2)


def test_no_plan_is_bounded_by_what_requests_cost_with_more_workers_than_it_needs(
    a_study: MakeStudy, dearer: Predictor
) -> None:
    study = a_study(plan_saturated=100.0)
    appraiser = Appraiser(study, dearer, None, lambda plan: carry(plan, None, None, catalog()))
    limits = Limits(2.0, 2 * 1024**3, "own", None)
    plan = Plan("two", "Host", "two", limits, Price(8, "host.example", "2026-01-01"))
    workers, rate_rps = appraiser.best_workers(Placement(plan), 2.0)
    # Two CPUs and two workers: 8 ms each. A third one would make it 9.1 for nothing.
    assert (workers, rate_rps) == (2, pytest.approx(250.0, rel=0.03))
    assert appraiser.bound_rps(Placement(plan)) >= rate_rps


def test_what_chance_alone_may_have_done_is_told_no_cause() -> None:
    # 5 % more in company, an exponent of 0.05 for one doubling: three standard errors are told, one and a half are not.
    for error, is_told in ((0.05 / 3, True), (0.05 / 1.5, False)):
        seen = Dearness(exponent=0.05, variance=error**2, most=1.0, ratio=1.05)
        assert bool(dearness_words(seen)) is is_told


def test_a_brief_start_in_a_crowd_tells_what_company_costs_and_is_no_capacity(
    a_study: MakeStudy, saturation_of: Callable[..., Measurement]
) -> None:
    study = a_study(plan_saturated=100.0)
    crowd = replace(saturation_of(1000 / 12, 4, 4, 0.012), run=10)
    predictor = Predictor(replace(study, measurements=(*study.measurements, crowd)), requests=2_000)
    # 12 ms where one alone takes 8, over a step of 2.41; as sure as 0.0263 / 2.41 = 0.0109, beforehand as 0.134.
    counted = 1.0 / (1.0 + (0.0263 / 2.414 / 0.134) ** 2)
    assert predictor.dearness.exponent == pytest.approx(counted * math.log(12 / 8) / 2.414, rel=0.01)
    assert predictor.dearness.most == pytest.approx(2.414, rel=1e-3)
    assert predictor.workers_measured == (1, 2)


@pytest.mark.parametrize(
    ("half_load_ms", "expected"),
    [pytest.param(12.0, 1.0, id="as dear at half load"), pytest.param(8.0, 0.0, id="as cheap as one alone there")],
)
def test_what_lasts_of_company_is_told_by_the_half_load(
    a_study: MakeStudy, saturation_of: Callable[..., Measurement], half_load_ms: float, expected: float
) -> None:
    study = a_study(plan_saturated=100.0)
    crowd = replace(saturation_of(1000 / 12, 4, 4, 0.012), run=10)
    half = replace(crowd, label="half load", mode="open", app_cpu_s=half_load_ms / 1000, concurrency=None)
    predictor = Predictor(replace(study, measurements=(*study.measurements, half, crowd)), requests=2_000)
    # 12 / 8 is 0.405 as a logarithm, seen to 0.0263: that is worth 0.164 / (0.164 + 0.0263^2 / 0.3^2) = 0.955 beside
    # the half that is believed beforehand.
    assert predictor.dearness.lasting == pytest.approx(0.5 + 0.955 * (expected - 0.5), abs=0.01)
    unseen = tuple(m for m in study.measurements if m.label != "half load")
    assert Predictor(replace(study, measurements=unseen), requests=2_000).dearness.lasting == pytest.approx(0.5)


def test_company_that_lasts_slows_one_request_alone_as_much_as_many() -> None:
    system = Configuration(4, 4, "gthread", 1.0).system(10.0)
    # Four workers on a CPU crowd it by 2.414: with an exponent of 0.1 requests take 1.273 times as long.
    lasting = replace(system, company_exponent=0.1, company_lasting=1.0).company_speeds
    assert lasting == pytest.approx([1 / 1.273] * 5, rel=1e-3)
    halves = replace(system, company_exponent=0.1, company_lasting=0.5).company_speeds
    assert halves[4] == pytest.approx(1 / 1.273, rel=1e-3)
    assert halves[1] == pytest.approx(math.sqrt(1 / 1.273), rel=1e-3)
