"""`seatrial levers` on apps whose truth is arithmetic: how far off is it, and how often is nothing called something?

    .venv/bin/python benchmarks/levers/known_factors.py [--identical 8] [--minutes 6]

Three apps: one that only waits (threads help by their number), one that only computes in one slot (half the CPU, twice
the answers; nothing else helps), and one with `--identical` levers that change nothing. Prints truth, what was told
and the interval; takes about three times the minutes.
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


def line(row: Mapping[str, Any], truth: float, measure: str = "saturated_rps") -> str:
    """One lever: truth, estimate, interval, outcome."""
    effect = row["effects"][measure]
    holds = effect["low"] is not None and effect["low"] <= truth <= effect["high"]
    interval = f"{effect['low'] or 0:.3f} to {effect['high'] or 0:.3f}"
    words = f"{row['name']:<18} {measure:<14} truth x{truth:.2f}  told x{effect['ratio']:.3f}  {interval}"
    return f"{words}  {'holds it' if holds else 'MISSES IT'}  {effect['outcome']}"


def main() -> None:
    """Runs the three apps and prints a line for each lever."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--identical", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=6.0)
    options = parser.parse_args()
    own_ms = 1.0  # of gunicorn and the standard around a request
    found = told(
        cpu_ms=0,
        wait_ms=50,
        only=["threads-4", "workers-2"],
        own={"half the wait": ("WAIT_MS", "25")},
        minutes=options.minutes,
    )
    truths = {"threads-4": 4.0, "workers-2": 2.0, "half the wait": (50 + own_ms) / (25 + own_ms)}
    for row in found["rows"]:
        print(line(row, truths[row["name"]]))
    found = told(
        cpu_ms=20,
        wait_ms=0,
        only=["threads-4", "workers-2"],
        own={"half the CPU": ("CPU_MS", "10")},
        minutes=options.minutes,
    )
    half = (20 + own_ms) / (10 + own_ms)
    for row in found["rows"]:
        print(line(row, half if row["name"] == "half the CPU" else 1.0))
        print(line(row, 1 / half if row["name"] == "half the CPU" else 1.0, "cpu_s"))
    own = {f"nothing {number}": ("NOTHING", str(number)) for number in range(options.identical)}
    found = told(cpu_ms=5, wait_ms=5, only=[], own=own, minutes=options.minutes)
    outcomes = [effect["outcome"] for row in found["rows"] for effect in row["effects"].values() if effect]
    wrong = sum(outcome in {"better", "worse"} for outcome in outcomes)
    for row in found["rows"]:
        print(line(row, 1.0))
    print(f"identical levers: {wrong} of {len(outcomes)} effects called a change")


if __name__ == "__main__":
    main()
