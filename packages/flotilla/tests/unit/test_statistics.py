"""Weeks made of days."""

from datetime import date, timedelta

from flotilla.social.statistics import Week, weeks_of
from flotilla.store.statistics import DayRow

WEDNESDAY = date(2031, 5, 14)
MONDAY = date(2031, 5, 12)


def day(when, *, posts=0, joined=0, active_day=0, active_week=0):
    return DayRow(when, 100, joined, active_day, active_week, 90, posts, 0)


def test_a_week_that_is_over_is_its_seven_days_and_the_running_one_goes_up_to_now():
    # From Tuesday back to Monday of the week before, the newest first.
    days = [
        day(WEDNESDAY - timedelta(days=n), posts=n, joined=1, active_day=n, active_week=20 + n) for n in range(1, 10)
    ]

    weeks = weeks_of(days, WEDNESDAY, posts_today=50, joined_today=7)

    assert weeks == (
        # Tuesday and Monday, 1 and 2 posts; the busiest of the two had 2 people.
        Week(MONDAY, posts=1 + 2 + 50, active=2, joined=1 + 1 + 7),
        # Sunday was three days ago: the seven days until then had 23 people.
        Week(MONDAY - timedelta(days=7), posts=3 + 4 + 5 + 6 + 7 + 8 + 9, active=23, joined=7),
    )


def test_a_week_whose_sunday_nobody_counted_had_at_least_the_people_of_its_busiest_day():
    days = [day(MONDAY - timedelta(days=2), active_day=4, active_week=9), day(MONDAY - timedelta(days=3), active_day=5)]
    assert [week.active for week in weeks_of(days, WEDNESDAY, posts_today=0, joined_today=0)] == [0, 5]


def test_a_site_of_which_nothing_was_counted_has_the_running_week_and_twelve_are_told_at_most():
    assert weeks_of([], MONDAY, posts_today=1, joined_today=2) == (Week(MONDAY, 1, 0, 2),)
    days = [day(MONDAY - timedelta(weeks=n), posts=1) for n in range(1, 30)]
    assert [week.monday for week in weeks_of(days, MONDAY, posts_today=0, joined_today=0)] == [
        MONDAY - timedelta(weeks=n) for n in range(12)
    ]
