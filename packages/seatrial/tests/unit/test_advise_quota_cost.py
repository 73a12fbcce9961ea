"""What a fraction of a CPU costs a request, and rates on other fractions by it. Truth: arithmetic.

The app of `a_study` takes 8 ms of CPU alone, and 8.8 on half a CPU; four of its workers take 12 ms on one CPU, and 15
on half of it. What is seen counts for 1 / (1 + 0.0228^2 / 0.134^2) = 0.972: starts differ by 2.28 %, beforehand it is
as sure as 0.134.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.advise import conclude as conclude_module
from seatrial.advise.anchor import Anchor
from seatrial.advise.dearness import UNKNOWN_ERROR, Dearness
from seatrial.advise.other_quota import OtherQuota
from seatrial.advise.prediction import Prediction, Predictor
from seatrial.advise.quota_cost import QuotaCost, Seen, quota_cost_of, quota_words
from seatrial.measure.measurement import Measurement, Verdict
from seatrial.measure.study import Study
from seatrial.model.configuration import Configuration
from seatrial.model.crowding import crowding
from seatrial.model.work import OperationDemand

COUNTED = 0.972
ALONE, CROWD = 8.8 / 8.0, 15.0 / 12.0

WHOLE, HALF, QUARTER = (Configuration(4, 4, "gthread", cpus) for cpus in (1.0, 0.5, 0.25))
ALONE_WHOLE, ALONE_HALF = (Configuration(1, 4, "gthread", cpus) for cpus in (1.0, 0.5))

SaturationOf = Callable[..., Measurement]


def tried(saturation_of: SaturationOf, run: int, workers: int, whole_ms: float, half_ms: float) -> list[Measurement]:
    """A brief start: saturated on a whole CPU and on half of one. A quarter of the CPU seconds are the database's."""
    whole, half = (
        replace(saturation_of(1000 * cpus / ms, workers, 4, 0.75 * ms / 1000), run=run, database_cpu_s=0.25 * ms / 1000)
        for cpus, ms in ((1.0, whole_ms), (0.5, half_ms))
    )
    return [whole, replace(half, label="other quota", cpus=0.5)]


def with_starts(study: Study, *more: Measurement) -> Study:
    return replace(study, measurements=(*study.measurements, *more))


@pytest.fixture(scope="module")
def seen(a_study: Callable[..., Study], saturation_of: SaturationOf) -> Predictor:
    more = (*tried(saturation_of, 4, 1, 8.0, 8.8), *tried(saturation_of, 10, 4, 12.0, 15.0))
    return Predictor(with_starts(a_study(plan_saturated=100.0), *more), requests=2_000)


def of(predictor: Predictor, configuration: Configuration) -> Prediction:
    change = {"workers": configuration.workers, "cpus": configuration.cpus}
    return predictor.predict(replace(predictor.declared, **change))  # type: ignore[arg-type]


def half_width_of(predicted: Prediction) -> float:
    assert predicted.low_rps
    assert predicted.high_rps
    return math.log(predicted.high_rps / predicted.low_rps) / 2.0


def an_anchor(
    configuration: Configuration, other: OtherQuota | None = None, half_load_ratio: float | None = None
) -> Anchor:
    demand = OperationDemand("page", 1.0, 0.006, 0.002)
    starts = ((0.0, 0.0),) * 3
    return Anchor(
        configuration, (demand,), 1.0, 100.0, 100.0, 0.0, 3, starts, half_load_ratio=half_load_ratio, other_quota=other
    )


def half_loaded_too(configuration: Configuration, cpus: float, ratio: float, at_half_load: float) -> Anchor:
    """Another quota makes requests `ratio` as dear when saturated, `at_half_load` at half load; seen so often that it
    is sure. On its own quota half a load makes requests 10 % dearer."""
    other = OtherQuota(cpus, ratio, 100_000, half_load_ratio=1.1 * at_half_load / ratio)
    return an_anchor(configuration, other, half_load_ratio=1.1)


@pytest.mark.parametrize(
    ("workers", "cpus", "dearer"),
    [
        pytest.param(1, 0.5, ALONE, id="one worker on half a CPU, as seen"),
        pytest.param(4, 0.5, CROWD, id="four, as seen"),
        pytest.param(2, 0.5, ALONE ** (1 - 1 / 2.414) * CROWD ** (1 / 2.414), id="two: between, as they crowd it"),
        pytest.param(9, 0.5, CROWD, id="nine: as four"),
        pytest.param(4, 0.25, CROWD**2, id="a quarter: half of a half"),
        pytest.param(4, 1.0, 1.0, id="a whole CPU"),
        pytest.param(4, 2.0, 1.0, id="two whole ones"),
    ],
)
def test_a_fraction_of_a_cpu_makes_requests_as_dear_as_was_seen(
    seen: Predictor, workers: int, cpus: float, dearer: float
) -> None:
    here, there = (replace(seen.declared, workers=workers, cpus=each) for each in (1.0, cpus))
    assert seen.dearness.quota.factor(here, there) == pytest.approx(dearer**COUNTED, rel=0.005)


@pytest.mark.parametrize(
    ("half_loaded", "load", "dearer"),
    [
        pytest.param(CROWD, 0.5, CROWD, id="as dear at half load: at any"),
        pytest.param(1.0, 1.0, CROWD, id="nothing at half load: all when saturated"),
        pytest.param(1.0, 0.75, CROWD**0.5, id="half of it between"),
        pytest.param(1.0, 0.5, 1.0, id="nothing at half load"),
        pytest.param(1.0, 0.1, 1.0, id="nothing below either"),
    ],
)
def test_at_half_load_a_fraction_costs_as_much_as_was_seen_there(
    half_loaded: float, load: float, dearer: float
) -> None:
    found = quota_cost_of([half_loaded_too(WHOLE, 0.5, CROWD, half_loaded)], UNKNOWN_ERROR)
    assert found.factor(WHOLE, HALF, load) == pytest.approx(dearer, rel=1e-3)
    assert not found.hangs_on_load(WHOLE)


def test_where_no_half_load_tells_it_half_of_it_lasts() -> None:
    found = quota_cost_of([an_anchor(WHOLE, OtherQuota(0.5, CROWD, 100_000))], UNKNOWN_ERROR)
    assert found.factor(WHOLE, HALF, 0.5) == pytest.approx(CROWD**0.5, rel=1e-3)


def test_where_it_lasts_with_one_worker_and_not_with_four_it_lasts_with_two_as_far_as_they_are_like_one() -> None:
    one = half_loaded_too(ALONE_WHOLE, 0.5, CROWD, CROWD)
    found = quota_cost_of([one, half_loaded_too(WHOLE, 0.5, CROWD, 1.0)], UNKNOWN_ERROR)
    for workers, lasting in ((1, 1.0), (4, 0.0), (2, 1.0 - 1.0 / 2.414), (9, 0.0)):
        whole, half = (replace(WHOLE, workers=workers, cpus=cpus) for cpus in (1.0, 0.5))
        assert found.factor(whole, half, 0.5) == pytest.approx(CROWD**lasting, rel=1e-3)
        assert found.factor(whole, half) == pytest.approx(CROWD, rel=1e-3)


def test_of_a_plan_with_a_fraction_it_is_the_same_by_what_a_whole_cpu_spares() -> None:
    # 10 ms on half a CPU and 8 on a whole one when saturated, and as much on either at half load: 8.
    found = quota_cost_of([half_loaded_too(HALF, 1.0, 0.8, 1.0)], UNKNOWN_ERROR)
    assert found.factor(HALF, HALF, 1.0) == pytest.approx(1.0)
    assert found.factor(HALF, HALF, 0.5) == pytest.approx(0.8, rel=1e-3)


def test_a_request_at_half_load_on_half_a_cpu_takes_as_long_as_its_cpu_there_says(
    a_study: Callable[..., Study], saturation_of: SaturationOf
) -> None:
    """Four workers: 12 ms on a CPU and 15 on half of it when saturated; at half load 10 on either."""
    whole, half = tried(saturation_of, 10, 4, 12.0, 15.0)
    loads = [
        replace(seen, label=f"{label}half load", mode="open", app_cpu_s=0.0075, database_cpu_s=0.0025)
        for seen, label in ((whole, ""), (half, "other quota, "))
    ]
    lasting, nothing = (
        Predictor(with_starts(a_study(plan_saturated=100.0), whole, half, *more), requests=2_000)
        for more in ((loads[0], replace(loads[1], app_cpu_s=0.0094, database_cpu_s=0.0031)), loads)
    )
    times_s = [
        max(of_one.by_operation(replace(of_one.declared, workers=4, cpus=0.5), 16.0, (0.5,)).values())[0]
        for of_one in (lasting, nothing)
    ]
    assert nothing.dearness.quota.every[0].lasting < 0.1
    assert lasting.dearness.quota.every[0].lasting > 0.9
    # Waits shrink with it, so the time does so more than the CPU seconds.
    assert times_s[1] < times_s[0] / 1.15
    assert of(nothing, HALF).saturation_rps == pytest.approx(of(lasting, HALF).saturation_rps, rel=0.01)


def test_what_half_a_cpu_carries_is_less_than_half_by_it(seen: Predictor) -> None:
    for whole, half, dearer in ((WHOLE, HALF, CROWD), (ALONE_WHOLE, ALONE_HALF, ALONE)):
        share = of(seen, half).saturation_rps / of(seen, whole).saturation_rps
        assert share == pytest.approx(0.5 / dearer**COUNTED, rel=0.015)


def test_the_findings_of_a_study_tell_it(
    a_study: Callable[..., Study], saturation_of: SaturationOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = a_study(plan_saturated=100.0)
    told = conclude_module.conclude(with_starts(study, *tried(saturation_of, 10, 4, 12.0, 15.0))).fraction_cost
    assert told == pytest.approx(CROWD**COUNTED, rel=0.005)
    assert conclude_module.conclude(study).fraction_cost is None


def test_what_was_spoiled_tells_nothing_and_the_interval_is_the_wider_for_it(
    a_study: Callable[..., Study], saturation_of: SaturationOf, seen: Predictor
) -> None:
    whole, half = tried(saturation_of, 10, 4, 12.0, 15.0)
    study = with_starts(a_study(plan_saturated=100.0), whole, replace(half, verdict=Verdict.INVALID))
    unknown = Predictor(study, requests=2_000)
    assert unknown.dearness.quota == QuotaCost((), UNKNOWN_ERROR)
    share = of(unknown, HALF).saturation_rps / of(unknown, WHOLE).saturation_rps
    assert share == pytest.approx(0.5, rel=0.015)
    assert half_width_of(of(unknown, HALF)) > 1.1 * half_width_of(of(seen, HALF))
    assert half_width_of(of(unknown, WHOLE)) == pytest.approx(half_width_of(of(seen, WHOLE)), rel=0.05)


def test_a_plan_with_a_fraction_of_a_cpu_is_compared_with_a_whole_one() -> None:
    # 10 ms on half a CPU, 8 ms on a whole one.
    found = quota_cost_of([an_anchor(ALONE_HALF), an_anchor(HALF, OtherQuota(1.0, 0.8, 1))], UNKNOWN_ERROR)
    assert found.factor(HALF, WHOLE) == pytest.approx(0.8, rel=0.03)
    assert found.factor(HALF, QUARTER) == pytest.approx(1.25, rel=0.03)
    assert found.every[0].cpus == 0.5


def test_that_a_fraction_makes_a_request_cheaper_is_not_believed() -> None:
    found = quota_cost_of([an_anchor(ALONE_WHOLE, OtherQuota(0.5, 0.9, 2))], UNKNOWN_ERROR)
    assert found.factor(ALONE_WHOLE, ALONE_HALF) == 1.0
    assert quota_words(found) == ""


def test_a_database_that_is_apart_is_held_to_no_fraction(seen: Predictor) -> None:
    apart = replace(seen.declared, workers=4, database_cpus=1.0, round_trip_s=0.0)
    demands = {cpus: seen.demands_there(replace(apart, cpus=cpus)) for cpus in (1.0, 0.5)}
    for whole, half in zip(demands[1.0], demands[0.5], strict=True):
        assert half.app_cpu_s == pytest.approx(whole.app_cpu_s * CROWD**COUNTED, rel=5e-3)
        assert half.database_cpu_s == whole.database_cpu_s


def test_what_is_not_known_of_it_is_in_the_variance_where_a_fraction_is_new_and_nowhere_else() -> None:
    unknown = Dearness()
    ((variance, _),) = unknown.variances(ALONE_WHOLE, ALONE_HALF)
    assert variance == pytest.approx(UNKNOWN_ERROR**2)
    ((variance, _),) = unknown.variances(WHOLE, QUARTER)
    assert variance == pytest.approx((2 * UNKNOWN_ERROR) ** 2)
    assert unknown.variances(HALF, HALF) == ()
    assert unknown.variances(WHOLE, replace(WHOLE, cpus=2.0, workers=8)) == ()


def test_where_it_was_seen_only_what_was_seen_is_in_the_variance_and_elsewhere_half_of_the_cost_too() -> None:
    cost = QuotaCost((Seen(0.0, 0.2, 0.01, 3.0, 0.5), Seen(crowding(4, 1.0), 0.4, 0.02, 3.0, 0.5)), UNKNOWN_ERROR)
    log2 = math.log(2.0)
    assert [v for v, _ in cost.variances(ALONE_WHOLE, ALONE_HALF)] == pytest.approx([0.01 * log2**2])
    on_a_quarter = [v for v, _ in cost.variances(WHOLE, QUARTER)]
    assert on_a_quarter == pytest.approx([0.02 * (2 * log2) ** 2, (0.5 * 0.4 * 2 * log2) ** 2])


@pytest.mark.parametrize(("times_its_error", "is_told"), [(3.0, True), (1.5, False)])
def test_what_chance_alone_may_have_done_is_told_no_cause(times_its_error: float, is_told: bool) -> None:
    # An exponent of 0.3 is 23 % for half a CPU.
    text = quota_words(QuotaCost((Seen(0.0, 0.3, (0.3 / times_its_error) ** 2, 3.0, 0.5),), UNKNOWN_ERROR))
    assert ("up to 23 % more CPU" in text) is is_told
