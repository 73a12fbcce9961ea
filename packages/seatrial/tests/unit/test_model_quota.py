"""A fraction of a CPU: full speed until the time of a period of 100 ms is used up. The truth is arithmetic."""

import pytest

from seatrial.model.box import Box
from seatrial.model.queueing import OperationDemand, System, simulate_closed, simulate_open
from seatrial.model.quota import Quota, stretched_s
from seatrial.model.work import draw_work

HALF = System(1, 1, 0.5)


def left_s(system, cpu_s, arrivals_s):
    """When requests that each need so much CPU leave."""
    work = draw_work([OperationDemand("page", 1.0, app_cpu_s=cpu_s, cpu_scv=0.0)], len(arrivals_s), seed=1)
    box = Box(work, system)
    box.run_arrivals(arrivals_s)
    return box.left_s


def test_a_request_on_half_a_cpu_takes_as_long_as_on_a_whole_one_while_time_is_left():
    assert left_s(HALF, 0.030, [0.0, 1.0, 2.0]) == pytest.approx([0.030, 1.030, 2.030])


def test_a_queue_is_worked_off_for_50_of_100_ms():
    # 48 ms of six, 2 of the seventh; then its other 6, five whole ones and 4 of the thirteenth.
    first, second, third = (
        [0.008, 0.016, 0.024, 0.032, 0.040, 0.048],
        [0.106, 0.114, 0.122, 0.130, 0.138, 0.146],
        [0.204],
    )
    assert left_s(HALF, 0.008, [0.0] * 13) == pytest.approx(first + second + third)


@pytest.mark.parametrize(
    ("arrival_s", "expected_s"),
    [
        pytest.param(0.00, 0.11, id="50 ms, and 10 of the next period"),
        pytest.param(0.04, 0.11, id="50 ms to 90, and 10 of the next period"),
        pytest.param(0.09, 0.15, id="10 ms, and at once 50 more"),
        pytest.param(0.95, 1.01, id="what was not used before is lost, but this period's is whole"),
    ],
)
def test_60_ms_end_when_two_periods_have_given_them(arrival_s, expected_s):
    assert left_s(HALF, 0.060, [arrival_s]) == pytest.approx([expected_s])


def test_one_and_a_half_cpus_let_two_run_for_75_ms():
    assert left_s(System(2, 1, 1.5), 0.100, [0.0, 0.0]) == pytest.approx([0.125, 0.125])


def test_the_database_on_the_box_uses_the_same_time():
    work = draw_work([OperationDemand("page", 1.0, app_cpu_s=0.040, database_cpu_s=0.040, cpu_scv=0.0)], 1, seed=1)
    box = Box(work, HALF)
    box.run_arrivals([0.0])
    assert box.left_s == pytest.approx([0.130])
    apart = Box(work, System(1, 1, 0.5, database_cpus=1.0))
    apart.run_arrivals([0.0])
    assert apart.left_s == pytest.approx([0.080])


@pytest.mark.parametrize("cpus", [0.1, 0.5, 0.75, 1.5])
@pytest.mark.parametrize("workers", [2, 5])
def test_no_more_is_answered_for_long_than_the_share_of_a_cpu_allows(cpus, workers):
    busy = [OperationDemand("page", 1.0, app_cpu_s=0.006, database_cpu_s=0.002)]
    rate_rps = simulate_closed(busy, System(workers, 2, cpus), 40, 20_000, seed=1)
    assert rate_rps == pytest.approx(cpus / 0.008, rel=0.02)


def test_at_a_low_rate_half_a_cpu_is_as_fast_as_a_whole_one_and_near_its_end_it_is_not():
    page = [OperationDemand("page", 1.0, app_cpu_s=0.005)]
    whole, half = (
        [simulate_open(page, System(1, 4, cpus), rate_rps, 20_000, seed=3) for rate_rps in (5.0, 90.0)]
        for cpus in (1.0, 0.5)
    )
    p95 = [[outcome.response_time_quantile_s(0.95) for outcome in each] for each in (whole, half)]
    assert p95[1][0] == pytest.approx(p95[0][0], rel=0.1)
    # 45 of 50 ms are used of each period, and whoever comes when they are waits for the next.
    assert p95[1][1] > 3 * p95[0][1]
    assert half[1].utilization["CPU"] == pytest.approx(0.9, rel=0.03)


@pytest.mark.parametrize(
    ("cpu_s", "cpus", "expected_s"),
    [(0.04, 0.5, 0.04), (0.05, 0.5, 0.05), (0.06, 0.5, 0.11), (0.12, 0.5, 0.22), (0.12, 1.0, 0.12), (0.12, 1.5, 0.12)],
)
def test_alone_from_the_beginning_of_a_period(cpu_s, cpus, expected_s):
    assert stretched_s(cpu_s, cpus) == pytest.approx(expected_s)


def test_who_never_runs_never_ends():
    assert Quota(0.5).end_s(float("inf"), 0) == float("inf")
