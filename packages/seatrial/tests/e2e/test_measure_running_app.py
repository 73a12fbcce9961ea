"""An app that somebody else started, here a gunicorn that the test starts itself, measured at its address."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

pytestmark = pytest.mark.quiet

SUBJECTS = Path(__file__).parent.parent / "calibration" / "subjects"

WAIT_MS = 50
THREADS = 4

FAST = {
    "restarts": 1,
    "brief_starts": 0,
    "warm_up_max_s": 2,
    "half_load_s": 1,
    "saturation_s": 1,
    "confirm_s": 2,
    "search_trial_s": 3,
    "allow_noise": True,
}


@pytest.fixture
def address() -> Iterator[str]:
    """Of a gunicorn of one worker and four threads whose requests wait 50 ms: under 80 a second, by Little's law."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [sys.executable, "-m", "gunicorn", "standard:app", "--bind", f"127.0.0.1:{port}"]
    argv += ["--workers", "1", "--worker-class", "gthread", "--threads", str(THREADS), "--log-level", "error"]
    environment = {**os.environ, "CPU_MS": "1", "WAIT_MS": str(WAIT_MS)}
    server = subprocess.Popen(argv, cwd=SUBJECTS, env=environment)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "gunicorn does not listen"
                time.sleep(0.05)  # until the deadline
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_an_app_that_runs_already_is_told_by_its_address_without_a_word_of_workers_plan_or_cpu(
    declare, run_seatrial, address, tmp_path: Path
) -> None:
    spec = declare(subject={"url": address}, slo={"latency_max_ms": 250}, measure=FAST)
    ended = run_seatrial("measure", spec, "--json")
    assert ended.status == 0, ended.err
    found = ended.findings

    # Four threads of 51 ms answer 78.4 a second at most; the objective of five services allows most of that.
    assert 50 < found["worker_capacity"]["offered_rate_rps"] < 80
    assert found["address"] == address
    for unknown in ("plan", "plan_capacity", "memory_bytes", "workers_that_fit"):
        assert found[unknown] is None
    assert (found["worker_capacity"]["workers"], found["worker_capacity"]["threads"]) == (None, None)
    assert found["demand_ms"]["total"] is None
    assert found["demand_ms"]["by_operation"]["work"]["wait"] is None
    assert found["demand_ms"]["by_operation"]["work"]["alone"] == pytest.approx(WAIT_MS, rel=0.25)
    assert "not-restarted" in {caveat["code"] for caveat in found["caveats"]}

    study = json.loads((tmp_path / "results" / "study.json").read_text())
    steps = [m["concurrency"] for m in study["measurements"] if m["label"] == "concurrency"]
    assert steps == [1, 2, 4, 8]
    saturated = [m for m in study["measurements"] if m["label"] == "saturation"]
    assert [(m["slots"], m["concurrency"]) for m in saturated] == [(THREADS, 4 * THREADS)] * FAST["restarts"]

    told = run_seatrial("report", tmp_path / "results" / "study.json").out
    page = unescape((tmp_path / "results" / "report.html").read_text()).partition("</style>")[2]
    for text in (" ".join(told.split()), " ".join(page.replace("\N{NO-BREAK SPACE}", " ").split())):
        assert f"The app at {address} handles" in text
        assert "seen to work on about 4 requests at once" in text
        assert "No interval: that needs at least two repeats." in text
        for word in ("ne worker", "4 threads", "vCPU", "USD", "the plan", "this plan", "fresh start", "fits"):
            assert word not in text
