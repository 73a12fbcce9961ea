"""`seatrial levers` on apps whose truth is arithmetic: how far off is it, and how often is nothing called something?

    .venv/bin/python benchmarks/levers/known_factors.py [--identical 8] [--minutes 6]

Three apps: one that only waits (threads help by their number), one that only computes in one slot (half the CPU, twice
the answers; nothing else helps), and one with `--identical` levers that change nothing. Prints truth, what was told
and the interval; takes about three times the minutes.

What the server itself does around a request is part of the truth and known only within bounds, so a factor is a range
there. Where the app's work stays what it is, threads and workers that take turns still cost a per cent or two, so what
is asked of those levers is that no change is told.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["main"]

SUBJECTS = Path(__file__).parents[2] / "packages" / "seatrial" / "tests" / "calibration" / "subjects"

SPEC = """
[subject]
name = "standard"
app = "standard:app"
directory = "{subjects}"
python = "{python}"
health_path = "/health"
environment = {{ CPU_MS = "{cpu_ms}", WAIT_MS = "{wait_ms}" }}
[server]
worker_class = "gthread"
threads = 1
[database]
kind = "none"
[plan]
name = "one CPU"
cpus = 1
memory_mb = 1024
[[workload.operations]]
name = "work"
path = "/"
"""

LEVER = """
[[levers]]
name = "{name}"
environment = {{ {variable} = "{value}" }}
"""


def told(
    *, cpu_ms: float, wait_ms: float, only: Sequence[str], own: Mapping[str, tuple[str, str]], minutes: float
) -> dict[str, Any]:
    """What `seatrial levers --json` says of such an app. own: name of a lever -> variable and value."""
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "seatrial.toml"
        text = SPEC.format(subjects=SUBJECTS, python=sys.executable, cpu_ms=cpu_ms, wait_ms=wait_ms)
        spec.write_text(text + "".join(LEVER.format(name=n, variable=k, value=v) for n, (k, v) in own.items()))
        argv = [sys.executable, "-m", "seatrial", "levers", str(spec), "--json", "--allow-noise"]
        argv += ["--only", ",".join((*only, *own)), "--budget-minutes", str(minutes)]
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, timeout=120 + 90 * minutes)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


Factor = tuple[float, float]
"""Between these; (1, 1) where nothing changes."""

SAME: Factor = (1.0, 1.0)

OWN_MS = (0.2, 1.2)
"""CPU of gunicorn and the standard around a request: some 0.3 ms as calibrated (benchmarks/README.md), to be sure."""


def factor(before_ms: float, after_ms: float) -> Factor:
    """Of the rate, when a request takes so long in place of so long, the server's own time on top of both."""
    ends = [(before_ms + own_ms) / (after_ms + own_ms) for own_ms in OWN_MS]
    return min(ends), max(ends)


def line(row: Mapping[str, Any], truth: Factor, measure: str = "saturated_rps") -> str:
    """One lever: truth, estimate, interval, outcome."""
    effect = row["effects"][measure]
    low, high = effect["low"], effect["high"]
    if truth == SAME:
        verdict = "WRONG" if effect["outcome"] in {"better", "worse"} else "right"
    else:
        verdict = "holds it" if low is not None and low <= truth[1] and high >= truth[0] else "MISSES IT"
    told = f"truth x{truth[0]:.2f}-{truth[1]:.2f}  told x{effect['ratio']:.3f}  {low or 0:.3f} to {high or 0:.3f}"
    return f"{row['name']:<18} {measure:<14} {told}  {verdict}  {effect['outcome']}"


def main() -> None:
    """Runs the three apps and prints a line for each lever."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--identical", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=6.0)
    options = parser.parse_args()
    found = told(
        cpu_ms=0,
        wait_ms=50,
        only=["threads-4", "workers-2"],
        own={"half the wait": ("WAIT_MS", "25")},
        minutes=options.minutes,
    )
    truths = {"threads-4": (4.0, 4.0), "workers-2": (2.0, 2.0), "half the wait": factor(50, 25)}
    for row in found["rows"]:
        print(line(row, truths[row["name"]]))
    found = told(
        cpu_ms=20,
        wait_ms=0,
        only=["threads-4", "workers-2"],
        own={"half the CPU": ("CPU_MS", "10")},
        minutes=options.minutes,
    )
    for row in found["rows"]:
        changes = row["name"] == "half the CPU"
        print(line(row, factor(20, 10) if changes else SAME))
        print(line(row, factor(10, 20) if changes else SAME, "cpu_s"))
    own = {f"nothing {number}": ("NOTHING", str(number)) for number in range(options.identical)}
    found = told(cpu_ms=5, wait_ms=5, only=[], own=own, minutes=options.minutes)
    outcomes = [effect["outcome"] for row in found["rows"] for effect in row["effects"].values() if effect]
    wrong = sum(outcome in {"better", "worse"} for outcome in outcomes)
    for row in found["rows"]:
        print(line(row, SAME))
    print(f"identical levers: {wrong} of {len(outcomes)} effects called a change")


if __name__ == "__main__":
    main()
