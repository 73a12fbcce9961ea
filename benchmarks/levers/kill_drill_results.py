"""What people saw of a kill, whether all that was acknowledged is there, and the table that says so."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg
from acknowledged import BOOK
from kill_drill_site import Site, until

from seatrial.load.books.observation import LoadRecord, Observation

__all__ = ["Times", "Told", "counted", "looked_for", "table"]

NOTICED_WITHIN_S = 2.0
ERRORS_MAX = 0.001
# An abandoned piece of work is taken up again when its lease is over: five minutes, unless its task says otherwise.
WORKED_OFF_WITHIN_S = 330.0


@dataclass(slots=True)
class Times:
    """Instants of time.perf_counter()."""

    killed_s: float = 0.0
    restarted_s: float = 0.0
    in_use_s: float | None = None
    in_hand: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Told:
    """What one drill came to."""

    name: str
    restarted_by: str
    requests: int
    before: tuple[int, int]
    by_second: list[int]
    late: tuple[int, int]
    last_error_s: float | None
    in_use_s: float | None
    acknowledged: int
    kinds: dict[str, int]
    late_words: tuple[str, ...]
    generator_late_ms: float
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    check: str = ""
    in_hand: tuple[str, ...] = ()
    worked_off_s: float | None = None

    @property
    def meets_errors(self) -> bool:
        """Whether few enough requests failed from two seconds after the kill on."""
        return self.late[1] > 0 and self.late[0] < ERRORS_MAX * self.late[1]

    @property
    def lost_nothing(self) -> bool:
        """Whether all that was acknowledged is there, once, and fits together."""
        return not (self.lost or self.doubled or self.check)


def counted(name: str, restarted_by: str, record: LoadRecord, times: Times) -> Told:
    """What the people saw. Late are requests that were due two seconds after the kill or later."""
    requests, killed_s = record.requests, times.killed_s
    bad = [one for one in requests if one.error]
    before = [one for one in requests if one.done_s < killed_s]
    late = [one for one in requests if one.due_s >= killed_s + NOTICED_WITHIN_S]
    hit = [one for one in bad if one.done_s >= killed_s]
    seconds = Counter(int(one.done_s - killed_s) for one in hit)
    return Told(
        name,
        restarted_by,
        len(requests),
        (sum(bool(one.error) for one in before), len(before)),
        [seconds[second] for second in range(8)] + [sum(n for second, n in seconds.items() if second >= 8)],
        (sum(bool(one.error) for one in late), len(late)),
        max(one.done_s for one in hit) - killed_s if hit else None,
        None if times.in_use_s is None else times.in_use_s - killed_s,
        len(BOOK),
        dict(Counter(f"{one.error} {one.status or ''} {one.operation}" for one in bad)),
        tuple(words_of(one, killed_s) for one in late if one.error),
        1000 * quantile([one.lateness_s for one in requests if one.is_arrival], 0.99),
    )


def words_of(one: Observation, killed_s: float) -> str:
    return f"{one.due_s - killed_s:+.2f} s to {one.done_s - killed_s:+.2f} s: {one.operation}: {one.error} {one.status}"


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def looked_for(running: Site, told: Told, times: Times) -> None:
    """Is everything there that was acknowledged, once, and does `flotilla check` find nothing?"""
    done = until(lambda: not running.jobs_left(), within_s=WORKED_OFF_WITHIN_S)
    told.in_hand = tuple(times.in_hand)
    told.worked_off_s = time.perf_counter() - times.killed_s if times.in_hand else None
    with psycopg.connect(running.settings.owner_url) as connection:
        posts = Counter(
            text for (text,) in connection.execute("SELECT body FROM s0000.posts WHERE body LIKE 'note%'").fetchall()
        )
        likes = connection.execute(
            "SELECT handle, post_id FROM s0000.likes_given JOIN s0000.profile USING (account_id)"
        ).fetchall()
        follows = connection.execute(
            "SELECT a.handle, b.handle FROM s0000.following f JOIN s0000.profile a ON a.account_id = f.follower_id"
            " JOIN s0000.profile b ON b.account_id = f.followee_id"
        ).fetchall()
    told.lost = sorted(BOOK.posts - posts.keys())
    told.lost += [f"like of {who}: {what}" for who, what in BOOK.likes.difference(likes)]
    told.lost += [f"{who} follows {whom}" for who, whom in BOOK.follows.difference(follows)]
    if not done:
        told.lost.append(f"{len(running.jobs_left())} pieces of background work")
    told.doubled = sorted(text for text, count in posts.items() if count > 1)
    checked = running.command("check")
    told.check = "" if checked.returncode == 0 else checked.stderr + checked.stdout
    BOOK.clear()


def table(all_told: Sequence[Told]) -> None:
    """The result, for a page of the documents."""
    print(
        "| killed | restarted by | requests | wrong before | wrong in second 1, 2, 3 ... 8, later "
        "| of those due from 2 s on | last wrong one | in use again | acknowledged | lost |"
    )
    print("|---|---|---:|---:|---|---:|---:|---:|---:|---:|")
    for told in all_told:
        share = 100 * told.late[0] / max(told.late[1], 1)
        seconds = " ".join(map(str, told.by_second))
        last = "none" if told.last_error_s is None else f"{told.last_error_s:.1f} s"
        back = "not seen" if told.in_use_s is None else f"{told.in_use_s:.1f} s"
        print(
            f"| {told.name} | {told.restarted_by} | {told.requests} | {told.before[0]} of {told.before[1]} "
            f"| {seconds} | {told.late[0]} of {told.late[1]} ({share:.2f} %) | {last} | {back} "
            f"| {told.acknowledged} | {len(told.lost)} |"
        )
    for told in all_told:
        goals = {"errors": told.meets_errors, "nothing lost": told.lost_nothing}
        verdict = ", ".join(f"{goal}: {'met' if met else 'MISSED'}" for goal, met in goals.items())
        print(f"\n{told.name}: {verdict}; load at most {told.generator_late_ms:.1f} ms late (p99)")
        print(f"  wrong answers: {told.kinds or 'none'}")
        if told.worked_off_s is not None:
            held = " and ".join(told.in_hand)
            print(f"  killed with {held} in hand, which was done {told.worked_off_s:.0f} s later at the latest")
        for words in (*told.late_words, *told.lost, *told.doubled, *filter(None, [told.check])):
            print(f"  {words}")
