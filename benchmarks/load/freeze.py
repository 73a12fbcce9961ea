"""A server that stands still one second in every ten, at a constant rate: whose quantiles are right?

Truth in closed form: of the evenly spaced requests one in ten falls into a second of standstill and waits for its end,
0 to 1 s, evenly. So p50 is what an idle server takes, and the slowest 5 % are the slower half of those that waited:
p95 = 500 ms; the slowest 1 % their slowest tenth: p99 = 900 ms; p99.9 = 990 ms.
"""

import time
from dataclasses import asdict
from typing import Any

from bench import ALL, Bench, Sample
from nginx import Nginx
from processes import ProcessFailed, Started
from seatrial_tool import SEATRIAL, doubts, quantiles, told
from table import Table
from tools import Load, Quantiles, Tool

__all__ = ["freeze"]

RATE_RPS = 200.0
TRUTH = Quantiles(0.0, 500.0, 900.0, 990.0)
GOAL = 0.02
_PERIOD_S, _FROZEN_S, _FIRST_AT_S = 10, 1, 5
_CONNECTIONS = 8
_FIRST_REQUEST_S = 30.0


def freeze(bench: Bench, seconds: int, repeats: int) -> Table:
    """Every tool at 200/s for whole periods of ten seconds; Seatrial by both of its clocks."""
    periods = max(1, round(seconds / _PERIOD_S))
    length_s = periods * _PERIOD_S
    tools = [tool for tool in ALL if tool.paced is not None]
    rows: list[tuple[str, ...]] = []
    own: list[dict[str, Any]] = []
    facts: dict[str, object] = {}
    with bench.server() as server:
        for tool in [tool for tool in bench.can(tools) for _ in range(repeats)]:
            with bench.forgiving(tool):
                sample = _one(bench, tool, server, length_s, periods)
                own += [told(sample.ended)] if tool is SEATRIAL else []
                for name, seen in _clocks(bench, tool, sample):
                    rows.append(_row(name, tool.pace, sample, seen))
                    facts[f"{name}, run {len(facts) + 1}"] = {**asdict(seen), "requests": sample.requests}
                    bench.tell(f"{name}: {' / '.join(rows[-1][3:7])} ms; {rows[-1][7]}")
    rows += [(name, why, *[""] * 6) for name, why in bench.absent(tools).items()]
    return Table(
        f"A server frozen 1 s in every 10 s, at a constant {RATE_RPS:g}/s for {length_s:g} s",
        ("generator", "how it was told", "requests", "p50, ms", "p95", "p99", "p99.9", "worst error, p95 to p99.9"),
        [_truth(), *rows],
        [
            f"Goal: Seatrial within {GOAL:.0%} of the truth. `about`: the tool tells 90 % and 97.5 %, but not 95 %.",
            "wrk and ab know no rate: as many requests as they can, of which only those on their way see a standstill.",
            *doubts(own),
        ],
        {**facts, "Seatrial": own},
    )


def _one(bench: Bench, tool: Tool, server: Nginx, length_s: int, periods: int) -> Sample:
    before = server.requests()

    def stand_still(started: Started) -> None:
        """Counted from the tool's first request, so that its start-up moves nothing."""
        first_s = _first_request_s(server, before, started)
        for period in range(periods):
            _until(first_s + period * _PERIOD_S + _FIRST_AT_S)
            with server.frozen():
                _until(first_s + period * _PERIOD_S + _FIRST_AT_S + _FROZEN_S)

    assert tool.paced is not None
    load = Load(server.url, length_s, connections=_CONNECTIONS, rate_rps=RATE_RPS)
    return bench.sample(tool, tool.paced(load), server, length_s, stand_still)


def _clocks(bench: Bench, tool: Tool, sample: Sample) -> list[tuple[str, Quantiles]]:
    """What the tool told; of Seatrial by both of its clocks."""
    if tool is SEATRIAL:
        document = told(sample.ended)
        return [
            ("Seatrial, from due", quantiles(document)),
            ("Seatrial, from sent", quantiles(document, "time_from_send_s")),
        ]
    assert tool.seen is not None
    return [(f"{tool.name} {bench.version(tool)}", tool.seen(sample.ended, sample.folder))]


def _first_request_s(server: Nginx, before: int, started: Started) -> float:
    deadline_s = time.monotonic() + _FIRST_REQUEST_S
    while server.requests() <= before:
        if started.poll() is not None:
            started.wait(0.0)
        if started.poll() is not None or time.monotonic() > deadline_s:
            raise ProcessFailed(f"{' '.join(started.argv)[:200]} sent nothing within {_FIRST_REQUEST_S:.0f} s")
        time.sleep(0.02)
    return time.monotonic()


def _until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.monotonic()))


def _truth() -> tuple[str, ...]:
    return ("**truth**", "", "", "< 1", f"{TRUTH.p95_ms:g}", f"{TRUTH.p99_ms:g}", f"{TRUTH.p999_ms:g}", "")


def _row(name: str, pace: str, sample: Sample, seen: Quantiles) -> tuple[str, ...]:
    about = "about " if seen.about else ""
    told_ms = (seen.p95_ms, seen.p99_ms, seen.p999_ms)
    worst = max(
        (value / truth - 1 for value, truth in zip(told_ms, (500.0, 900.0, 990.0), strict=True)),
        key=abs,
    )
    wrong = f" ({sample.wrong} wrong)" if sample.wrong else ""
    return (
        name,
        pace,
        f"{sample.requests:,}{wrong}",
        f"{seen.p50_ms:.1f}",
        f"{about}{seen.p95_ms:.0f}" if seen.p95_ms >= 10 else f"{about}{seen.p95_ms:.1f}",
        f"{seen.p99_ms:.0f}" if seen.p99_ms >= 10 else f"{seen.p99_ms:.1f}",
        f"{seen.p999_ms:.0f}",
        f"{worst:+.1%}",
    )
