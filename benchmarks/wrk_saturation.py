"""Saturation of one running subject, seen by Seatrial's closed loop and by wrk, interleaved A B B A.

    .venv/bin/python benchmarks/wrk_saturation.py [seatrial.toml] [--path /public] [--seconds 8] [--rounds 2]

Both hold the same number of connections on the same path; both run on the generator's CPUs, the subject on its own.
Needs wrk (Debian: apt-get install wrk). Prints one line each interval and the ratio of the means.
"""

import argparse
import asyncio
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import uvloop

from seatrial.load.driver import Driver
from seatrial.load.workload import Workload
from seatrial.measure.preflight import preflight
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.workload import OperationSpec, WorkloadSpec
from seatrial.testbed.testbed import Testbed

FLOTILLA = Path(__file__).parent.parent / "trials" / "flotilla" / "seatrial.toml"


def wrk_rps(url: str, connections: int, seconds: float) -> float:
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", url]
    out = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"wrk saw errors:\n{out}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", out)
    assert found is not None, out
    return float(found[1])


def seatrial_rps(url: str, workload: Workload, connections: int, seconds: float, seed: int) -> float:
    async def drive() -> float:
        async with Driver(url, workload, seed=seed, run_token=f"b{seed}") as driver:
            record = await driver.closed_loop(connections, seconds)
        wrong = [o for o in record.observations if o.error]
        if wrong:
            sys.exit(f"Seatrial saw errors: {record.failures}")
        within = sum(1 for o in record.observations if o.done_s <= record.ended_s)
        return within / (record.ended_s - record.started_s)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(drive())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("spec", nargs="?", type=Path, default=FLOTILLA)
    parser.add_argument("--path", default="/public")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (Debian: apt-get install wrk)")
    spec = read_trial_spec(options.spec)
    workload = Workload.from_spec(WorkloadSpec(operations=(OperationSpec("page", options.path),)))
    spec = replace(spec, workload=WorkloadSpec(operations=(OperationSpec("page", options.path),)))
    server = spec.subject.server
    connections = 2 * server.slots
    seen: dict[str, list[float]] = {"seatrial": [], "wrk": []}
    with Testbed(spec) as testbed:
        quiet = preflight(testbed.placement.subject_cpus, testbed.placement.generator_cpus)
        print(f"spin ratio p95 {quiet.spin_ratio_p95:.3f}; {connections} connections, {options.seconds:g} s each")
        testbed.prepare()
        testbed.start(server.workers, server.threads, fresh_data=False)
        seatrial_rps(testbed.url, workload, connections, 8.0, seed=0)  # warm-up, not counted
        for number in range(options.rounds):
            for tool in ("seatrial", "wrk", "wrk", "seatrial"):
                if tool == "wrk":
                    rate = wrk_rps(testbed.url.rstrip("/") + options.path, connections, options.seconds)
                else:
                    rate = seatrial_rps(testbed.url, workload, connections, options.seconds, seed=1 + number)
                seen[tool].append(rate)
                print(f"{tool:9s} {rate:8.1f} requests/s")
    means = {tool: fmean(rates) for tool, rates in seen.items()}
    print(
        f"means: seatrial {means['seatrial']:.1f}, wrk {means['wrk']:.1f}; ratio {means['seatrial'] / means['wrk']:.3f}"
    )


if __name__ == "__main__":
    main()
