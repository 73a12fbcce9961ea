"""What the site comes to, day by day. A day that is over is counted once, by the jobs or by the first who asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flotilla.social.background import Background, Task
from flotilla.social.pages import Viewer
from flotilla.social.standing import require_moderator
from flotilla.store import reports as report_rows
from flotilla.store import statistics as statistic_rows
from flotilla.store.database import Database
from flotilla.store.statistics import DayRow

__all__ = ["COUNTED_MAX", "Overview", "Statistics"]

CLOSE_DAY = Task("close_day", queue="cleanup")
EVERY_S = 3600
DAYS_SHOWN = 30
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

    def close_day(self) -> None:
        """Count yesterday, unless that was done."""
        yesterday = self._today() - timedelta(days=1)
        with self._database.write() as work:
            newest = statistic_rows.newest(work, limit=1)
            if not newest or newest[0].day < yesterday:
                statistic_rows.insert(work, statistic_rows.count_day(work, yesterday))
