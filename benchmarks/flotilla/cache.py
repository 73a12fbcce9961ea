"""What the cache of finished pages brings, and to whom: CPU of app, Valkey and PostgreSQL for each request.

    .venv/bin/python benchmarks/flotilla/cache.py [--seconds 12] [--turns 2]

A town of 2,000 people with 100,000 posts. Starts without and with a cache take turns (A B B A); in each, four
connections ask as fast as they are answered: the trial's own mix with its 30 people, the same with 300, and visitors
who never sign in. About 5 minutes.
"""

import argparse
import asyncio
import re
import sys
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from town import ENVIRONMENT, ROOT, site_trial

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.sizes import told_size
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.services import Services
from seatrial.spec.workload import WorkloadSpec
from seatrial.testbed.testbed import Testbed

PEOPLE, POSTS = 2_000, 100_000
TOKEN = "to read the numbers"
TOLD = re.compile(r'^flotilla_cache_total\{outcome="(\w+)",route="[^"]+"\} ([0-9.]+)$', re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """CPU for a request, answers per second, and the share of looks that found a page (None: nobody looked)."""

    app_ms: float
    database_ms: float
    rate_rps: float
    hit_ratio: float | None


def looks(url: str) -> dict[str, float]:
    """How many looks came to which end since the start."""
    wanted = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(wanted, timeout=10) as answer:
        found: dict[str, float] = defaultdict(float)
        for outcome, count in TOLD.findall(answer.read().decode()):
            found[outcome] += float(count)
    return found


async def seen(testbed: Testbed, workload: Workload, seconds: float, turn: int) -> Seen:
    async with Driver(testbed.url, workload, seed=turn, run_token=f"c{time.time_ns():x}") as driver:
        if workload.sign_in:
            await driver.sign_in_all(deadline_s=240)
        await driver.closed_loop(4, 4.0)  # warm
        before, cpu = looks(testbed.url), testbed.cpu_seconds()
        record = await driver.closed_loop(4, seconds)
        after, cpu_after = looks(testbed.url), testbed.cpu_seconds()
    done = len([request for request in record.requests if not request.error])
    assert done > 0.99 * len(record.requests), "answers were wrong"
    found = {outcome: after[outcome] - before[outcome] for outcome in after}
    hits = found.get("hit", 0.0) + found.get("stale", 0.0)
    return Seen(
        app_ms=1000 * ((cpu_after.app_s or 0.0) - (cpu.app_s or 0.0)) / done,
        database_ms=1000 * ((cpu_after.database_s or 0.0) - (cpu.database_s or 0.0)) / done,
        rate_rps=done / seconds,
        hit_ratio=hits / sum(found.values()) if sum(found.values()) else None,
    )


def workloads() -> dict[str, Workload]:
    declared = read_trial_spec(ROOT / "trials" / "flotilla" / "seatrial.toml").workload
    visitors = WorkloadSpec(
        journeys=Path(__file__).parent / "cache_journeys.py",
        mix={"everyone": 0.3, "somebody": 0.3, "one_post": 0.4},
        people=30,
    )
    specs = {"30 people": declared, "300 people": replace(declared, people=300), "visitors": visitors}
    with told_size(PEOPLE):
        return {name: Workload.from_spec(spec) for name, spec in specs.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--turns", type=int, default=2, help="A B B A is two turns")
    options = parser.parse_args()
    plain = site_trial(people=PEOPLE, posts=POSTS)
    plain = replace(
        plain,
        subject=replace(
            plain.subject,
            services=Services(cache="valkey"),
            environment={**ENVIRONMENT, "FLOTILLA_METRICS_TOKEN": TOKEN, "FLOTILLA_ACCESS_LOG": "no"},
        ),
    )
    cached = replace(
        plain,
        subject=replace(plain.subject, environment={**plain.subject.environment, "FLOTILLA_CACHE_URL": "{cache_url}"}),
    )
    loads, found = workloads(), defaultdict(list)
    order = [("off", plain), ("on", cached)]
    for turn in range(options.turns):
        for what, trial in order if turn % 2 == 0 else reversed(order):
            with Testbed(trial, on_progress=lambda text: print(f"  {text}", file=sys.stderr, flush=True)) as testbed:
                testbed.prepare()
                testbed.start(1, 4, fresh_data=False)
                for name, workload in loads.items():
                    found[name, what].append(asyncio.run(seen(testbed, workload, options.seconds, turn)))
                    print(f"  {name}, {what}: {found[name, what][-1]}", file=sys.stderr, flush=True)
    print("| who asks | cache | app and Valkey | PostgreSQL | together | less by | answers/s | hit ratio |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for name in loads:
        off = fmean(one.app_ms + one.database_ms for one in found[name, "off"])
        for what in ("off", "on"):
            all_seen = found[name, what]
            app, database, rate = (
                fmean(getattr(s, f) for s in all_seen) for f in ("app_ms", "database_ms", "rate_rps")
            )
            ratios = [one.hit_ratio for one in all_seen if one.hit_ratio is not None]
            ratio = f"{100 * fmean(ratios):.0f} %" if ratios else "-"
            print(
                f"| {name} | {what} | {app:.2f} ms | {database:.2f} ms | {app + database:.2f} ms "
                f"| {off / (app + database):.2f} x | {rate:.0f} | {ratio} |"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
