"""The instrument against subjects of known cost, in full: three full and two brief starts each, and one trial twice.

    .venv/bin/python benchmarks/calibration.py [--restarts 3] [--only NAME ...]

Truth: the CPU and wait that each request burns by construction; saturation by exact mean value analysis of the slots
around one CPU and a delay; capacity = saturation x rho, where rho solves the tail of the M/D/k queue in heavy traffic
(decay 2 (1 - rho) k / S), for 95 % within 500 ms. Goals: demand within 5 %, capacity within 7 %, two runs within 10 %.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SUBJECTS = Path(__file__).parent.parent / "packages" / "seatrial" / "tests" / "calibration" / "subjects"
LIMIT_S, QUANTILE = 0.5, 0.95


@dataclass(frozen=True)
class Standard:
    """A subject whose cost is known by construction."""

    name: str
    cpu_ms: float
    wait_ms: float
    worker_class: str
    threads: int

    @property
    def saturation_rps(self) -> float:
        """Exact MVA (Reiser and Lavenberg 1980): R(n) = D (1 + Q(n-1)), X = n / (Z + R), Q = X R."""
        demand, delay, queue, rate = self.cpu_ms / 1000, self.wait_ms / 1000, 0.0, 0.0
        for slots in range(1, self.threads + 1):
            response = demand * (1 + queue)
            rate = slots / (delay + response)
            queue = rate * response
        return rate

    @property
    def capacity_rps(self) -> float:
        """Largest rate with Erlang-C-free tail exp(-2 (1 - rho) k t / S) x rho <= 5 % at t = limit - S."""
        saturation = self.saturation_rps
        # With no wait the threads share one CPU: one server of service D. With wait, k servers of service k / X.
        servers = 1 if self.wait_ms == 0 else self.threads
        service = servers / saturation
        rho = 0.9
        for _ in range(100):
            rho = 1 - math.log(rho / (1 - QUANTILE)) * service / (2 * servers * (LIMIT_S - service))
        return saturation * rho


STANDARDS = (
    Standard("one slot, 20 ms CPU", 20, 0, "sync", 1),
    Standard("one slot, 5 ms CPU", 5, 0, "sync", 1),
    Standard("four slots, 10 ms CPU", 10, 0, "gthread", 4),
    Standard("four slots, 5 ms CPU + 45 ms wait", 5, 45, "gthread", 4),
    Standard("one slot, 5 ms CPU + 15 ms wait", 5, 15, "sync", 1),
)

SPEC = """
[subject]
name = "standard"
app = "standard:app"
directory = "{directory}"
python = "{python}"
health_path = "/health"
environment = {{ CPU_MS = "{cpu_ms}", WAIT_MS = "{wait_ms}" }}
[server]
worker_class = "{worker_class}"
workers = 1
threads = {threads}
[database]
kind = "none"
[plan]
name = "one CPU"
cpus = 1
memory_mb = 1024
[measure]
restarts = {restarts}
plan_starts = 0
inside = false
faults = false
[[workload.operations]]
name = "work"
path = "/"
"""


def measure(standard: Standard, restarts: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seatrial.toml"
        path.write_text(
            SPEC.format(
                directory=SUBJECTS,
                python=sys.executable,
                cpu_ms=standard.cpu_ms,
                wait_ms=standard.wait_ms,
                worker_class=standard.worker_class,
                threads=standard.threads,
                restarts=restarts,
            )
        )
        argv = [sys.executable, "-m", "seatrial", "measure", str(path), "--json", "--quiet"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode not in {0, 1, 3} or not done.stdout:
        sys.exit(done.stderr)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def row(standard: Standard, found: dict[str, object]) -> tuple[float, str]:
    demand, capacity = found["demand_ms"], found["worker_capacity"]
    assert isinstance(demand, dict)
    assert isinstance(capacity, dict)
    rate = capacity["offered_rate_rps"] or math.nan
    cells = [
        f"{standard.name:36s}",
        f"{standard.cpu_ms:5.1f} {demand['app']:6.2f} ({demand['app'] / standard.cpu_ms - 1:+.1%})",
        f"{standard.capacity_rps:6.1f} {rate:6.1f} ({rate / standard.capacity_rps - 1:+.1%})",
        f"95 % {capacity['low_rps'] or math.nan:.1f}-{capacity['high_rps'] or math.nan:.1f}",
        f"pass {capacity['pass_rps'] or math.nan:.1f} fail {capacity['fail_rps'] or math.nan:.1f}",
        str(found["verdict"]),
    ]
    return rate, " | ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[""], help="parts of standards' names")
    options = parser.parse_args()
    print("standard | CPU ms true, reported | capacity requests/s true, reported | interval | trials | verdict")
    chosen = [standard for standard in STANDARDS if any(part in standard.name for part in options.only)]
    first = {}
    for standard in chosen:
        first[standard.name], text = row(standard, measure(standard, options.restarts))
        print(text, flush=True)
    for standard in chosen[:1]:
        again, text = row(standard, measure(standard, options.restarts))
        print(text)
        print(
            f"the same trial twice: {first[standard.name]:.1f}, {again:.1f} ({again / first[standard.name] - 1:+.1%})"
        )


if __name__ == "__main__":
    main()
