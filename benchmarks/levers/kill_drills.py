"""Kills one part of a running Flotilla after the other, under load, and tells what people saw of it.

    .venv/bin/python benchmarks/levers/kill_drills.py [--rate 35] [--after 45] [--away 5] [--only pgbouncer]

Two instances of `flotilla run` behind Caddy, with every lever pulled: Valkey as cache and bus, PgBouncer, pushed
timelines, batched writes. People come at an open rate, sign in, post, read, like and follow, whatever the site answers.
In the middle `kill -9` hits, once each: Valkey; PgBouncer; the only background worker; instance 1 with all its
processes. The worker is begun anew by `flotilla run`; the others by this script, `--away` seconds later, as systemd
would with RestartSec. Nobody else lends a hand. Goals: below 0.1 % errors from two seconds after the kill on, and
nothing lost that was acknowledged. Some 6 minutes; needs Debian's pgbouncer. Exit status 1 when a goal is missed.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kill_drill_results import Times, counted, looked_for, table
from kill_drill_site import Site, site, until
from own_site import CLIENT_CPU

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.sizes import told_size
from seatrial.spec.workload import WorkloadSpec

PEOPLE, POSTS = 500, 5_000
REQUESTS_OF_A_VISIT = 14
LEAD_IN_S, BEFORE_S = 20.0, 15.0
BACK_WITHIN_S = 40.0
LOOKS_MAX = 1500


@dataclass(frozen=True, slots=True)
class Drill:
    """What is killed, who begins it anew, and how to see that it is in use again."""

    name: str
    restarted_by: str
    kill: Callable[[Site], object]
    restart: Callable[[Site], object] | None
    in_use: Callable[[Site], bool]
    before: Callable[[Site], object] | None = None


def _hold_worker(running: Site) -> None:
    """Stop the worker while it has a piece of work in hand, which takes it a few milliseconds."""
    process = running.jobs_process()
    assert process is not None, "there is no background worker"
    for _ in range(LOOKS_MAX):
        process.suspend()
        if running.jobs_in_hand():
            return
        process.resume()
        time.sleep(0.01)
    print("  the worker had nothing in hand whenever it was looked at", file=sys.stderr)


def _kill_worker(running: Site) -> None:
    process = running.jobs_process()
    assert process is not None, "there is no background worker"
    process.kill()


def _serves(running: Site) -> bool:
    """Whether instance 1 has answered somebody's request since it began anew (its log begins anew with it)."""
    said = running.webs[0].log.read_text()
    return any('"path": "/home"' in line or "path=/home" in line for line in said.splitlines())


def _kill_instance(running: Site) -> None:
    running.webs[0].kill()
    running.webs[0].log.write_text("")


DRILLS = (
    Drill(
        "Valkey (cache and bus)",
        "the script",
        lambda running: running.valkey.kill(),
        lambda running: running.valkey.start(),
        lambda running: (
            0 < running.said("valkey does not answer") == running.said("valkey answers again")
            # Who has not needed it meanwhile has not noticed: nobody has to come back.
        ),
    ),
    Drill(
        "PgBouncer",
        "the script",
        lambda running: running.pgbouncer.kill(),
        lambda running: running.pgbouncer.start(),
        lambda running: 0 < running.said("pooler gone") == running.said("pooler is back"),
    ),
    Drill(
        "the background worker",
        "`flotilla run`",
        _kill_worker,
        None,
        lambda running: running.jobs_process() is not None and not running.jobs_waiting(),
        before=_hold_worker,
    ),
    Drill(
        "app instance 1 of 2",
        "the script",
        _kill_instance,
        lambda running: running.webs[0].start(),
        _serves,
    ),
)


def act(drill: Drill, running: Site, away_s: float, times: Times) -> None:
    """Kill, begin anew, and look until it is in use again."""
    if drill.before is not None:
        drill.before(running)
    times.killed_s = time.perf_counter()
    drill.kill(running)
    times.in_hand = running.jobs_in_hand()
    if drill.restart is not None:
        time.sleep(away_s)
        drill.restart(running)
    times.restarted_s = time.perf_counter()
    if until(lambda: drill.in_use(running), BACK_WITHIN_S):
        times.in_use_s = time.perf_counter()


async def driven(
    drill: Drill, running: Site, workload: Workload, options: argparse.Namespace, seed: int
) -> tuple[LoadRecord, Times]:
    """The load, and in its middle the kill."""
    times, sessions_rps = Times(), options.rate / REQUESTS_OF_A_VISIT
    async with Driver(running.caddy.url, workload, seed=seed, run_token=f"k{time.time_ns():x}") as driver:
        load = asyncio.create_task(
            driver.open_loop(sessions_rps, BEFORE_S + options.after, lead_in_s=LEAD_IN_S),
        )
        await asyncio.sleep(LEAD_IN_S + BEFORE_S)
        await asyncio.to_thread(act, drill, running, options.away, times)
        return await load, times


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=35.0, help="requests per second (default %(default)s)")
    parser.add_argument("--after", type=float, default=45.0, help="seconds of load after the kill")
    parser.add_argument("--away", type=float, default=5.0, help="seconds until systemd would restart what died")
    parser.add_argument("--only", default="", help="a word of the drill's name")
    options = parser.parse_args()
    journeys = Path(__file__).parent / "kill_drill_journeys.py"
    spec = WorkloadSpec(journeys=journeys, mix={"visit": 1.0}, arrivals_are="sessions", returning=0.0)
    with told_size(PEOPLE):
        workload = Workload.from_spec(spec)
    all_told = []
    with tempfile.TemporaryDirectory(prefix="flotilla-kills-") as name, site(Path(name), PEOPLE, POSTS) as running:
        os.sched_setaffinity(0, {CLIENT_CPU})
        for seed, drill in enumerate(DRILLS, start=1):
            if options.only.lower() not in drill.name.lower():
                continue
            print(f"  {drill.name}", file=sys.stderr, flush=True)
            record, times = asyncio.run(driven(drill, running, workload, options, seed))
            told = counted(drill.name, drill.restarted_by, record, times)
            looked_for(running, told, times)
            all_told.append(told)
    table(all_told)
    return 0 if all(told.meets_errors and told.lost_nothing for told in all_told) else 1


if __name__ == "__main__":
    sys.exit(main())
