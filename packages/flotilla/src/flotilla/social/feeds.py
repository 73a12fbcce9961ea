"""Home timelines that are pushed instead of looked up (FLOTILLA_TIMELINE): fan-out, building, and which way to read.

Pushed and looked up are the same to whoever reads: in either case the ids of a window come from the database, and what
stands in the timeline is decided from the posts themselves. A feed that is missing, too short or not built yet is
looked up as without all this.
"""

import threading
from datetime import UTC, datetime

from flotilla.settings import Settings
from flotilla.social.background import Background, Task
from flotilla.store import home_feeds as feed_rows
from flotilla.store import timelines as timeline_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import made_at
from flotilla.store.posts import FAN_OUT_LEASE_S
from flotilla.store.windows import Scan, Window

__all__ = ["BUILD_HOME", "FAN_OUT", "PULLED_ABOVE", "SEEN_DAYS", "HomeFeeds"]

FAN_OUT = Task("fan_out", queue="timelines", lease_s=FAN_OUT_LEASE_S)
BUILD_HOME = Task("build_home", queue="timelines", lease_s=FAN_OUT_LEASE_S)
SWEEP_HOMES = Task("sweep_homes", queue="cleanup")
SWEEP_EVERY_S = 3600
# With `hybrid`: whoever has more followers is looked up by each of them.
PULLED_ABOVE = 5_000
NOBODY_PULLED = 2**31 - 1
# People who did not look at their home for longer have none kept for them.
SEEN_DAYS = 14
FOLLOWERS_AT_ONCE = 1_000
# Of a thousand entries each.
FEEDS_AT_ONCE = 25
ENTRIES_AT_ONCE = 5_000
NOTED_MAX = 20_000


class HomeFeeds:
    """The home timelines of this site, each read the way the settings want."""

    def __init__(self, database: Database, settings: Settings, background: Background) -> None:
        self._database = database
        self._background = background
        self._on = settings.timeline != "pull"
        self._pulled_above = PULLED_ABOVE if settings.timeline == "hybrid" else NOBODY_PULLED
        self._noted: tuple[object, set[int]] = (None, set())
        self._noting = threading.Lock()
        # Known whatever the setting: other processes of the site, or its past, may have another.
        background.does(FAN_OUT, self.fan_out)
        background.does(BUILD_HOME, self.build)
        background.does(SWEEP_HOMES, self.sweep, every_s=SWEEP_EVERY_S)

    def scan(self, work: Work, window: Window, *, reader_id: int) -> Scan:
        """That window of the reader's home."""
        if not self._on:
            return timeline_rows.home(work, window, reader_id=reader_id)
        self._note(work, reader_id)
        scan = timeline_rows.pushed_home(work, window, reader_id=reader_id)
        if scan is not None:
            return scan
        if not feed_rows.is_built(work, reader_id):
            self._background.later(work, BUILD_HOME, only_one=f"home: {reader_id}", account_id=reader_id)
        return timeline_rows.home(work, window, reader_id=reader_id)

    def fan_out(self, post_id: int, author_id: int) -> int:
        """Push a post to those of its author's followers who have a feed; how many feeds were without it."""
        with self._database.write(hides=False) as work:
            if feed_rows.mark_pulled(work, author_id, above=self._pulled_above):
                return 0
        reached, after = 0, 0
        while True:
            # A transaction for each thousand: none holds anything for long.
            with self._database.write(hides=False) as work:
                ids = feed_rows.followers(work, author_id, after=after, limit=FOLLOWERS_AT_ONCE)
                reached += feed_rows.push(work, post_id, ids)
            if len(ids) < FOLLOWERS_AT_ONCE:
                return reached
            after = ids[-1]

    def build(self, account_id: int) -> None:
        """Build a person's feed from nothing, or anew."""
        with self._database.read() as work:
            is_on = feed_rows.is_on(work)
        if not is_on:
            with self._database.write(hides=False) as work:
                feed_rows.switch_on(work)
        with self._database.write(hides=False) as work:
            is_open = feed_rows.open_feed(work, account_id)
        if is_open:
            with self._database.write(hides=False) as work:
                feed_rows.build(work, account_id)

    def sweep(self) -> None:
        """Forget the feeds of people who do not look any more; of everyone, where timelines are not pushed."""
        if not self._on:
            with self._database.write(hides=False) as work:
                if feed_rows.is_on(work):
                    feed_rows.switch_off(work)
        removed = True
        while removed:
            with self._database.write(hides=False) as work:
                removed = feed_rows.forget_unread(work, days=SEEN_DAYS, most=FEEDS_AT_ONCE) > 0
        removed = True
        while removed:
            with self._database.write(hides=False) as work:
                removed = feed_rows.forget_unused(work, most=ENTRIES_AT_ONCE) > 0

    def lag_s(self) -> float | None:
        """How old the oldest post is that has not reached its author's followers yet; None: timelines are looked up."""
        if not self._on:
            return None
        with self._database.read() as work:
            post_id = feed_rows.oldest_waiting(work)
        return 0.0 if post_id is None else max(0.0, (datetime.now(UTC) - made_at(post_id)).total_seconds())

    def _note(self, work: Work, account_id: int) -> None:
        """Remember that this person looked today; the database is told once a day by each process."""
        today = datetime.now(UTC).date()
        with self._noting:
            if self._noted[0] != today or len(self._noted[1]) >= NOTED_MAX:
                self._noted = (today, set())
            is_new = account_id not in self._noted[1]
            self._noted[1].add(account_id)
        if is_new:
            feed_rows.note_asked(work, account_id)
