"""Poisson arrivals at 85 % of a worker that needs 10 ms: is the 95th percentile that of queueing theory?

The 95th percentile of such a queue scatters by 10 % and more between runs of a minute, since a busy stretch lasts for
hundreds of requests. Two answers are therefore given: the plain mean against theory, with the standard error that
theory itself has for so short a time; and the ratio of what the tool told to what the very same requests took by the
server's own clock, which does not scatter. Theory times that ratio is the sharper one. That the server is what it is
said to be shows in a third figure: what these arrivals take by Lindley's recursion with exactly 10 ms each.
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from bench import Bench
from machine import CpuClock, process_cpu_s
from native_tools import NATIVE
from processes import ProcessFailed, Started
from scripted_tools import SCRIPTED
from seatrial_tool import SEATRIAL, doubts, load_command, told
from table import Table
from theory import gap_variation, md1_quantile_s, path_response_times_s, quantile_error
from tools import Command, Load, Quantiles, Tool

__all__ = ["poisson"]

SERVICE_S = 0.010
RATE_RPS = 85.0
GOAL = 0.05
_SHARE = 0.95
_READY_S = 10.0
_OTHERS = [tool for tool in (*NATIVE, *SCRIPTED) if tool.name in {"wrk2", "K9, plan"}]


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of one tool: what it told, and what its arrivals take. own: Seatrial's document; empty for others."""

    told_p50_ms: float
    told_p95_ms: float
    server_p95_ms: float
    path_p95_ms: float
    variation: float
    requests: int
    service_ms: float
    own: dict[str, Any]


def poisson(bench: Bench, seconds: int, repeats: int) -> Table:
    """Seatrial's Poisson arrivals with several seeds; then evenly spaced ones, its own and those of others."""
    runs = []
    for number in range(repeats):
        runs.append(_measured(bench, SEATRIAL, _seatrial("poisson", seconds, number + 1), seconds))
        last = runs[-1]
        bench.tell(f"Poisson, seed {number + 1}: p95 {last.told_p95_ms:.1f} ms, at the server {last.server_p95_ms:.1f}")
    theory_ms = md1_quantile_s(RATE_RPS, SERVICE_S, _SHARE) * 1000
    error = quantile_error(RATE_RPS, SERVICE_S, _SHARE, seconds, repeats)
    rows = [_row("Seatrial", f"Poisson, {repeats} x {seconds} s", runs)]
    facts: dict[str, object] = {"Seatrial, Poisson": [vars_of(run) for run in runs]}
    # wrk2 spends its first ten seconds on finding its feet.
    evenly_s = min(seconds, max(15, seconds // 2))
    for name, pace, tool, command in _evenly(bench, evenly_s):
        with bench.forgiving(tool):
            seen = _measured(bench, tool, command, evenly_s)
            rows.append(_row(name, pace, [seen]))
            facts[f"{name} {pace}"] = vars_of(seen)
            bench.tell(f"{name}, {pace}: p95 {seen.told_p95_ms:.1f} ms")
    rows += [(name, why, *[""] * 7) for name, why in bench.absent(_OTHERS).items()]
    notes = _notes(runs, seconds, theory_ms, error)
    header = (
        "generator",
        "arrivals",
        "requests",
        "gaps",
        "p50, ms",
        "p95 told",
        "at the server",
        "by Lindley",
        "ratio",
    )
    title = f"{RATE_RPS:g}/s on one worker of {SERVICE_S * 1000:g} ms: the arrivals decide the answer"
    return Table(title, header, rows, notes, {**facts, "theory_p95_ms": theory_ms, "theory_error": error})


def _notes(runs: list[_Run], seconds: int, theory_ms: float, error: float) -> list[str]:
    """The two answers, and what they rest on."""
    mean_ms = fmean(run.told_p95_ms for run in runs)
    ratios = [run.told_p95_ms / run.server_p95_ms for run in runs]
    spread = f", standard error {stdev(ratios) / math.sqrt(len(ratios)):.2%}" if len(ratios) > 1 else ""
    service_ms = fmean(run.service_ms for run in runs)
    measured_ms = md1_quantile_s(RATE_RPS, service_ms / 1000, _SHARE) * 1000
    return [
        f"Theory (Crommelin 1932), M/D/1 with {SERVICE_S * 1000:g} ms at {RATE_RPS:g}/s: p95 {theory_ms:.1f} ms; with "
        f"the {service_ms:.3f} ms that the server took by its own clock: {measured_ms:.1f} ms. Goal: within "
        f"{GOAL:.0%}.",
        f"Mean of {len(runs)} seeds of {seconds} s: {mean_ms:.1f} ms ({mean_ms / theory_ms - 1:+.1%}); the standard "
        f"error of so few requests is {error:.1%}, by simulation.",
        f"With the scatter of the arrivals taken out: {theory_ms * fmean(ratios):.1f} ms ({fmean(ratios) - 1:+.2%}"
        f"{spread}).",
        "The worker serves one at a time, exactly 10 ms by the clock, the next one beginning the instant the last one "
        "ends: a truth that neighbours on the CPU do not move, as they would move CPU time.",
        "`gaps`: squared coefficient of variation of the gaps between arrivals as the server saw them; 0 is evenly "
        "spaced, 1 is Poisson. `ratio`: told over at the server.",
        *doubts(run.own for run in runs),
    ]


def vars_of(run: _Run) -> dict[str, object]:
    """The fields of a run, for the record."""
    return {name: getattr(run, name) for name in run.__slots__}


def _seatrial(arrivals: str, seconds: int, seed: int) -> Command:
    wanted = ("--rate", f"{RATE_RPS:g}", "--duration", f"{seconds:g}", "--arrivals", arrivals, "--seed", f"{seed}")
    return load_command("@URL@/", *wanted)


def _evenly(bench: Bench, seconds: int) -> Iterator[tuple[str, str, Tool, Command]]:
    """Who can send at a constant rate: name, how it was told, tool, command."""
    yield "Seatrial", "constant", SEATRIAL, _seatrial("constant", seconds, 1)
    for tool in bench.can(_OTHERS):
        assert tool.paced is not None
        for connections in (8, 64) if tool.name == "wrk2" else (0,):
            pace = f"-c{connections} -R{RATE_RPS:g}" if connections else tool.pace
            load = Load("@URL@", seconds, connections=connections, rate_rps=RATE_RPS)
            yield tool.name, pace, tool, tool.paced(load)


@contextmanager
def _worker(bench: Bench, folder: Path) -> Iterator[tuple[Started, str, Path]]:
    """The server on its CPU: the process, its URL, and the file in which it tells what it saw once it has ended."""
    file = folder / "seen.json"
    script = Path(__file__).parent / "single_worker.py"
    argv = [sys.executable, str(script), f"{SERVICE_S * 1000:g}", str(file)]
    with Started(argv, folder, cpu=bench.cpus.server, name="server") as started:
        deadline_s = time.monotonic() + _READY_S
        while not (port := (folder / "server.out").read_text().strip()):
            if started.poll() is not None or time.monotonic() > deadline_s:
                raise ProcessFailed(f"the server did not start: {(folder / 'server.err').read_text()[-500:]}")
            time.sleep(0.02)
        yield started, f"http://127.0.0.1:{port}", file


def _measured(bench: Bench, tool: Tool, command: Command, seconds: int) -> _Run:
    folder = bench.folder()
    clock = CpuClock()
    with _worker(bench, folder) as (server, url, file):
        arguments = tuple(part.replace("@URL@", url) for part in command.arguments)
        environment = {name: value.replace("@URL@", url) for name, value in command.environment.items()}
        with bench.start(tool, Command(arguments, environment, command.accept), folder) as started:
            ended = started.wait(seconds + 60.0, accept=command.accept)
        bench.others_shares.append(clock.others_share(ended.cpu_s + process_cpu_s(server.pid)))
    assert tool.seen is not None
    quantiles: Quantiles = tool.seen(ended, folder)
    if tool is SEATRIAL and told(ended)["errors"]:
        bench.tell(f"Seatrial saw errors: {told(ended)['errors']}")
    return _run(quantiles, json.loads(file.read_text()), told(ended) if tool is SEATRIAL else {})


def _run(quantiles: Quantiles, seen: dict[str, list[float]], own: dict[str, Any]) -> _Run:
    arrived_s, answered_s = seen["arrived_s"], seen["answered_s"]
    begun_s = [max(at_s, free_s) for at_s, free_s in zip(arrived_s, [-math.inf, *answered_s], strict=False)]
    return _Run(
        told_p50_ms=quantiles.p50_ms,
        told_p95_ms=quantiles.p95_ms,
        server_p95_ms=_p95_ms([end_s - at_s for at_s, end_s in zip(arrived_s, answered_s, strict=True)]),
        path_p95_ms=_p95_ms(path_response_times_s(arrived_s, SERVICE_S)),
        variation=gap_variation(arrived_s),
        requests=len(arrived_s),
        service_ms=fmean(end_s - from_s for from_s, end_s in zip(begun_s, answered_s, strict=True)) * 1000,
        own=own,
    )


def _p95_ms(times_s: list[float]) -> float:
    return sorted(times_s)[int(_SHARE * len(times_s))] * 1000


def _row(name: str, pace: str, runs: list[_Run]) -> tuple[str, ...]:
    return (
        name,
        pace,
        f"{sum(run.requests for run in runs):,}",
        f"{fmean(run.variation for run in runs):.2f}",
        f"{fmean(run.told_p50_ms for run in runs):.1f}",
        f"{fmean(run.told_p95_ms for run in runs):.1f}",
        f"{fmean(run.server_p95_ms for run in runs):.1f}",
        f"{fmean(run.path_p95_ms for run in runs):.1f}",
        f"{fmean(run.told_p95_ms / run.server_p95_ms for run in runs):.3f}",
    )
