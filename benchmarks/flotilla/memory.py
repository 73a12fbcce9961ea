"""The whole site on the smallest plan: how much memory it takes, idle and under load, and how fast it starts.

    .venv/bin/python benchmarks/flotilla/memory.py [--posts 1000000] [--rate 60] [--seconds 60] [--flotilla PROGRAM]

`flotilla run` (web, live, jobs) and PostgreSQL inside the plan's limits; proportional set sizes (PSS) of every process.
Goals: idle at most 200 MB, under load at most 450 MB, started within 2 s. About 4 minutes with a million posts.
"""

import argparse
import asyncio
import sys
import threading
import time
from pathlib import Path

from town import ROOT, site_trial

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.sizes import told_size
from seatrial.spec.reading import read_trial_spec
from seatrial.testbed.testbed import Testbed

IDLE_S = 20.0
MB = 1e6


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=60.0, help="requests per second under load")
    parser.add_argument("--seconds", type=float, default=60.0)
    here = Path(sys.executable).parent / "flotilla"
    parser.add_argument("--flotilla", type=Path, default=here, help="the program, of an environment as a server has it")
    return parser.parse_args()


def sizes(testbed: Testbed) -> tuple[float, float]:
    """(app, PostgreSQL) in MB, now."""
    seen = testbed.readings()
    return (seen.app_memory_bytes or 0) / MB, (seen.database_memory_bytes or 0) / MB


async def loaded(testbed: Testbed, workload: Workload, rate_rps: float, seconds: float) -> tuple[float, float, str]:
    """The largest sum seen each second, its app's part, and how the load went."""
    largest = (0.0, 0.0)
    ended = threading.Event()

    def watch() -> None:
        nonlocal largest
        while not ended.wait(1.0):
            app, database = sizes(testbed)
            largest = max(largest, (app + database, app))

    async with Driver(testbed.url, workload, seed=1, run_token=f"m{time.time_ns():x}") as driver:
        await driver.sign_in_all(deadline_s=120)
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            record = await driver.open_loop(rate_rps, seconds)
        finally:
            ended.set()
            watcher.join()
    good = sum(1 for request in record.requests if not request.error)
    told = f"{good / seconds:.0f} good answers/s of {rate_rps:g}/s offered, {len(record.requests) - good} failed"
    return largest[0], largest[1], told


def main() -> int:
    options = parsed()
    command = ("env", "FLOTILLA_PORT={port}", str(options.flotilla), "run")
    trial = site_trial(people=options.people, posts=options.posts, command=command)
    declared = read_trial_spec(ROOT / "trials" / "flotilla")
    with told_size(options.people):
        workload = Workload.from_spec(declared.workload)
    with Testbed(trial, on_progress=lambda text: print(f"  {text}", file=sys.stderr, flush=True)) as testbed:
        testbed.prepare()
        began = time.monotonic()
        testbed.start(1, 4, fresh_data=False)
        started_s = time.monotonic() - began
        time.sleep(IDLE_S)  # what is idle is looked at after a while of nothing
        app, database = sizes(testbed)
        print(f"{options.people} people, {options.posts} posts; 1 web worker of 4 threads, live, jobs, PostgreSQL")
        print(f"started and settled within {started_s:.1f} s")
        print(f"idle:       {app + database:6.1f} MB ({app:.1f} site, {database:.1f} PostgreSQL)   goal 200")
        total, app, told = asyncio.run(loaded(testbed, workload, options.rate, options.seconds))
        print(f"under load: {total:6.1f} MB ({app:.1f} site, {total - app:.1f} PostgreSQL)   goal 450")
        print(f"the load:   {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
