"""Seatrial's load generator side by side with others, on this machine, in one run.

    .venv/bin/python benchmarks/load/compare.py [--only plain journey ...] [--repeats 3] [--seconds 6]

Finds or installs the others (Debian packages where this is run as root; Locust, K9 and autocannon into
benchmarks/results/peers), measures each part with the tools in turn, prints Markdown and writes everything seen to
benchmarks/results/. About 18 minutes for everything on two quiet CPUs; one part alone takes one to five.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from types import FrameType

import cost
import freeze
import lateness
import listeners
import memory
import poisson
from bench import ALL, Bench
from machine import environment, load_averages, pin_self, placement, quietness
from peers import Found, Missing, find, install
from processes import ProcessFailed
from seatrial_tool import program
from table import Table, markdown

RESULTS = Path(__file__).parent.parent / "results"
_DISTURBED = 0.10

PARTS: dict[str, Callable[[Bench, argparse.Namespace], Table]] = {
    "plain": lambda bench, options: cost.plain(bench, options.seconds, options.repeats),
    "journey": lambda bench, options: cost.journey(bench, options.seconds, options.repeats),
    "freeze": lambda bench, options: freeze.freeze(bench, options.freeze_seconds, options.freeze_repeats),
    "lateness": lambda bench, options: lateness.lateness(bench, options.seconds, options.repeats),
    "poisson": lambda bench, options: poisson.poisson(bench, options.poisson_seconds, options.repeats),
    "memory": lambda bench, options: memory.memory(
        bench, 3600 if options.hour else options.memory_seconds, options.memory_rate
    ),
    "listeners": lambda bench, _: listeners.listeners(bench),
}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="the parts to run")
    parser.add_argument(
        "--tools", nargs="+", default=[], help="parts of the names of the others to run; all if not said"
    )
    parser.add_argument("--repeats", type=int, default=3, help="rounds of plain, journey, lateness and poisson")
    parser.add_argument("--seconds", type=int, default=6, help="of one run of plain, journey and lateness")
    parser.add_argument("--freeze-seconds", type=int, default=20, help="of one tool; whole periods of 10 s")
    parser.add_argument("--freeze-repeats", type=int, default=1)
    parser.add_argument("--poisson-seconds", type=int, default=30, help="of one seed")
    parser.add_argument("--memory-seconds", type=int, default=300)
    parser.add_argument("--memory-rate", type=float, default=lateness.RATE_RPS, help="requests per second of it")
    parser.add_argument("--hour", action="store_true", help="the memory part for an hour")
    parser.add_argument("--no-install", action="store_true", help="only what is there already")
    parser.add_argument("--anyway", action="store_true", help="also on a busy machine; the record says so")
    return parser.parse_args()


def main() -> int:
    options = parsed()
    # So that an end from outside also runs every `finally`.
    signal.signal(signal.SIGTERM, _interrupt)
    cpus = placement()
    with tempfile.TemporaryDirectory(prefix="seatrial-compare-") as scratch:
        bench = Bench(cpus, Path(scratch), {}, tuple(options.tools))
        names = ["nginx", *dict.fromkeys(tool.program for tool in ALL if tool.program != "seatrial")]
        # Before anything is installed, which would itself be work.
        seen, reasons = quietness(cpus)
        if reasons and not options.anyway:
            print(f"compare: this machine is busy: {'; '.join(reasons)}. Wait, or add --anyway.", file=sys.stderr)
            return 3
        if not options.no_install:
            install(names, bench.tell)
        bench.found = {name: find(name) for name in names} | {"seatrial": program()}
        nginx = bench.found["nginx"]
        if isinstance(nginx, Missing):
            print(f"compare: nginx serves all tools, and it is {nginx.why}", file=sys.stderr)
            return 2
        record: dict[str, object] = {
            "environment": environment(cpus),
            "versions": {name: one.version if isinstance(one, Found) else None for name, one in bench.found.items()},
            "missing": {name: one.why for name, one in bench.found.items() if isinstance(one, Missing)},
            "quietness": seen,
            "busy": reasons,
            "load_average_before": load_averages(),
        }
        pin_self(cpus.server)
        return _run_all(bench, options, record)


def _run_all(bench: Bench, options: argparse.Namespace, record: dict[str, object]) -> int:
    """Each part; one that fails is told and the others still run. What was seen is written after each."""
    tables: list[Table] = []
    failed: dict[str, str] = {}
    path = RESULTS / f"load-{time.strftime('%Y%m%d-%H%M%S')}.json"
    RESULTS.mkdir(exist_ok=True)
    try:
        for name in [name for name in PARTS if name in options.only]:
            bench.tell(f"{name} begins")
            try:
                bench.others_shares.clear()
                tables.append(_with_others(PARTS[name](bench, options), bench.others_shares))
            except (ProcessFailed, ValueError, KeyError) as problem:
                failed[name] = f"{type(problem).__name__}: {problem}"
                bench.tell(f"{name} failed: {failed[name]}")
    except KeyboardInterrupt:
        failed["interrupted"] = "what was seen until then is kept"
    record |= {
        "load_average_after": load_averages(),
        "failed": failed,
        "parts": {table.title: {"header": table.header, "rows": table.rows, "facts": table.facts} for table in tables},
    }
    text = _head(record) + "\n" + "\n".join(markdown(table) for table in tables)
    path.write_text(json.dumps(record, indent=1))
    path.with_suffix(".md").write_text(text)
    print(text)
    bench.tell(f"wrote {path} and {path.with_suffix('.md').name}")
    return 1 if failed else 0


def _with_others(table: Table, shares: list[float]) -> Table:
    """With what others took meanwhile, when that may have moved a number."""
    worst = max(shares, default=0.0)
    facts = {**table.facts, "others_cpu_shares": [round(share, 3) for share in shares]}
    note = f"Others took up to {worst:.0%} of a CPU in a run, {median(shares or [0.0]):.0%} in the median."
    return replace(table, notes=[*table.notes, *([note] if worst > _DISTURBED else [])], facts=facts)


def _head(record: dict[str, object]) -> str:
    """What all numbers have in common."""
    at = record["environment"]
    assert isinstance(at, dict)
    busy = f" **The machine was busy: {'; '.join(map(str, record['busy']))}.**" if record["busy"] else ""  # type: ignore[call-overload]
    return (
        f"{at['date']}, {at['cpus']} x {at['cpu_model']}, {at['kernel']}, {at['memory_bytes'] / 1e9:.0f} GB, Python "
        f"{at['python']}; {at['placement']}; commit {at['git_commit']}; load average {record['load_average_before']} "
        f"before, {record['load_average_after']} after.{busy}\n\n    {at['command']}\n"
    )


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
