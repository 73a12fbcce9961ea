"""How large the site is, as it tells apps; nothing is counted for it."""

from dataclasses import dataclass

from flotilla.social.keeping import KeptFor
from flotilla.store import estimates
from flotilla.store import statistics as statistic_rows
from flotilla.store.database import Database

__all__ = ["SiteSize", "Size"]

KEPT_S = 60.0


@dataclass(frozen=True, slots=True)
class SiteSize:
    """About how many accounts and posts there are, and how many people were active in the 30 days until yesterday."""

    people: int
    posts: int
    active_month: int


class Size:
    """The site's size, at most a minute old."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = KeptFor(KEPT_S, self._read)

    def now(self) -> SiteSize:
        """The size."""
        return self._kept.get()

    def _read(self) -> SiteSize:
        with self._database.read() as work:
            people, posts = estimates.people_and_posts(work)
            days = statistic_rows.newest(work, limit=1)
        return SiteSize(people, posts, days[0].active_month if days else 0)
