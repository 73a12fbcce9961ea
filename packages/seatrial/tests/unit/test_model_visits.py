"""Visits counted from lines that were made to hold a known number of them."""

import random

import pytest

from seatrial.model.access_log import LogLine
from seatrial.model.log_habits import habits_seen
from seatrial.model.visits import LogFacts, VisitCounter
from seatrial.spec.habits import USUAL_HABITS

DAY_S = 86_400.0
START_S = 20_000 * DAY_S


def a_line(at_s: float, visitor: str = "192.0.2.1 Firefox", **other: bool) -> LogLine:
    return LogLine(
        START_S + at_s, START_S + at_s, visitor, other.get("is_static", False), other.get("is_robot", False), 200
    )


def counted(lines: list[LogLine], visitors_max: int = 200_000) -> LogFacts:
    counter = VisitCounter(visitors_max)
    for line in lines:
        counter.take(line)
    return counter.facts()


def a_day(number: int, people: int, sessions: int, requests: int) -> list[LogLine]:
    """Every person comes so many times, two hours apart, and asks once a minute; from midnight to 23:59."""
    lines = [a_line(number * DAY_S, is_robot=True), a_line(number * DAY_S + DAY_S - 60, is_robot=True)]
    for person in range(people):
        for session in range(sessions):
            start_s = number * DAY_S + 1000 + 7200 * session + person
            lines += [a_line(start_s + 60 * i, f"192.0.2.{person} Firefox") for i in range(requests)]
    return sorted(lines, key=lambda line: line.moment_s)


def test_visits_visitors_and_requests_of_a_day_are_counted():
    (day,) = counted(a_day(0, people=50, sessions=3, requests=10)).days
    assert (day.visitors, day.sessions, day.app_requests, day.robot_requests) == (50, 150, 1500, 2)
    assert day.is_whole


def test_half_an_hour_of_silence_ends_a_visit_and_a_minute_less_does_not():
    (day,) = counted([a_line(0), a_line(29 * 60), a_line(29 * 60 + 30 * 60 + 1)]).days
    assert (day.visitors, day.sessions) == (1, 2)


def test_a_visit_over_midnight_is_one_visit_of_a_person_seen_on_two_days():
    facts = counted([a_line(DAY_S - 60), a_line(DAY_S + 60)])
    assert [(day.visitors, day.sessions) for day in facts.days] == [(1, 1), (1, 0)]


def test_the_busiest_hour_is_told_against_the_mean_hour():
    # 24 requests, one an hour, and 12 more between 20:00 and 20:01: 13 against a mean of 36 / 24.
    lines = [a_line(hour * 3600.0) for hour in range(24)] + [a_line(20 * 3600.0 + second) for second in range(12)]
    (day,) = counted(lines).days
    assert day.peak_hour == pytest.approx(13 / (36 / 24))
    assert day.peak_minute == pytest.approx(13 / (13 / 60))


def test_files_and_programs_are_told_apart_from_what_people_ask_the_app_for():
    facts = counted([a_line(0), a_line(1, is_static=True), a_line(2, is_robot=True), a_line(3)])
    assert (facts.static_share, facts.robot_share) == (0.25, 0.25)
    assert facts.days[0].app_requests == 2


def test_a_day_that_begins_at_noon_is_not_whole():
    facts = counted([a_line(DAY_S / 2), *a_day(1, 40, 1, 5), a_line(2 * DAY_S + 3600)])
    assert [day.is_whole for day in facts.days] == [False, True, False]


def test_more_visitors_than_are_kept_are_estimated_within_a_few_percent():
    chance = random.Random(1)
    lines = [a_line(float(at), f"{chance.random()} Firefox") for at in range(40_000)]
    facts = counted(lines, visitors_max=4000)
    assert facts.is_sampled
    # 1.2 / sqrt(2,000 to 4,000 kept) is 2 to 3 %.
    assert facts.days[0].visitors == pytest.approx(40_000, rel=0.08)


def test_habits_of_a_week_that_is_always_the_same_are_known():
    lines = [line for number in range(7) for line in a_day(number, people=50, sessions=3, requests=10)]
    habits = habits_seen(counted(lines))
    assert habits["sessions_per_day"] == tuple(pytest.approx(3) for _ in range(3))
    assert habits["requests_per_session"] == tuple(pytest.approx(10) for _ in range(3))


def test_habits_of_days_that_differ_are_a_range_but_never_wider_than_the_guess():
    lines = a_day(0, 50, 1, 10) + a_day(1, 50, 4, 10) + a_day(2, 50, 2, 10)
    low, typical, high = habits_seen(counted(lines))["sessions_per_day"]
    assert typical == pytest.approx(2.0)  # the geometric mean of 1, 4 and 2
    usual_low, usual, usual_high = USUAL_HABITS["sessions_per_day"]
    assert low == pytest.approx(typical * usual_low / usual)
    assert typical < high <= typical * usual_high / usual + 1e-9


def test_one_day_tells_its_middle_and_keeps_the_usual_range_about_it():
    low, typical, high = habits_seen(counted(a_day(0, 50, 3, 10)))["requests_per_session"]
    assert (low, typical, high) == (pytest.approx(4), pytest.approx(10), pytest.approx(30))


def test_a_log_behind_a_proxy_tells_no_people_apart():
    lines = [a_line(float(at) * 60, "127.0.0.1 Firefox") for at in range(1440)]
    facts = counted(lines)
    assert facts.is_behind_proxy
    assert set(habits_seen(facts)) == {"peak_factor"}


def test_a_busiest_minute_of_a_quiet_site_is_chance_and_left_out():
    assert "peak_minute" not in habits_seen(counted(a_day(0, 50, 3, 10)))
