"""What a fraction of a CPU costs requests: their CPU seconds on a half and a quarter over those on a whole one.

    .venv/bin/python benchmarks/accuracy/quota_cost.py [--apps flotilla listing] [--workers 1 2 4 9] [--rounds 5]
    .venv/bin/python benchmarks/accuracy/quota_cost.py --apps listing --workers 1 4 --fractions 0.5 0.1

Each server is started once and saturated by turns on a whole CPU and on each fraction, in an order that moves on by one
each round, so that what the machine does meanwhile is in all of them alike. Printed are the median over the rounds, and
the least and the most. A minute for each server.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from apps import APPS, App, provider_running

from seatrial.load import event_loop
from seatrial.load.workload import Workload
from seatrial.measure.bench import Bench
from seatrial.measure.fresh_start import FreshStart
from seatrial.measure.machine_speed import MemoryWalk
from seatrial.measure.measurement import Verdict
from seatrial.measure.progress import Progress
from seatrial.spec.trial_spec import MeasureSettings, TrialSpec
from seatrial.testbed.placement import place
from seatrial.testbed.testbed import Testbed
from seatrial.testbed.this_machine import available_cpus

STEP_S = 2.5
MEASURE = MeasureSettings(warm_up_max_s=5.0, inside=False, faults=False, allow_noise=True)


async def by_turns(
    bench: Bench, testbed: Testbed, spec: TrialSpec, workers: int, rounds: int, shares: Sequence[float]
) -> dict[float, list[float]]:
    """CPU seconds of a request on each share of a CPU, round by round; a round that the rig spoiled is left out."""
    threads = spec.subject.server.threads
    found: dict[float, list[float]] = {share: [] for share in shares}
    async with bench.started(workers, workers, threads, f"{workers} workers") as driver:
        one = FreshStart(spec, testbed, driver, MemoryWalk(), run=workers, workers=workers, threads=threads)
        await one.warm_up()
        for turn in range(rounds):
            seen: dict[float, float] = {}
            for position in range(len(shares)):
                share = shares[(position + turn) % len(shares)]
                await one.saturate_on(share, STEP_S)
                last = one.measurements[-1]
                assert last.label == "other quota", "the test bed cannot hold the subject to a quota here"
                if last.cpu_s and last.verdict != Verdict.INVALID:
                    seen[share] = last.cpu_s
            for share, cpu_s in seen.items() if len(seen) == len(shares) else ():
                found[share].append(cpu_s)
    return found


def measured(app: App, workers: Sequence[int], rounds: int, shares: Sequence[float], provider_url: str) -> None:
    """Prints a line for each number of workers."""
    spec = app.spec(replace(app.base, workers=max(workers)), MEASURE, provider_url)
    with Testbed(spec) as testbed:
        testbed.prepare()
        bench = Bench(spec, testbed, Workload.from_spec(spec.workload), Progress(lambda _: None))
        for count in workers:
            found = event_loop.run(by_turns(bench, testbed, spec, count, rounds, shares))
            whole = found[1.0]
            told = [f"{1e3 * median(whole):6.2f} ms"]
            for share in shares[1:]:
                ratios = sorted(there / here for there, here in zip(found[share], whole, strict=True))
                told.append(f"{median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})")
            print(f"| {app.name} | {count} x {spec.subject.server.threads} | {' | '.join(told)} |", flush=True)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--apps", nargs="+", default=[app.name for app in APPS])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4, 9])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fractions", nargs="+", type=float, default=[0.5, 0.25])
    arguments = parser.parse_args()
    shares = (1.0, *arguments.fractions)
    heads = " | ".join(f"{share:g} over it" for share in arguments.fractions)
    print(f"| app | workers | a whole CPU | {heads} |\n|---|---|---:|{'---:|' * len(arguments.fractions)}")
    with provider_running(place(available_cpus(), 1.0).generator_cpus) as provider_url:
        for app in APPS:
            if app.name in arguments.apps:
                measured(app, arguments.workers, arguments.rounds, shares, provider_url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
