"""The command against a server that stands still for a known time: its quantiles are arithmetic."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

# In calibration/ the driver alone shows the same of a stopped server.
pytestmark = [pytest.mark.linux, pytest.mark.quiet, pytest.mark.long]


def test_a_server_frozen_for_a_tenth_of_the_time_shows_what_visitors_waited(standard) -> None:
    # 200/s evenly for 10 s, of which the server stands still for s seconds, about 1: 200 s requests wait 0 to s,
    # evenly. Of all 2,000 the slowest 100 wait more than s - 0.5, the slowest 20 than s - 0.1, the slowest 2 than
    # s - 0.01.
    pid, url = standard
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "seatrial",
            "load",
            url,
            "--rate",
            "200",
            "--duration",
            "10",
            "--arrivals",
            "constant",
            "--no-self-check",
            "--json",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("seatrial: 10 s of load")
        # Somewhere in the 10 s that begin now; when exactly does not matter.
        time.sleep(4.0)
        os.kill(pid, signal.SIGSTOP)
        from_s = time.perf_counter()
        time.sleep(1.0)  # the second in which it stands still
        os.kill(pid, signal.SIGCONT)
        stopped_s = time.perf_counter() - from_s
        out, err = process.communicate(timeout=60)
    finally:
        os.kill(pid, signal.SIGCONT)
        process.kill()
        process.communicate(timeout=10)
    found = json.loads(out)
    assert process.returncode in (0, 3), err
    assert found["requests"] == found["answered"] == 2000
    seen = found["response_time_s"]
    assert seen["p50"] < 0.05
    for name, share in (("p95", 0.05), ("p99", 0.01), ("p999", 0.001)):
        assert seen[name] == pytest.approx(stopped_s - share * 2000 / 200, rel=0.05)
    assert seen["max"] == pytest.approx(stopped_s, rel=0.05)
    worst = max(found["series"], key=lambda row: row["worst_response_time_s"])
    assert worst["worst_response_time_s"] == pytest.approx(seen["max"])
