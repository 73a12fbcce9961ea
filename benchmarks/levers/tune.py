"""`seatrial tune` against a full grid: is what it takes as good as the best of all, in a fifth of the time?

    .venv/bin/python benchmarks/levers/tune.py [--only waits] [--turns 3]

Three apps of known shape on one CPU and 512 MB: CPU alone, mostly waiting, half and half. First tune seeks with its
usual patience. Then the grid starts every combination that tune chooses from once. Which is the best of some fifty is
luck as well, so the grid's best three, what tune takes, and what others would set are started again, `--turns` times
there and back, and only these starts are compared. About 15 minutes an app.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from seatrial.advise.tuning.candidates import candidates, references
from seatrial.commands import tune
from seatrial.load import event_loop
from seatrial.load.workload import Workload
from seatrial.measure.experiment import Starts
from seatrial.measure.preflight import preflight
from seatrial.measure.tune_record import Shape, TuneRecord
from seatrial.spec.reading import Declared, read_declared
from seatrial.testbed.testbed import Testbed

SUBJECTS = Path(__file__).parents[2] / "packages" / "seatrial" / "tests" / "calibration" / "subjects"
APPS = {"computes": (10, 0), "waits": (5, 95), "half": (10, 10)}
"""CPU and waiting of a request, in milliseconds."""

CLASSES = ("gthread", "sync", "gevent")
FINALISTS = 3
RATE_RPS = 5.0
"""The fixed load of every start, which is not what is compared."""

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


class Grid:
    """Starts on one open test bed; the highest throughput of each, by settings."""

    def __init__(self, declared: Declared, testbed: Testbed) -> None:
        self._declared = declared
        self._starts = Starts(testbed, Workload.from_spec(declared.spec.workload))
        self._number = 0

    def started(self, shapes: Iterable[Shape], turn: int) -> dict[Shape, float]:
        """Each once, in this order; those that failed are left out."""
        return event_loop.run(self._started(shapes, turn))

    async def _started(self, shapes: Iterable[Shape], turn: int) -> dict[Shape, float]:
        found = {}
        for shape in shapes:
            spec = self._declared.with_levers([shape.lever])
            # The declared settings are no change.
            spec = self._declared.spec if isinstance(spec, str) else spec
            self._number += 1
            seen = await self._starts.measure(spec, (), number=self._number, seed_number=turn, rate_rps=RATE_RPS)
            if seen.saturated_rps:
                found[shape] = seen.saturated_rps
            print(f"  {shape.words()}: {seen.saturated_rps or seen.failure}", file=sys.stderr, flush=True)
        return found

    def compared(self, shapes: Sequence[Shape], turns: int) -> dict[Shape, float]:
        """The mean of each over so many turns there and back."""
        rates = [self.started(shapes if turn % 2 else shapes[::-1], turn) for turn in range(turns)]
        return {s: fmean(r[s] for r in rates if s in r) for s in shapes if any(s in r for r in rates)}


def row(name: str, path: Path, turns: int) -> str:
    """One app: tune, the grid, the comparison; a line of the table."""
    declared = read_declared(path)
    measure = replace(declared.spec.measure, warm_up_max_s=8.0)  # as long as tune's
    declared = replace(declared, spec=replace(declared.spec, measure=measure))
    tuned = tune(path, tell=lambda report: print(f"  {report.text}", file=sys.stderr), budget_s=600.0).findings
    taken = Shape("sync", 1)
    if tuned.best is not None:
        taken = Shape(tuned.best.worker_class, tuned.best.workers, tuned.best.threads or 1, tuned.best.pool)
    every = candidates(declared.spec, TuneRecord("", taken, 0.0, classes=CLASSES))
    others = references(declared.spec, CLASSES)
    with Testbed(declared.spec, varied_hosts=1) as testbed:
        preflight(testbed.placement.subject_cpus, testbed.placement.generator_cpus)
        testbed.prepare()
        grid, since_s = Grid(declared, testbed), time.monotonic()
        once = grid.started(every, 0)
        grid_s = time.monotonic() - since_s
        finalists = sorted(once, key=lambda shape: -once[shape])[:FINALISTS]
        rates = grid.compared(tuple(dict.fromkeys((*finalists, taken, *others.values()))), turns)
    best = max(finalists, key=lambda shape: rates.get(shape, 0.0))
    cells = [
        name,
        f"{best.words()}: {rates[best]:.1f}",
        f"{taken.words()}: {rates[taken]:.1f}",
        f"{rates[taken] / rates[best]:.3f}",
        *(f"{shape.words()}: {rates.get(shape, 0.0):.1f}" for shape in others.values()),
        f"{len(every)} in {grid_s / 60:.1f} min",
        f"{tuned.starts} in {tuned.spent_s / 60:.1f} min",
        f"{tuned.spent_s / grid_s:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3, help="starts of each that is compared")
    parser.add_argument("--only", choices=APPS, help="one of the apps")
    options = parser.parse_args()
    others = "gunicorn's default | gunicorn's rule | Heroku's default"
    print(f"| app | best of the grid | tune takes | of the best | {others} | grid | tune | of the grid's time |")
    print("|---|---|---|---:|---|---|---|---|---|---:|")
    for name, (cpu_ms, wait_ms) in APPS.items():
        if options.only and name != options.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "seatrial.toml"
            path.write_text(
                FILE.format(name=name, subjects=SUBJECTS, python=sys.executable, cpu_ms=cpu_ms, wait_ms=wait_ms)
            )
            print(row(f"{name} ({cpu_ms} + {wait_ms} ms)", path, options.turns), flush=True)


if __name__ == "__main__":
    subprocess.run(["uptime"], check=False)
    main()
