"""Memory of Seatrial in a long run: it must not grow with the number of requests."""

import time

from bench import Bench
from lateness import RATE_RPS
from machine import rss_bytes
from processes import Started
from seatrial_tool import SEATRIAL, doubts, load_command, told
from table import Table

__all__ = ["memory"]

GOAL_MB = 150.0
_EVERY_S = 1.0
# What is allocated while everything is first used is no growth; nor is the server of the check at the start.
_SETTLED, _SETTLED_AFTER_S = 0.1, 5.0


def memory(bench: Bench, seconds: int, rate_rps: float = RATE_RPS) -> Table:
    """Resident memory of the process tree, each second, and the slope of a straight line through it."""
    samples: list[tuple[float, int]] = []

    def watch(started: Started) -> None:
        begun_s = time.monotonic()
        deadline_s = begun_s + seconds + 120.0
        while started.poll() is None and time.monotonic() < deadline_s:
            samples.append((time.monotonic() - begun_s, rss_bytes(started.pid)))
            if len(samples) % 60 == 0:
                bench.tell(f"memory: {samples[-1][1] / 1e6:.1f} MB after {samples[-1][0]:.0f} s")
            time.sleep(_EVERY_S)

    with bench.server() as server:
        wanted = ("--rate", f"{rate_rps:g}", "--duration", f"{seconds:g}")
        sample = bench.sample(SEATRIAL, load_command(f"{server.url}/", *wanted), server, seconds + 120.0, watch)
    seen = [(at_s, size) for at_s, size in samples if size]
    from_s = max(_SETTLED_AFTER_S, _SETTLED * seconds)
    settled = [(at_s, size) for at_s, size in seen if from_s <= at_s <= seconds] or seen
    slope_mb = _slope(settled) * 3600 / 1e6
    largest_mb = sample.ended.rss_max_bytes / 1e6
    document = told(sample.ended)
    row = (
        f"{seconds:g} s, {sample.requests:,} requests",
        f"{settled[0][1] / 1e6:.1f}",
        f"{settled[-1][1] / 1e6:.1f}",
        f"{largest_mb:.1f}",
        f"{slope_mb:+.1f}",
        f"{settled[0][1] / 1e6 + max(0.0, slope_mb):.0f}",
        f"{document['lateness_s']['p99'] * 1000:.3f}",
    )
    return Table(
        f"Memory at {rate_rps:,.0f}/s",
        (
            "run",
            f"after {settled[0][0]:.0f} s, MB",
            "at the end",
            "largest",
            "MB an hour",
            "after an hour",
            "late p99, ms",
        ),
        [row],
        [
            f"Resident memory of the process tree each second. Goal: below {GOAL_MB:g} MB for an hour, and flat.",
            *doubts([document]),
        ],
        {"rss_bytes": [size for _, size in seen], "document": document},
    )


def _slope(points: list[tuple[float, int]]) -> float:
    """Least squares, bytes a second."""
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
