"""The interval of a capacity by simulation: how often it holds a truth that is known."""

import math
import random
from statistics import fmean

import pytest

from seatrial.advise.interval import half_width, relative_spread

CLOSED_RPS, FACTOR = 125.0, 1.02
"""The truth: the mean closed loop over starts, and the mean factor by which an open load corrects it."""

STUDIES = 4000


def studies(closed_sd, factor_sd, full, brief, seed):
    """Studies of so many full and brief starts: each start's capacity, its own factor or None; both normal."""
    chance = random.Random(seed)
    for _ in range(STUDIES):
        closed = [CLOSED_RPS * chance.gauss(1.0, closed_sd) for _ in range(full + brief)]
        own = [FACTOR * chance.gauss(1.0, factor_sd) for _ in range(full)]
        factors = own + [fmean(own)] * brief
        yield [rate * factor for rate, factor in zip(closed, factors, strict=True)], own + [None] * brief


def covered(drawn, half):
    """Share of the studies whose interval holds the truth."""
    held = [abs(fmean(values) - CLOSED_RPS * FACTOR) <= half(values, factors) for values, factors in drawn]
    return sum(held) / len(held)


SPREADS = [(0.02, 0.0), (0.02, 0.005), (0.02, 0.01), (0.02, 0.02), (0.01, 0.02), (0.005, 0.02), (0.0, 0.02)]


@pytest.mark.parametrize(("closed_sd", "factor_sd"), SPREADS)
def test_three_full_and_two_brief_starts_hold_the_truth_in_95_of_100_studies(closed_sd, factor_sd):
    # The chance error of 4,000 studies is 0.3 %.
    drawn = studies(closed_sd, factor_sd, full=3, brief=2, seed=7)
    assert 0.93 <= covered(drawn, lambda values, factors: half_width(values, 0.0, factors)) <= 0.97


def test_an_interval_that_leaves_the_factors_own_uncertainty_out_is_too_narrow():
    drawn = studies(0.02, 0.02, full=3, brief=2, seed=7)
    assert covered(drawn, lambda values, _: half_width(values, 0.0)) < 0.91


def test_where_every_start_has_a_factor_of_its_own_it_is_students_t_over_their_values():
    values, factors = [123.0, 125.0, 127.0], [1.00, 1.03, 1.02]
    # t(2) = 4.303, s = 2: 4.303 x 2 / sqrt(3).
    assert half_width(values, 0.0, factors) == pytest.approx(4.97, abs=0.005)
    assert half_width(values, 0.0) == half_width(values, 0.0, factors)


def test_a_factor_without_spread_leaves_the_t_of_all_starts():
    values = [123.0, 125.0, 127.0, 125.0, 125.0]
    # t(4) = 2.776, s = sqrt(2): 2.776 x 1.414 / sqrt(5).
    assert half_width(values, 0.0, [1.1, 1.1, 1.1, None, None]) == pytest.approx(1.756, abs=0.001)


def test_the_noise_inside_the_starts_is_the_least_and_one_start_has_no_interval():
    assert half_width([100.0, 100.0, 100.0], 0.03) == pytest.approx(3.0)
    assert half_width([100.0], 0.03) is None
    assert relative_spread([100.0], 0.03) is None


@pytest.mark.parametrize(("closed_sd", "factor_sd"), [(0.02, 0.01), (0.01, 0.02)])
def test_a_further_start_lies_within_the_spread_in_95_of_100_studies(closed_sd, factor_sd):
    chance = random.Random(11)
    held = 0
    for values, factors in studies(closed_sd, factor_sd, full=3, brief=2, seed=13):
        further = CLOSED_RPS * chance.gauss(1.0, closed_sd) * FACTOR * chance.gauss(1.0, factor_sd)
        mean = fmean(values)
        held += abs(further - mean) <= mean * relative_spread(values, 0.0, factors)
    assert 0.93 <= held / STUDIES <= 0.97


def test_one_start_with_a_factor_among_brief_ones_keeps_the_t_of_the_values():
    values = [123.0, 125.0, 127.0]
    assert half_width(values, 0.0, [1.02, None, None]) == half_width(values, 0.0)
    assert math.isfinite(half_width(values, 0.0, [None, None, None]))
