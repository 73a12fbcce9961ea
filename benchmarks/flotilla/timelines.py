"""The home timeline of people who follow few, many and very many, in towns of several sizes, at half load.

    .venv/bin/python benchmarks/flotilla/timelines.py [--posts 10000 1000000]

Three people of a town of 10,000: one follows 20 who hardly write, one 100, one 2,000 who write most. Each asks for the
first page, and for deeper ones, at half of the rate that a request by itself allows. Goals: the first page within 20 ms
for 95 %, deeper ones within twice that. About 3 minutes for a million posts, half an hour for ten million.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from statistics import quantiles

from town import site_trial

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.sizes import told_size
from seatrial.spec.workload import WorkloadSpec
from seatrial.testbed.testbed import Testbed

PEOPLE = 10_000
GOAL_MS = 20.0
CIRCLES = {"quiet": (20, "ASC"), "hundred": (100, "DESC"), "many": (2_000, "DESC")}
"""(how many they follow, in which order of posts written they are taken)."""

FORGET = """
DELETE FROM s0000.following f USING s0000.profile p WHERE p.account_id = f.follower_id AND p.handle = %(handle)s
"""
FOLLOW = """
INSERT INTO s0000.following (follower_id, followee_id)
SELECT me.account_id, chosen.author_id FROM (SELECT account_id FROM s0000.profile WHERE handle = %(handle)s) me,
    (SELECT author_id FROM s0000.author_stats WHERE posts > 0 ORDER BY posts {order}, author_id LIMIT %(count)s) chosen
WHERE chosen.author_id <> me.account_id
"""


def circles_made(testbed: Testbed) -> None:
    """Three people follow whom their circle says; their mirrors stay as they were, which no timeline reads."""
    database = testbed.database
    assert database is not None
    with database.meter() as connection:
        for number, (count, order) in enumerate(CIRCLES.values(), 1):
            values = {"handle": f"person{number:05d}", "count": count}
            connection.execute(FORGET.encode(), values)
            connection.execute(FOLLOW.format(order=order).encode(), values)
        connection.execute("ANALYZE s0000.following")


async def seen(testbed: Testbed, workload: Workload, name: str) -> tuple[float, float]:
    """(p95 in ms, requests per second) of one operation at half load."""
    one = [operation for operation in workload.weights if operation == name]
    async with Driver(testbed.url, workload, seed=3, run_token=f"t{time.time_ns():x}") as driver:
        await driver.sign_in_all(deadline_s=60)
        record = await driver.serial(one * 30, int, int, lambda *_: None)
        alone_s = sum(r.done_s - r.sent_s for r in record.requests) / len(record.requests)
        rate = 0.5 / alone_s
        record = await driver.open_loop(rate, 10.0)
    times = [1000 * (r.done_s - r.due_s) for r in record.requests if not r.error]
    return quantiles(times, n=20)[-1], rate


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, nargs="+", default=[10_000, 1_000_000])
    options = parser.parse_args()
    print("| posts | who | page | p95 at half load | requests/s | goal | |\n|---:|---|---|---:|---:|---:|---|")
    missed = 0
    for posts in options.posts:
        trial = site_trial(people=PEOPLE, posts=posts)
        with Testbed(trial, on_progress=lambda text: print(f"  {text}", file=sys.stderr, flush=True)) as testbed:
            testbed.prepare()
            circles_made(testbed)
            testbed.start(1, 4, fresh_data=False)
            for number, who in enumerate(CIRCLES, 1):
                for page, goal in (("first", GOAL_MS), ("deeper", 2 * GOAL_MS)):
                    name = f"{page}_{number}"
                    spec = WorkloadSpec(
                        journeys=Path(__file__).parent / "timeline_journeys.py",
                        mix={name: 1.0},
                        sign_in=f"sign_in_{number}",
                        people=1,
                    )
                    with told_size(PEOPLE):
                        workload = Workload.from_spec(spec)
                    p95, rate = asyncio.run(seen(testbed, workload, name))
                    missed += p95 > goal
                    verdict = "met" if p95 <= goal else "**missed**"
                    figures = f"{p95:.1f} ms | {rate:.0f} | {goal:.0f} ms"
                    print(f"| {posts:,} | {who} | {page} | {figures} | {verdict} |", flush=True)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
