"""The machine: which CPU is whose, whether it is quiet, and what a reader must know of it."""

import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from seatrial.measure.preflight import spin_ratio, steal_s

__all__ = [
    "CpuClock",
    "Placement",
    "environment",
    "load_averages",
    "pin_self",
    "placement",
    "process_cpu_s",
    "quietness",
    "rss_bytes",
]

LOAD_AVERAGE_MAX = 0.7
"""One-minute load average above which somebody else is at work."""
SPIN_RATIO_MAX = 1.05
"""Wall over CPU time of short spins, 95th percentile, above which wall times mean little."""
BUSY_SHARE_MAX = 0.10
"""Share of all CPUs that others may use while this program only looks."""
_LOOK_S = 2.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Placement:
    """The CPU of the server and that of the generator; None where CPUs cannot be chosen."""

    server: int | None
    generator: int | None

    def words(self) -> str:
        """For the record."""
        if self.server is None:
            return "server and generator share the CPUs as the kernel likes"
        return f"server on CPU {self.server}, generator on CPU {self.generator}"


def placement() -> Placement:
    """The first CPU that may be used for the server, the last for the generator."""
    if not hasattr(os, "sched_getaffinity"):
        return Placement(None, None)
    cpus = sorted(os.sched_getaffinity(0))
    return Placement(cpus[0], cpus[-1]) if len(cpus) > 1 else Placement(None, None)


def pin_self(cpu: int | None) -> None:
    """This program itself, with what little it does, onto the server's CPU: the generator has its own for itself."""
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})


def load_averages() -> list[float]:
    """Of the last 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def quietness(cpus: Placement) -> tuple[dict[str, float], list[str]]:
    """What was seen, and why this machine is too busy to measure on; no reason when it is not."""
    clock = CpuClock()
    time.sleep(_LOOK_S)  # the interval in which others are watched
    seen = {
        "load_average_1min": os.getloadavg()[0],
        "busy_share": clock.busy_s() / (clock.wall_s() * (os.cpu_count() or 1)),
        "spin_ratio_p95": max(spin_ratio([cpu], spins=100) for cpu in (cpus.server, cpus.generator) if cpu is not None)
        if cpus.server is not None
        else 1.0,
    }
    reasons = [
        f"{words} is {seen[key]:.2f}, at most {limit} is quiet"
        for key, words, limit in (
            ("load_average_1min", "the load average of the last minute", LOAD_AVERAGE_MAX),
            ("busy_share", "the share of the CPUs in use", BUSY_SHARE_MAX),
            ("spin_ratio_p95", "the wall time of fixed work over its CPU time", SPIN_RATIO_MAX),
        )
        if seen[key] > limit
    ]
    return {key: round(value, 3) for key, value in seen.items()}, reasons


class CpuClock:
    """CPU seconds of the whole machine since this clock was made: who else was at work."""

    def __init__(self) -> None:
        self._wall_s, self._busy_s, self._steal_s = time.monotonic(), _all_busy_s(), steal_s()

    def wall_s(self) -> float:
        """Seconds since the clock was made."""
        return time.monotonic() - self._wall_s

    def busy_s(self) -> float:
        """CPU seconds that all processes took."""
        return _all_busy_s() - self._busy_s

    def others_share(self, ours_s: float) -> float:
        """CPU seconds of others and of the hypervisor's other guests, as a share of one CPU."""
        return max(0.0, self.busy_s() - ours_s + steal_s() - self._steal_s) / self.wall_s()


def _all_busy_s() -> float:
    """User, nice, system, interrupts of all CPUs; 0 where it is not told."""
    try:
        fields = Path("/proc/stat").read_text().splitlines()[0].split()
    except OSError:
        return 0.0
    user, nice, system, _idle, _iowait, irq, softirq = (int(field) for field in fields[1:8])
    return (user + nice + system + irq + softirq) / _TICKS


def process_cpu_s(pid: int) -> float:
    """CPU seconds of a living process, its children apart; 0 where it is not told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def rss_bytes(pid: int) -> int:
    """Resident memory of a process and all its descendants; 0 when it has ended."""
    total, left = 0, [pid]
    while left:
        one = left.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in Path(f"/proc/{one}/task").iterdir():
                left.extend(int(child) for child in (task / "children").read_text().split())
        except (OSError, IndexError):
            continue
    return total


def environment(cpus: Placement) -> dict[str, object]:
    """What a number measured here must carry with it."""
    return {
        "cpu_model": _cpu_model(),
        "cpus": os.cpu_count(),
        "placement": cpus.words(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "git_commit": _said("git", "rev-parse", "HEAD") + (" with changes" if _said("git", "status", "-s") else ""),
        "command": " ".join(sys.argv),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _said(*argv: str) -> str:
    here = Path(__file__).parent
    try:
        return subprocess.run(argv, cwd=here, capture_output=True, text=True, check=False, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
