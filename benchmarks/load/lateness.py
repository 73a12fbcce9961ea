"""How late Seatrial sends at 5,000 requests a second on a core of its own."""

from statistics import median
from typing import Any

from bench import Bench
from seatrial_tool import SEATRIAL, doubts, load_command, told
from table import Table, count

__all__ = ["RATE_RPS", "lateness"]

RATE_RPS = 5000
GOAL_MS = 1.0
_SLOWER_RPS = (200, 2000)


def lateness(bench: Bench, seconds: int, repeats: int) -> Table:
    """Poisson arrivals, nginx on the other core; at slower rates once, to show what waking up costs."""
    rows, facts = [], []
    with bench.server() as server:
        for number, rate_rps in enumerate([*_SLOWER_RPS, *[RATE_RPS] * repeats], 1):
            wanted = ("--rate", f"{rate_rps}", "--duration", f"{seconds}", "--seed", f"{number}")
            sample = bench.sample(SEATRIAL, load_command(f"{server.url}/", *wanted), server, seconds)
            document = told(sample.ended)
            rows.append(_row(rate_rps, document))
            facts.append({"rate_rps": rate_rps, "others_cpu_share": sample.others_share, **document})
            bench.tell(f"{rate_rps:,}/s: late p99 {document['lateness_s']['p99'] * 1000:.3f} ms")
    p99_ms = [document["lateness_s"]["p99"] * 1000 for document in facts if document["rate_rps"] == RATE_RPS]
    notes = [
        f"Median of the p99 at {RATE_RPS:,}/s: {median(p99_ms):.3f} ms. Goal: below {GOAL_MS:g} ms.",
        "Late: sent minus due, the generator's own fault. Busy, and requests per CPU second, by its own figure.",
        *doubts(facts),
    ]
    header = ("offered", "late p50, ms", "p99", "max", "response p99, ms", "busy", "per CPU second", "fit by itself")
    return Table(f"Seatrial's lateness, Poisson, {seconds} s each", header, rows, notes, {"runs": facts})


def _row(rate_rps: int, document: dict[str, Any]) -> tuple[str, ...]:
    late, own = document["lateness_s"], document["generator"]
    return (
        f"{rate_rps:,}/s",
        f"{late['p50'] * 1000:.3f}",
        f"{late['p99'] * 1000:.3f}",
        f"{late['max'] * 1000:.2f}",
        f"{document['response_time_s']['p99'] * 1000:.3f}",
        f"{own['busy']:.0%}",
        count(own["requests_per_cpu_s"]),
        "yes" if own["valid"] else "no",
    )
