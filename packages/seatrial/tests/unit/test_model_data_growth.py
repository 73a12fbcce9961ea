"""Laws of growth against data made by them, and against the textbook's interval of a straight line."""

import math
import random

import pytest

from seatrial.model.data_growth import SizedDemand, fit_growth

SIZES = (1_000, 10_000, 100_000)


def made(law, error_s=0.0):
    return [SizedDemand(size, law(size), error_s) for size in SIZES]


def test_a_search_in_an_index_is_carried_on_to_more_data():
    law = fit_growth(made(lambda n: 0.002 + 0.0003 * math.log10(n)))
    assert law.kind == "logarithmic"
    low, typical, high = law.demand_s(10_000_000)
    assert typical == pytest.approx(0.002 + 0.0003 * 7)
    assert low == pytest.approx(high)


def test_a_walk_through_the_table_gets_no_number_beyond_what_was_measured():
    law = fit_growth(made(lambda n: 0.002 + 1e-7 * n, error_s=1e-5))
    assert law.kind == "linear"
    assert law.demand_s(100_000)[1] == pytest.approx(0.012)
    assert law.demand_s(100_001) is None


def test_a_little_more_work_that_looks_like_a_line_is_no_missing_index():
    # 0.42, 0.45 and 0.65 ms, as three starts of one app were seen to differ by chance: a line, but nothing doubles.
    points = [SizedDemand(n, d, 0.1 * d) for n, d in zip(SIZES, (0.00042, 0.00045, 0.00065), strict=True)]
    assert fit_growth(points).kind != "linear"
    # The same with five times as much at the end is one.
    points[-1] = SizedDemand(SIZES[-1], 0.0032, 0.00032)
    assert fit_growth(points).kind == "linear"


def test_a_demand_that_does_not_grow_is_flat_for_any_amount_of_data():
    law = fit_growth([SizedDemand(n, d, 1e-4) for n, d in zip(SIZES, (0.00305, 0.00295, 0.003), strict=True)])
    assert law.kind == "flat"
    assert law.demand_s(10**9)[1] == pytest.approx(0.003, abs=1e-6)


def test_less_work_with_more_data_is_taken_as_no_growth():
    assert fit_growth(made(lambda n: 0.01 - 0.001 * math.log10(n), error_s=1e-5)).kind == "flat"


def test_beyond_four_times_the_largest_size_is_extrapolated():
    law = fit_growth(made(lambda n: 0.002 + 0.0003 * math.log10(n)))
    assert not law.is_extrapolated(400_000)
    assert law.is_extrapolated(400_001)
    assert not law.is_extrapolated(250)
    assert law.is_extrapolated(249)


def test_the_interval_is_that_of_a_straight_line_in_a_textbook():
    # x = 0, 1, 2 and y = 1, 3, 4: b = 1.5, a = 7/6, residuals -1/6, 1/3, -1/6; at x = 2 the variance is
    # s^2 (1/3 + 1/2).
    points = [SizedDemand(math.e**x, y) for x, y in ((0, 1.0), (1, 3.0), (2, 4.0))]
    low, typical, high = fit_growth([*points, *points, *points]).demand_s(math.e**2)
    # Three times the same: s^2 = (3 x 1/6) / 7; t(7) = 2.364624.
    half = 2.364624 * math.sqrt(0.5 / 7 * (1 / 9 + 1 / 6))
    assert typical == pytest.approx(7 / 6 + 3)
    assert (high - typical, typical - low) == (pytest.approx(half, rel=1e-5), pytest.approx(half, rel=1e-5))


def test_the_interval_holds_the_truth_in_95_of_100_studies():
    chance, held = random.Random(3), 0
    for _ in range(400):
        points = [SizedDemand(n, chance.gauss(0.002 + 0.0004 * math.log10(n), 3e-5), 3e-5) for n in SIZES]
        low, _, high = fit_growth(points).demand_s(1_000_000)
        held += low <= 0.0044 <= high
    assert 0.92 <= held / 400 <= 1.0


@pytest.mark.parametrize(
    "points",
    [
        [],
        [SizedDemand(10, 1), SizedDemand(20, 1)],
        [SizedDemand(10, 1), SizedDemand(10, 1), SizedDemand(20, 1)],
        [SizedDemand(0, 1), SizedDemand(10, 1), SizedDemand(20, 1)],
        [SizedDemand(5, -1), SizedDemand(10, 1), SizedDemand(20, 1)],
    ],
)
def test_what_tells_no_law_is_refused(points):
    with pytest.raises(ValueError, match=r"sizes"):
        fit_growth(points)
