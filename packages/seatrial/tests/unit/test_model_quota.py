"""A fraction of a CPU: full speed until the time of a period of 10 ms is used up. The truth is arithmetic."""

import pytest

from seatrial.model.box import Box
from seatrial.model.queueing import OperationDemand, System, simulate_closed, simulate_open
from seatrial.model.quota import Quota, period_s, stretched_s
from seatrial.model.work import draw_work
from seatrial.testbed.placement import quota_for

HALF = System(1, 1, 0.5)


def left_s(system, cpu_s, arrivals_s):
    """When requests that each need so much CPU leave."""
    work = draw_work([OperationDemand("page", 1.0, app_cpu_s=cpu_s, cpu_scv=0.0)], len(arrivals_s), seed=1)
    box = Box(work, system)
    box.run_arrivals(arrivals_s)
    return box.left_s


@pytest.mark.parametrize("cpus", [0.05, 0.1, 0.3, 0.5, 1.5])
def test_it_is_the_quota_that_the_test_bed_sets(cpus):
    quota_us, period_us = quota_for(cpus)
    assert period_s(cpus) == pytest.approx(period_us * 1e-6)
    assert Quota(cpus).budget_s == pytest.approx(quota_us * 1e-6)


def test_a_request_on_half_a_cpu_takes_as_long_as_on_a_whole_one_while_time_is_left():
    assert left_s(HALF, 0.003, [0.0, 1.0, 2.0]) == pytest.approx([0.003, 1.003, 2.003])


def test_a_queue_is_worked_off_for_5_of_10_ms():
    # 4.8 ms of six, 0.2 of the seventh; then its other 0.6, five whole ones and 0.4 of the thirteenth.
    expected_ms = [0.8, 1.6, 2.4, 3.2, 4.0, 4.8, 10.6, 11.4, 12.2, 13.0, 13.8, 14.6, 20.4]
    assert left_s(HALF, 0.0008, [0.0] * 13) == pytest.approx([each / 1000 for each in expected_ms])


@pytest.mark.parametrize(
    ("arrival_s", "expected_s"),
    [
        pytest.param(0.000, 0.011, id="5 ms, and 1 of the next period"),
        pytest.param(0.004, 0.011, id="5 ms to 9, and 1 of the next period"),
        pytest.param(0.009, 0.015, id="1 ms, and at once 5 more"),
    ],
)
def test_6_ms_end_when_two_periods_have_given_them(arrival_s, expected_s):
    assert left_s(HALF, 0.006, [arrival_s]) == pytest.approx([expected_s])


@pytest.mark.parametrize(
    ("cpu_s", "expected_s"),
    [
        pytest.param(0.0059, 0.0959, id="this period's 5 ms, and 0.9 of 1 that the CPU kept of all that was not used"),
        pytest.param(0.007, 0.101, id="and no more"),
    ],
)
def test_of_what_nobody_used_a_cpu_keeps_1_ms(cpu_s, expected_s):
    assert left_s(HALF, cpu_s, [0.090]) == pytest.approx([expected_s])


def test_what_is_left_while_somebody_runs_stays():
    # From 97 ms on: 3 of 6, and the other 3 stay beside the next period's 5, so 8 ms to 108; then 1 more from 110 on.
    assert left_s(HALF, 0.012, [0.097]) == pytest.approx([0.111])


def test_one_and_a_half_cpus_let_two_run_for_three_quarters_of_a_period():
    assert left_s(System(2, 1, 1.5), 0.010, [0.0, 0.0]) == pytest.approx([0.0125, 0.0125])


def test_the_database_on_the_box_uses_the_same_time():
    work = draw_work([OperationDemand("page", 1.0, app_cpu_s=0.004, database_cpu_s=0.004, cpu_scv=0.0)], 1, seed=1)
    box = Box(work, HALF)
    box.run_arrivals([0.0])
    assert box.left_s == pytest.approx([0.013])
    apart = Box(work, System(1, 1, 0.5, database_cpus=1.0))
    apart.run_arrivals([0.0])
    assert apart.left_s == pytest.approx([0.008])


@pytest.mark.parametrize("cpus", [0.1, 0.5, 0.75, 1.5])
@pytest.mark.parametrize("workers", [2, 5])
def test_no_more_is_answered_for_long_than_the_share_of_a_cpu_allows(cpus, workers):
    busy = [OperationDemand("page", 1.0, app_cpu_s=0.006, database_cpu_s=0.002)]
    rate_rps = simulate_closed(busy, System(workers, 2, cpus), 40, 20_000, seed=1)
    assert rate_rps == pytest.approx(cpus / 0.008, rel=0.02)


def test_small_requests_at_a_low_rate_are_as_fast_as_on_a_whole_cpu_and_near_its_end_they_are_not():
    page = [OperationDemand("page", 1.0, app_cpu_s=0.0005)]
    whole, half = (
        [simulate_open(page, System(1, 4, cpus), rate_rps, 20_000, seed=3) for rate_rps in (50.0, 900.0)]
        for cpus in (1.0, 0.5)
    )
    p95 = [[outcome.response_time_quantile_s(0.95) for outcome in each] for each in (whole, half)]
    assert p95[1][0] == pytest.approx(p95[0][0], rel=0.1)
    # 4.5 of 5 ms are used of each period, and whoever comes when they are waits for the next.
    assert p95[1][1] > 3 * p95[0][1]
    assert half[1].utilization["CPU"] == pytest.approx(0.9, rel=0.03)


@pytest.mark.parametrize(
    ("cpu_s", "cpus", "expected_s"),
    [
        (0.004, 0.5, 0.004),
        (0.005, 0.5, 0.005),
        (0.006, 0.5, 0.011),
        (0.012, 0.5, 0.022),
        (0.012, 1.0, 0.012),
        (0.1, 1.5, 0.1),
    ],
)
def test_alone_from_the_beginning_of_a_period(cpu_s, cpus, expected_s):
    assert stretched_s(cpu_s, cpus) == pytest.approx(expected_s)


def test_who_never_runs_never_ends():
    assert Quota(0.5).end_s(float("inf"), 0) == float("inf")
