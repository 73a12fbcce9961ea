"""Rows of what each day came to, and the counts that go into them: of one day, never of everything."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import LiteralString

from flotilla.store.database import Work
from flotilla.store.ids import EPOCH, make_id

__all__ = ["DayRow", "count_day", "insert", "joined_between", "newest", "posts_between", "today"]


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day (UTC): people at its end, and how many joined, were active in 1, 7 and 30 days, posted, were reported."""

    day: date
    people: int
    joined: int
    active_day: int
    active_week: int
    active_month: int
    posts: int
    reports: int


def newest(work: Work, *, limit: int) -> list[DayRow]:
    """The last days that are over, the newest first."""
    rows = work.all(
        """
        SELECT day, people, joined, active_day, active_week, active_month, posts, reports
        FROM g.daily_statistics ORDER BY day DESC LIMIT %(limit)s
        """,
        {"limit": limit},
    )
    return [DayRow(*row) for row in rows]


def insert(work: Work, row: DayRow) -> None:
    """Keep a day; the first who does wins."""
    work.count(
        """
        INSERT INTO g.daily_statistics (day, people, joined, active_day, active_week, active_month, posts, reports)
        VALUES (%(day)s, %(people)s, %(joined)s, %(active_day)s, %(active_week)s, %(active_month)s, %(posts)s,
            %(reports)s)
        ON CONFLICT (day) DO NOTHING
        """,
        {
            "day": row.day,
            "people": row.people,
            "joined": row.joined,
            "active_day": row.active_day,
            "active_week": row.active_week,
            "active_month": row.active_month,
            "posts": row.posts,
            "reports": row.reports,
        },
    )


def count_day(work: Work, day: date) -> DayRow:
    """What that day came to; reads every account and session, so it is for once a day."""
    first, last = _first_id(day), _first_id(day + timedelta(days=1)) - 1
    people = _one(work, "SELECT count(*) FROM g.account WHERE state = 'active' AND id <= %(last)s", {"last": last})
    reports = _one(
        work,
        "SELECT count(*) FROM g.report WHERE made_at >= %(start)s AND made_at < %(end)s",
        {"start": _start(day), "end": _start(day + timedelta(days=1))},
    )
    return DayRow(
        day=day,
        people=people,
        joined=joined_between(work, first, last, limit=people + 1),
        active_day=_active(work, day, days=1),
        active_week=_active(work, day, days=7),
        active_month=_active(work, day, days=30),
        posts=posts_between(work, first, last, limit=None),
        reports=reports,
    )


def joined_between(work: Work, first: int, last: int, *, limit: int) -> int:
    """How many active accounts have ids from `first` to `last`; counting stops at `limit`."""
    return _one(
        work,
        """
        SELECT count(*) FROM (
            SELECT FROM g.account WHERE id BETWEEN %(first)s AND %(last)s AND state = 'active' LIMIT %(limit)s) found
        """,
        {"first": first, "last": last, "limit": limit},
    )


def posts_between(work: Work, first: int, last: int, *, limit: int | None) -> int:
    """How many posts have ids from `first` to `last`; in each shard counting stops at `limit`."""
    return sum(
        _one(
            work,
            """
            SELECT count(*) FROM (
                SELECT FROM {shard}.posts WHERE id BETWEEN %(first)s AND %(last)s LIMIT %(limit)s) found
            """,
            {"first": first, "last": last, "limit": limit},
            shard,
        )
        for shard in work.shards.schemas
    )


def today(work: Work, day: date, *, limit: int) -> tuple[int, int]:
    """How many joined on that day so far, and how many posts there are; counting stops at `limit`."""
    first, last = _first_id(day), _first_id(day + timedelta(days=1)) - 1
    return joined_between(work, first, last, limit=limit), posts_between(work, first, last, limit=limit)


def _active(work: Work, day: date, *, days: int) -> int:
    return sum(
        _one(
            work,
            """
            SELECT count(DISTINCT account_id) FROM {shard}.sessions
            WHERE last_seen > %(day)s::date - %(days)s::integer
            """,
            {"day": day, "days": days},
            shard,
        )
        for shard in work.shards.schemas
    )


def _one(work: Work, statement: LiteralString, parameters: dict[str, object], shard: str = "") -> int:
    row = work.one(statement, parameters, shard=shard)
    return 0 if row is None else row[0]


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _first_id(day: date) -> int:
    since_epoch = _start(day) - EPOCH
    return make_id(since_epoch_ms=since_epoch // timedelta(milliseconds=1), bucket=0, sequence=0)
