"""A lever whose effect is arithmetic: handlers that sleep, in one thread and in four.

The full form, with more levers, identical ones among them, is benchmarks/levers/known_factors.py.
"""

import json

import pytest

pytestmark = [pytest.mark.linux, pytest.mark.quiet, pytest.mark.long]


def test_four_threads_for_one_answer_four_times_as_much_where_requests_only_wait(
    declare, run_seatrial, tmp_path
) -> None:
    spec = declare(subject={"environment": {"CPU_MS": "0", "WAIT_MS": "50"}})
    options = ("--only", "threads-4", "--quick", "--allow-noise", "--quiet")
    ended = run_seatrial("levers", spec, *options, "--json", "--results", tmp_path / "found")
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    (row,) = found["rows"]
    effect = row["effects"]["saturated_rps"]
    # One thread answers every 50 ms and what the server adds; four do so side by side.
    assert effect["before"] == pytest.approx(1 / 0.051, rel=0.10)
    assert effect["ratio"] == pytest.approx(4.0, rel=0.08)
    assert row["outcome"] == "better"
    assert row["forecast"]["ratio"] == pytest.approx(4.0, rel=0.08)
    # At 70 % of what one thread can do, D/D/1 with Poisson arrivals queues; with four threads hardly anybody waits.
    assert row["effects"]["response_time_s"]["ratio"] < 0.7
    assert found["combination"]["levers"] == ["threads-4"]
