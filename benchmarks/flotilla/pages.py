"""What each page costs: CPU of the app and of PostgreSQL for one request, one at a time, measured by Seatrial.

    .venv/bin/python benchmarks/flotilla/pages.py [--turns 3]

A town of 2,000 people who follow 50 each, with 100,000 posts. Goals: home timeline (20 posts), as HTML and as JSON, at
most 3 ms of app and 1 ms of PostgreSQL; a person's page and a post's page at most 3 ms in all; a write at most 4 ms.
About 2 minutes.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from statistics import median

from town import site_trial

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.profile import profile_operations, profile_sequence, profiles_from
from seatrial.measure.sizes import told_size
from seatrial.spec.workload import WorkloadSpec
from seatrial.testbed.testbed import Testbed

PEOPLE, POSTS, FOLLOWS = 2_000, 100_000, 50
GOALS_MS = {
    "home": (3.0, 1.0, None),
    "home_json": (3.0, 1.0, None),
    "profile": (None, None, 3.0),
    "one_post": (None, None, 3.0),
    "write_post": (None, None, 4.0),
    "like": (None, None, 4.0),
}
"""App, PostgreSQL, both."""


async def seen(testbed: Testbed, workload: Workload, turn: int) -> dict[str, tuple[float, float]]:
    """(app, PostgreSQL) CPU in ms of each operation."""
    async with Driver(testbed.url, workload, seed=turn, run_token=f"p{time.time_ns():x}") as driver:
        await driver.sign_in_all(deadline_s=120)
        await driver.closed_loop(4, 8.0)  # warm
        sequence = profile_sequence(workload.weights, 0.01, 15.0, turn)
        samples = await profile_operations(driver, testbed, sequence)
    found = profiles_from(samples, dict.fromkeys(workload.weights, 1.0))
    return {p.operation: (1000 * (p.app_cpu_s or 0.0), 1000 * (p.database_cpu_s or 0.0)) for p in found}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3, help="fresh starts; the median counts")
    options = parser.parse_args()
    spec = WorkloadSpec(
        journeys=Path(__file__).parent / "page_journeys.py",
        mix=dict.fromkeys(GOALS_MS, 1.0),
        sign_in="sign_in",
        people=20,
    )
    with told_size(PEOPLE):
        workload = Workload.from_spec(spec)
    trial = site_trial(people=PEOPLE, posts=POSTS, workload=spec, seed=("--follows", str(FOLLOWS)))
    turns = []
    with Testbed(trial, on_progress=lambda text: print(f"  {text}", file=sys.stderr, flush=True)) as testbed:
        testbed.prepare()
        for turn in range(options.turns):
            testbed.start(1, 4, fresh_data=True)
            turns.append(asyncio.run(seen(testbed, workload, turn + 1)))
    print("| page | app CPU | PostgreSQL CPU | both | goal | |\n|---|---:|---:|---:|---|---|")
    missed = 0
    for name, goals in GOALS_MS.items():
        app, database = (median(turn[name][part] for turn in turns) for part in (0, 1))
        spread = max(sum(turn[name]) for turn in turns) - min(sum(turn[name]) for turn in turns)
        figures = (app, database, app + database)
        met = all(goal is None or figure <= goal for figure, goal in zip(figures, goals, strict=True))
        words = [f"{what} {goal:g}" for what, goal in zip(("app", "PostgreSQL", "both"), goals, strict=True) if goal]
        missed += not met
        print(
            f"| {name} | {app:.2f} ms | {database:.2f} ms | {app + database:.2f} ms (+-{spread / 2:.2f}) "
            f"| {', '.join(words)} ms | {'met' if met else '**missed**'} |"
        )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
