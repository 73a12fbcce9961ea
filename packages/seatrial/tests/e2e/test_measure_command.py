"""The program from outside: what a person gets when something is wrong, and that nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.linux

FAST = {
    "restarts": 1,
    "brief_starts": 0,
    "plan_starts": 0,
    "warm_up_max_s": 2,
    "half_load_s": 1,
    "saturation_s": 1,
    "confirm_s": 2,
    "allow_noise": True,  # what is told and left behind is tested here, not how well it measures
}


def test_an_operation_that_answers_403_is_refused_before_anything_is_measured(declare, run_seatrial) -> None:
    spec = declare(workload={"operations": [{"name": "secret", "path": "/wrong"}]}, measure=FAST)
    ended = run_seatrial("measure", spec, "--json")
    assert ended.status == 3
    assert ended.out == ""
    assert "403" in ended.err
    assert "not capacity" in ended.err


@pytest.mark.long
@pytest.mark.quiet
def test_an_objective_that_even_one_request_a_second_misses_is_violated_with_exit_1(declare, run_seatrial) -> None:
    spec = declare(
        subject={"environment": {"CPU_MS": "1", "WAIT_MS": "120"}},
        slo={"latency_max_ms": 100},
        measure={**FAST, "inside": True},
    )
    ended = run_seatrial("measure", spec, "--json")
    assert ended.status == 1, ended.err
    found = ended.findings
    assert found["verdict"] == "violated"
    assert found["worker_capacity"]["offered_rate_rps"] is None
    assert found["worker_capacity"]["fail_rps"] == pytest.approx(1.0, rel=0.3)
    assert found["demand_ms"]["wait"] == pytest.approx(120, rel=0.05)
    parts = found["demand_ms"]["by_operation"]["work"]
    assert parts["external_wait"] == pytest.approx(120, rel=0.05)
    assert parts["database_wait"] is None
    assert parts["answer_bytes"] == 4
    assert found["inside"]["middleware_ms"] < 1.0


def test_a_journey_that_raises_is_told_with_its_name_step_and_exception(declare, run_seatrial, tmp_path: Path) -> None:
    (tmp_path / "journeys.py").write_text(
        "from seatrial.load.journeys import get\ndef look(person):\n    yield get('/')\n    person.memory['missing']\n"
    )
    spec = declare(workload={"operations": [], "journeys": "journeys.py", "mix": {"look": 1}}, measure=FAST)
    ended = run_seatrial("measure", spec)
    assert ended.status == 3
    assert "look" in ended.err
    assert "KeyError" in ended.err


def test_a_journeys_file_that_cannot_be_imported_is_told_before_anything_is_started(
    declare, run_seatrial, tmp_path: Path
) -> None:
    (tmp_path / "journeys.py").write_text("from shop import prices\ndef look(person):\n    yield prices.get('/')\n")
    prepared = tmp_path / "prepared"
    spec = declare(
        subject={"prepare": [["touch", str(prepared)]]},
        workload={"operations": [], "journeys": "journeys.py", "mix": {"look": 1}},
        measure=FAST,
    )
    ended = run_seatrial("measure", spec)
    assert ended.status == 2
    assert f"{tmp_path / 'journeys.py'}, line 1: ModuleNotFoundError: No module named 'shop'" in ended.err
    assert "left]" not in ended.err
    assert not prepared.exists()
    assert not (tmp_path / "results" / "study.partial.json").exists()


def test_a_target_on_another_machine_is_refused_with_exit_2(declare, run_seatrial) -> None:
    ended = run_seatrial("measure", declare(subject={"url": "http://198.51.100.7/"}))
    assert ended.status == 2
    assert "198.51.100.7" in ended.err
    assert "--allow-remote" in ended.err


def test_a_plan_of_too_little_memory_says_that_memory_ran_out(declare, run_seatrial) -> None:
    spec = declare(
        subject={"app": "leaking:app", "directory": str(Path(__file__).parent / "subjects")},
        plan={"name": "small", "cpus": 1, "memory_mb": 256},
        measure=FAST,
    )
    ended = run_seatrial("measure", spec)
    assert ended.status == 3
    assert "memory" in ended.err


def test_json_goes_to_standard_output_alone_and_progress_to_standard_error(
    declare, run_seatrial, tmp_path: Path
) -> None:
    # A short objective needs short trials: a queue passes 100 ms five times sooner than 500.
    hurried = {**FAST, "inside": True, "plan_starts": 1, "within_s": 11}
    spec = declare(subject={"environment": {"CPU_MS": "4"}}, slo={"latency_max_ms": 100}, measure=hurried)
    ended = run_seatrial("measure", spec, "--json")
    # Beside other tests the generator may be late; the facts have the same names then.
    assert ended.status in {0, 1, 3}, ended.err
    found = ended.findings
    for name in ("schema", "worker_capacity", "plan_capacity", "demand_ms", "queries_per_request", "memory_bytes"):
        assert name in found
    for name in ("workers_that_fit", "bottleneck", "plan", "daily_users", "caveats", "verdict"):
        assert name in found
    assert {"offered_rate_rps", "low_rps", "high_rps", "pass_rps", "fail_rps"} <= set(found["worker_capacity"])
    assert {"app", "database", "total", "by_operation"} <= set(found["demand_ms"])
    assert {"low", "typical", "high"} <= set(found["daily_users"])
    assert "left]" in ended.err
    # One second for what can be left out is over by then; what the rig spoiled is not followed by anything anyway.
    left_out = [caveat["text"] for caveat in found["caveats"] if caveat["code"] == "left-out-for-time"]
    study = json.loads((tmp_path / "results" / "study.json").read_text())
    if study["measurements"][-1]["verdict"] != "invalid":
        assert "where the time of a request goes; the check of a prediction" in left_out[0]
    again = run_seatrial("report", tmp_path / "results" / "study.json", "--json")
    assert again.findings == found
    assert "<svg" in (tmp_path / "results" / "report.html").read_text()


@pytest.mark.parametrize(
    ("sent", "saves"), [(signal.SIGINT, True), pytest.param(signal.SIGKILL, False, marks=pytest.mark.long)]
)
def test_nothing_is_left_behind_when_it_is_stopped_in_the_middle(
    declare, tmp_path: Path, sent: int, saves: bool
) -> None:
    spec = declare(subject={"environment": {"CPU_MS": "5", "MARK": str(tmp_path)}}, measure={"allow_noise": True})
    process = subprocess.Popen(
        # A shell's background job ignores SIGINT, and so would all it starts: tests may run in one.
        ["env", "--default-signal=INT", sys.executable, "-m", "seatrial", "measure", str(spec)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if "half its load" in line:
                break
        process.send_signal(sent)
        status = process.wait(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=30)
        process.stderr.close()
    assert status == (130 if saves else -signal.SIGKILL), "".join(seen)
    assert within(20, lambda: not subjects_alive(str(tmp_path)))
    assert (tmp_path / "results" / "study.partial.json").exists() is saves


def subjects_alive(mark: str) -> list[int]:
    """Processes whose environment holds the mark: the subject and all it started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if b"MARK=" + mark.encode() in environment:
                found.append(int(entry.name))
    return found


def within(seconds: float, holds) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)  # polling a condition with a deadline
    return True
