"""What the site comes to, day by day. A day that is over is counted once, by the jobs or by the first who asks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flotilla.social.background import Background, Task
from flotilla.social.keeping import KeptFor
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_moderator
from flotilla.store import reports as report_rows
from flotilla.store import statistics as statistic_rows
from flotilla.store.database import Database
from flotilla.store.statistics import DayRow

__all__ = ["COUNTED_MAX", "Overview", "Statistics", "Week", "weeks_of"]

CLOSE_DAY = Task("close_day", queue="cleanup")
EVERY_S = 3600
DAYS_SHOWN = 30
WEEKS_TOLD = 12
WEEKS_KEPT_S = 60.0
# A day in progress is counted up to here; the page then says "or more".
COUNTED_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Overview:
    """The days that are over, the newest first, and today as far as it went; `open_reports` up to COUNTED_MAX."""

    days: tuple[DayRow, ...]
    joined_today: int
    posts_today: int
    open_reports: int

    @property
    def people(self) -> int:
        """How many people there are, counted yesterday, with those who joined since."""
        return (self.days[0].people if self.days else 0) + self.joined_today


@dataclass(frozen=True, slots=True)
class Week:
    """What a week (UTC) came to, as far as its days were counted: posts, and how many were active and joined.

    Of a week that is over `active` counts each person once; of the running one it is the busiest day's number.
    """

    monday: date
    posts: int
    active: int
    joined: int


class Statistics:
    """Counting days."""

    def __init__(
        self,
        database: Database,
        background: Background,
        *,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._database = database
        self._today = today
        self._weeks = KeptFor(WEEKS_KEPT_S, self._read_weeks)
        background.does(CLOSE_DAY, self.close_day, every_s=EVERY_S)

    def overview(self, viewer: Viewer) -> Overview:
        """The last days. Raises ForbiddenError."""
        require_moderator(viewer)
        today = self._today()
        with self._database.read() as work:
            days = statistic_rows.newest(work, limit=DAYS_SHOWN)
        if not days or days[0].day < today - timedelta(days=1):
            self.close_day()
        with self._database.read() as work:
            days = statistic_rows.newest(work, limit=DAYS_SHOWN)
            joined, posts = statistic_rows.today(work, today, limit=COUNTED_MAX)
            reports = report_rows.open_at_most(work, COUNTED_MAX)
        return Overview(tuple(days), joined, posts, reports)

    def weeks(self) -> tuple[Week, ...]:
        """The last weeks of which something was counted, the running one first, at most a minute old."""
        return self._weeks.get()

    def _read_weeks(self) -> tuple[Week, ...]:
        today = self._today()
        with self._database.read() as work:
            days = statistic_rows.newest(work, limit=7 * WEEKS_TOLD)
            joined, posts = statistic_rows.today(work, today, limit=COUNTED_MAX)
        return weeks_of(days, today, posts_today=posts, joined_today=joined)

    def close_day(self) -> None:
        """Count yesterday, unless that was done."""
        yesterday = self._today() - timedelta(days=1)
        with self._database.write() as work:
            newest = statistic_rows.newest(work, limit=1)
            if not newest or newest[0].day < yesterday:
                statistic_rows.insert(work, statistic_rows.count_day(work, yesterday))


def weeks_of(days: Sequence[DayRow], today: date, *, posts_today: int, joined_today: int) -> tuple[Week, ...]:
    """The weeks that those days make up, the newest first, from the running one on."""
    this_monday = _monday(today)
    by_week: dict[date, list[DayRow]] = {this_monday: []}
    for day in days:
        by_week.setdefault(_monday(day.day), []).append(day)
    weeks = []
    for monday, counted in sorted(by_week.items(), reverse=True)[:WEEKS_TOLD]:
        is_running = monday == this_monday
        # On a Sunday, seven days are that week.
        active = [day.active_week for day in counted if day.day.isoweekday() == 7 and not is_running]
        weeks.append(
            Week(
                monday,
                posts=sum(day.posts for day in counted) + posts_today * is_running,
                active=active[0] if active else max((day.active_day for day in counted), default=0),
                joined=sum(day.joined for day in counted) + joined_today * is_running,
            )
        )
    return tuple(weeks)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
