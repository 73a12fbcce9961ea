"""The search for the highest rate against a plain bisection of curves whose answer is known."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.model.highest_rate import PRECISION, Tried, highest_rate_rps


class Curve:
    """A server whose slack is a function of the share of its ceiling; counts the rates it is asked for."""

    def __init__(self, slack, ceiling_rps=100.0, fails_from=math.inf):
        self.slack, self.ceiling_rps, self.fails_from = slack, ceiling_rps, fails_from
        self.asked = []

    def run(self, rate_rps):
        self.asked.append(rate_rps)
        slack = self.slack(rate_rps / self.ceiling_rps)
        return Tried(rate_rps, slack, slack >= 1.0 and rate_rps < self.fails_from)

    def highest(self):
        return highest_rate_rps(self.run, self.slack(0.0), self.ceiling_rps)

    def bisected(self):
        """Every middle tried, the first at 90 %."""
        low, high, step = 0.0, self.ceiling_rps, 0.9
        while high - low > PRECISION * high:
            middle = low + (high - low) * (step if low == 0.0 else 0.5)
            step = 0.5
            low, high = (middle, high) if self.run(middle).meets else (low, middle)
        return (low + high) / 2.0


def mm1(idle_slack):
    """M/M/1: the quantile is idle / (1 - rho), so the slack falls in a straight line."""
    return lambda rho: idle_slack * (1.0 - rho)


@pytest.mark.parametrize("idle_slack", [1.5, 3.0, 20.0, 300.0])
def test_where_times_grow_as_in_mm1_the_answer_is_theorys_after_four_tries_at_most(idle_slack):
    curve = Curve(mm1(idle_slack))
    assert curve.highest() == pytest.approx(100.0 * (1.0 - 1.0 / idle_slack), rel=PRECISION)
    assert len(curve.asked) <= 4


@given(
    idle_slack=st.floats(1.01, 1000.0),
    bend=st.floats(0.2, 5.0),
    end=st.floats(0.3, 3.0),
    fails_from=st.one_of(st.just(math.inf), st.floats(0.1, 100.0)),
)
def test_the_answer_is_the_plain_bisections_to_the_last_digit_whatever_the_curve(idle_slack, bend, end, fails_from):
    curve = Curve(lambda share: idle_slack * max(0.0, 1.0 - share * end) ** bend, fails_from=fails_from)
    assert curve.highest() == curve.bisected()


@given(cliff=st.floats(0.01, 1.0), before=st.floats(1.0, 2.0), after=st.floats(0.0, 0.999))
def test_a_cliff_is_found_as_by_bisection_in_at_most_four_times_its_tries(cliff, before, after):
    curve = Curve(lambda share: before if share < cliff else after)
    answer, tries = curve.highest(), len(curve.asked)
    assert answer == curve.bisected()
    assert tries <= 4 * (len(curve.asked) - tries)


def test_a_rate_that_meets_up_to_the_ceiling_is_answered_with_the_ceiling():
    assert Curve(lambda share: 5.0).highest() == pytest.approx(100.0, rel=PRECISION)


def test_where_no_rate_above_zero_meets_there_is_none():
    assert Curve(mm1(3.0), fails_from=0.0).highest() is None
