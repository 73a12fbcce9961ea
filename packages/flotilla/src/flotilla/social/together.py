"""Likes, follows and read markers of several requests, stored together (FLOTILLA_BATCH_MS).

Here is the plain case of each, many at once; the rules are those of the use case, on rows that are held. What is not
plain (a post that may not be seen, a person who wants to be asked ...) is answered with None, and the use case does it
as it always does. Every lock is taken in the order of ids, as everywhere, so that batches of several processes queue.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flotilla.settings import Settings
from flotilla.social.accounts import handle_of
from flotilla.social.batching import Batch
from flotilla.social.events import Kind, publish
from flotilla.social.notifying import NotificationKind, tell_several, today
from flotilla.social.people import Who
from flotilla.social.visibility import may_see
from flotilla.store import accounts as account_rows
from flotilla.store import follows as follow_rows
from flotilla.store import inbox as inbox_rows
from flotilla.store import marks
from flotilla.store import people as people_rows
from flotilla.store import posts as post_rows
from flotilla.store.database import Database
from flotilla.store.ids import MAX_ID

__all__ = ["FOLLOWING_MAX", "Together"]

# The home timeline looks at everyone one follows.
FOLLOWING_MAX = 7500


@dataclass(frozen=True, slots=True)
class _Follow:
    account_id: int
    who: Who
    show_reposts: bool


@dataclass(frozen=True, slots=True)
class _Read:
    account_id: int
    timeline: str
    last_read_id: int


class Together:
    """The plain writes of this process's requests; each method answers None for what a request has to do by itself."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._on = settings.batch_ms > 0
        self._watchers: list[Callable[[str, int], object]] = []
        timing = {"wait_s": settings.batch_ms / 1000, "deadline_s": float(settings.request_timeout_s)}
        self._likes = Batch("likes", self._store_likes, watch=self._tell, **timing)
        self._follows = Batch("follows", self._store_follows, watch=self._tell, **timing)
        self._reads = Batch("markers", self._store_reads, watch=self._tell, **timing)

    def watch(self, told: Callable[[str, int], object]) -> None:
        """Call `told(kind, size)` for each batch that is stored."""
        self._watchers.append(told)

    def like(self, account_id: int, post_id: int) -> int | None:
        """The post's likes, after this one."""
        return self._likes.submit((account_id, post_id)) if self._on and 0 < post_id <= MAX_ID else None

    def follow(self, account_id: int, who: Who, *, show_reposts: bool | None) -> bool | None:
        """True: the one follows the other now."""
        wanted = handle_of(who) if isinstance(who, str) else who
        if not self._on or wanted is None or (isinstance(wanted, int) and not 0 < wanted <= MAX_ID):
            return None
        return self._follows.submit(_Follow(account_id, wanted, show_reposts is not False))

    def read_up_to(self, account_id: int, timeline: str, last_read_id: int) -> bool | None:
        """True: the marker is there, or further."""
        return self._reads.submit(_Read(account_id, timeline, last_read_id)) if self._on else None

    def _tell(self, kind: str, size: int) -> None:
        for told in self._watchers:
            told(kind, size)

    def _store_likes(self, likes: Sequence[tuple[int, int]]) -> list[int | None]:
        with self._database.write(hides=False) as work:
            rows = post_rows.find_for_each(work, dict.fromkeys(likes))
            plain = [key for key in likes if key in rows and rows[key].repost_of is None and may_see(rows[key], key[0])]
            # For whom a post is never changes; whether it is there, and its likes, may have until it was held.
            counts = post_rows.lock(work, {post_id for _, post_id in plain}) if plain else {}
            there = {key for key in plain if key[1] in counts}
            new = marks.LIKES.insert_several(work, there)
            told = [(rows[key].author_id, *key, rows[key].thread_id) for key in there if key in new]
            tell_several(work, NotificationKind.LIKE, told)
        outcomes: list[int | None] = []
        for key in likes:
            if key in new:
                new.remove(key)
                counts[key[1]] += 1
            outcomes.append(counts.get(key[1]) if key in there else None)
        return outcomes

    def _store_follows(self, follows: Sequence[_Follow]) -> list[bool | None]:
        with self._database.write(hides=False) as work:
            ids = account_rows.active(work, {follow.who for follow in follows})
            keys = [(follow.account_id, ids.get(follow.who, 0)) for follow in follows]
            # Of several follows of one person all but one wait for their turn: how many they follow is counted once.
            times = Counter(follow.account_id for follow in follows)
            wanted = {
                key: follow.show_reposts
                for key, follow in zip(keys, follows, strict=True)
                if times[key[0]] == 1 and key[1] not in {0, key[0]}
            }
            counts = people_rows.lock(work, {account_id for key in wanted for account_id in key}) if wanted else {}
            open_ = follow_rows.find_open(work, wanted) if wanted else set()
            new = {
                key: shown for key, shown in wanted.items() if key in open_ and counts.get(key[0], 0) < FOLLOWING_MAX
            }
            if new:
                follow_rows.insert_several(work, new)
                day = today()
                tell_several(work, NotificationKind.FOLLOW, [(key[1], key[0], day, 0) for key in new])
                for follower_id, _ in new:
                    publish(work, Kind.CIRCLE_CHANGED, account_ids=[follower_id])
        return [True if key in new else None for key in keys]

    def _store_reads(self, reads: Sequence[_Read]) -> list[bool | None]:
        moves: dict[tuple[int, str], int] = {}
        for read in reads:
            key = (read.account_id, read.timeline)
            moves[key] = max(read.last_read_id, moves.get(key, 0))
        with self._database.write(hides=False) as work:
            inbox_rows.move_markers(work, moves)
        return [True] * len(reads)
