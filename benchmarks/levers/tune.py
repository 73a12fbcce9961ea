"""`seatrial tune` against a full grid: is what it takes as good as the best of all, in a fifth of the time?

    .venv/bin/python benchmarks/levers/tune.py [--turns 2] [--only waits]

Three apps of known shape on one CPU and 512 MB: CPU alone, mostly waiting, half and half. The grid starts every
combination of sync, gthread and gevent with 1, 2, 3, 4 workers and 1, 4, 16 threads, `--turns` times in turn; then tune
seeks with its usual patience. What tune takes is looked up in the grid (or, if it is not in it, started as often).
About 12 minutes an app.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from seatrial.commands import tune
from seatrial.load import event_loop
from seatrial.load.workload import Workload
from seatrial.measure.experiment import Starts
from seatrial.measure.preflight import preflight
from seatrial.measure.tune_record import Shape
from seatrial.spec.reading import read_declared
from seatrial.testbed.testbed import Testbed

SUBJECTS = Path(__file__).parents[2] / "packages" / "seatrial" / "tests" / "calibration" / "subjects"
APPS = {"computes": (10, 0), "waits": (5, 95), "half": (10, 10)}
"""CPU and waiting of a request, in milliseconds."""

GRID = tuple(
    Shape(kind, workers, threads)
    for kind in ("sync", "gthread", "gevent")
    for workers in (1, 2, 3, 4)
    for threads in ((1, 4, 16) if kind == "gthread" else (1,))
)

FILE = """\
[subject]
name = "{name}"
app = "standard:app"
directory = "{subjects}"
python = "{python}"
health_path = "/health"
environment = {{ CPU_MS = "{cpu_ms}", WAIT_MS = "{wait_ms}" }}
[server]
worker_class = "sync"
workers = 1
[database]
kind = "none"
[plan]
id = "do-s-1vcpu-512mb-10gb"
[[workload.operations]]
name = "work"
path = "/"
"""


async def grid(testbed: Testbed, declared, turns: int, shapes) -> dict[Shape, float]:  # type: ignore[no-untyped-def]
    """Highest throughput of each, mean over the turns."""
    starts = Starts(testbed, Workload.from_spec(declared.spec.workload))
    found: dict[Shape, list[float]] = {shape: [] for shape in shapes}
    for turn in range(turns):
        for number, shape in enumerate(shapes if turn % 2 else tuple(reversed(shapes))):
            spec = declared.with_levers([shape.lever])
            spec = declared.spec if isinstance(spec, str) else spec
            seen = await starts.measure(spec, (), number=100 * turn + number, seed_number=turn, rate_rps=5.0)
            if seen.saturated_rps:
                found[shape].append(seen.saturated_rps)
            print(f"  {shape.words()}: {seen.saturated_rps or seen.failure}", file=sys.stderr, flush=True)
    return {shape: fmean(rates) for shape, rates in found.items() if rates}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=2, help="starts of each combination")
    parser.add_argument("--only", choices=APPS, help="one of the apps")
    options = parser.parse_args()
    print("| app | best of the grid | tune takes | of the best | grid | tune |\n|---|---|---|---:|---:|---:|")
    for name, (cpu_ms, wait_ms) in APPS.items():
        if options.only and name != options.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "seatrial.toml"
            path.write_text(
                FILE.format(name=name, subjects=SUBJECTS, python=sys.executable, cpu_ms=cpu_ms, wait_ms=wait_ms)
            )
            declared = read_declared(path)
            declared = replace(
                declared, spec=replace(declared.spec, measure=replace(declared.spec.measure, warm_up_max_s=8.0))
            )
            since_s = time.monotonic()
            with Testbed(declared.spec, varied_hosts=1) as testbed:
                preflight(testbed.placement.subject_cpus, testbed.placement.generator_cpus)
                testbed.prepare()
                rates = event_loop.run(grid(testbed, declared, options.turns, GRID))
                grid_s = time.monotonic() - since_s
            tuned = tune(path, tell=lambda report: print(f"  {report.text}", file=sys.stderr), budget_s=600.0).findings
            best = max(rates, key=lambda shape: rates[shape])
            taken = Shape(tuned.best.worker_class, tuned.best.workers, tuned.best.threads or 1) if tuned.best else best
            if taken not in rates:
                with Testbed(declared.spec, varied_hosts=1) as testbed:
                    testbed.prepare()
                    rates |= event_loop.run(grid(testbed, declared, options.turns, (taken, best)))
            share = rates[taken] / rates[best]
            print(
                f"| {name} ({cpu_ms} + {wait_ms} ms) | {best.words()}, {rates[best]:.1f}/s | {taken.words()}, "
                f"{rates[taken]:.1f}/s | {share:.3f} | {len(GRID)} x {options.turns} starts, {grid_s / 60:.1f} min "
                f"| {tuned.starts} starts, {tuned.spent_s / 60:.1f} min |",
                flush=True,
            )


if __name__ == "__main__":
    subprocess.run(["uptime"], check=False)
    main()
