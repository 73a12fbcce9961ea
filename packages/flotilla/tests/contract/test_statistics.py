"""What a day came to, counted once it is over."""

from datetime import UTC, date, datetime, timedelta

import pytest

from flotilla.errors import ForbiddenError
from flotilla.social.background import Background
from flotilla.social.statistics import Statistics
from flotilla.store.ids import EPOCH, make_id

TODAY = date(2031, 5, 17)


def at(day, hour=12, sequence=0):
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return make_id(since_epoch_ms=(moment - EPOCH) // timedelta(milliseconds=1), bucket=1, sequence=sequence)


@pytest.fixture
def counted(site, settings):
    return Statistics(site.database, Background(site.database, settings), today=lambda: TODAY)


@pytest.fixture
def mo(person):
    return person("mo", "moderator")


def test_a_day_is_counted_from_midnight_to_midnight_in_utc_once_it_is_over(owner, mo, counted):
    yesterday, before = TODAY - timedelta(days=1), TODAY - timedelta(days=2)
    for number, (day, hour) in enumerate([(before, 23), (yesterday, 0), (yesterday, 23), (TODAY, 0)]):
        account = at(day, hour)
        owner.execute("INSERT INTO g.account (id, handle, bucket) VALUES (%s, %s, 1)", [account, f"p{number}"])
        owner.execute("INSERT INTO s0000.profile (account_id, handle, display_name) VALUES (%s, 'p', 'P')", [account])
        for sequence in range(number + 1):
            owner.execute(
                "INSERT INTO s0000.posts (id, author_id, body) VALUES (%s, %s, 'x')",
                [at(day, hour, sequence + 1), account],
            )
        owner.execute(
            "INSERT INTO g.report (reporter_id, account_id, category, made_at) VALUES (1, 2, 'spam', %s)",
            [datetime(day.year, day.month, day.day, hour, tzinfo=UTC)],
        )
    owner.execute("DELETE FROM s0000.sessions")
    for number, days_ago in enumerate([1, 1, 7, 8, 30, 31]):
        owner.execute(
            "INSERT INTO s0000.sessions (account_id, token_hash, expires_at, last_seen) VALUES (%s, %s, now(), %s)",
            [at(before, 23) if number < 2 else mo.account_id, bytes([number]), TODAY - timedelta(days=days_ago)],
        )

    overview = counted.overview(mo)

    (day,) = overview.days
    # mo, and the three who joined until yesterday; two posts and three yesterday.
    assert (day.day, day.people, day.joined, day.posts, day.reports) == (yesterday, 4, 2, 2 + 3, 2)
    # Seen within 1 day: one person (twice); within 7: mo too, seen 7 days before TODAY, which is 6 before yesterday.
    assert (day.active_day, day.active_week, day.active_month) == (1, 2, 2)
    assert (overview.joined_today, overview.posts_today, overview.open_reports, overview.people) == (1, 4, 4, 5)


def test_a_day_is_counted_once_and_a_day_that_nobody_counted_is_left_out(owner, mo, counted):
    counted.close_day()
    owner.execute("UPDATE g.daily_statistics SET people = 1000")
    counted.close_day()
    assert counted.overview(mo).people == 1000

    owner.execute("UPDATE g.daily_statistics SET day = day - 3")
    assert [day.day for day in counted.overview(mo).days] == [TODAY - timedelta(days=1), TODAY - timedelta(days=4)]


def test_the_page_counts_no_table_as_a_whole_once_yesterday_is_counted(mo, counted, statements):
    counted.close_day()
    with statements() as sent:
        counted.overview(mo)

    assert len(sent) <= 5
    for statement in sent:
        assert "count(*)" not in statement or "LIMIT" in statement, statement


def test_members_see_no_statistics(person, counted):
    with pytest.raises(ForbiddenError):
        counted.overview(person("ada"))


def test_apps_are_told_the_weeks_and_no_table_is_counted_as_a_whole_for_it(owner, counted, statements):
    for number in range(3):
        new = [at(TODAY, 1, number), f"p{number}"]
        owner.execute("INSERT INTO g.account (id, handle, bucket) VALUES (%s, %s, 1)", new)
    counted.close_day()
    owner.execute("UPDATE g.daily_statistics SET posts = 5, active_day = 2")

    with statements() as sent:
        (week,) = counted.weeks()
        counted.weeks()

    # TODAY is a Saturday.
    assert (week.monday, week.posts, week.active, week.joined) == (TODAY - timedelta(days=5), 5, 2, 3)
    counting = [statement for statement in sent if "count(*)" in statement]
    assert len(counting) == 2
    assert all("LIMIT" in statement for statement in counting)
