"""Users from requests, against the figures published for the default habits."""

import math

import pytest

from seatrial.model.population import (
    DEFAULT_HABITS,
    HABIT_BASIS,
    daily_users,
    habits_with,
    monthly_users,
    peak_rate_rps,
    requests_per_user_day,
    spread_shares,
)
from seatrial.spec.habits import USUAL_HABITS

CERTAIN = {"sessions_per_day": (3, 3, 3), "requests_per_session": (20, 20, 20), "peak_factor": (3, 3, 3)}


def test_a_daily_user_causes_69_requests_within_17_and_404():
    assert requests_per_user_day(DEFAULT_HABITS) == (
        pytest.approx(17, rel=0.04),
        pytest.approx(69, rel=0.03),
        pytest.approx(404, rel=0.04),
    )


def test_a_thousand_daily_users_ask_2_5_times_a_second_at_the_peak():
    low, typical, high = peak_rate_rps(1000)
    assert (round(low, 1), round(typical, 1), round(high)) == (0.5, 2.5, 16)


@pytest.mark.parametrize(
    ("capacity_rps", "published"),
    [(25, (1_100, 7_100, 34_000)), (100, (4_400, 28_000, 136_000)), (200, (8_700, 57_000, 271_000))],
)
def test_a_capacity_serves_the_published_number_of_daily_users(capacity_rps, published):
    assert daily_users(capacity_rps) == tuple(pytest.approx(value, rel=0.03) for value in published)


def test_habits_known_for_certain_are_plain_arithmetic():
    # 1,000 people x 3 x 20 x 3 / 86,400 s.
    expected_rps = 1000 * 3 * 20 * 3 / 86_400
    assert peak_rate_rps(1000, CERTAIN) == tuple(pytest.approx(expected_rps) for _ in range(3))
    assert daily_users(100, CERTAIN, headroom=0.5)[1] == pytest.approx(50 / expected_rps * 1000)


def test_users_and_rate_are_inverse_questions():
    low, typical, high = daily_users(100, headroom=0.0)
    assert peak_rate_rps(typical)[1] == pytest.approx(100)
    assert peak_rate_rps(high)[0] == pytest.approx(100)
    assert peak_rate_rps(low)[2] == pytest.approx(100)


def test_knowing_one_habit_narrows_the_answer():
    low, _, high = daily_users(100)
    known_low, _, known_high = daily_users(100, habits_with({"sessions_per_day": (2.9, 3.0, 3.1)}))
    assert math.log(known_high / known_low) < 0.8 * math.log(high / low)


def test_every_default_says_where_it_comes_from():
    assert set(HABIT_BASIS) == set(USUAL_HABITS) - {"headroom"}


def test_how_often_people_come_matters_most_and_then_what_they_ask_for():
    # The published analysis of variance: sessions 52 %, requests per session 34 %, peak factor 13 %.
    shares = spread_shares(DEFAULT_HABITS)
    assert list(shares) == ["sessions_per_day", "requests_per_session", "peak_factor"]
    assert [round(100 * share) for share in shares.values()] == [52, 34, 13]


def test_what_is_known_for_certain_matters_no_more():
    shares = spread_shares({"sessions_per_day": (3, 3, 3), "requests_per_session": (20, 20, 20)})
    assert shares == {"peak_factor": pytest.approx(1.0), "sessions_per_day": 0.0, "requests_per_session": 0.0}
    assert set(spread_shares(CERTAIN).values()) == {0.0}


def test_a_symmetric_habit_brings_the_variance_of_its_lognormal():
    # 1 to 4 about 2: the logarithm's deviation is ln 2 / 1.645; as much again from elsewhere leaves one half.
    habits = {**CERTAIN, "peak_factor": (1.0, 2.0, 4.0)}
    variance = (math.log(2) / 1.6448536) ** 2
    assert spread_shares(habits, other_log_variance=variance)["peak_factor"] == pytest.approx(0.5)


def test_a_thousand_people_a_day_are_two_to_ten_thousand_a_month():
    assert monthly_users(1000) == (pytest.approx(2000), pytest.approx(5000), pytest.approx(10_000))


@pytest.mark.parametrize("wrong", [{"sesions": (1, 2, 3)}, {"peak_factor": (3, 2, 4)}, {"peak_factor": (0, 2, 4)}])
def test_wrong_habits_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        habits_with(wrong)
