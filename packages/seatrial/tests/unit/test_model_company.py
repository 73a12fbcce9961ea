"""Workers that want a CPU at the same moment make each other dearer, as many as want it. The truth is arithmetic."""

import math
from itertools import accumulate

import pytest

from seatrial.model.box import Box
from seatrial.model.crowding import crowding
from seatrial.model.queueing import OperationDemand, System, simulate_closed, simulate_open
from seatrial.model.work import draw_work

QUARTER = math.log(1.25)
"""With a second one that wants the CPU a request costs a quarter more."""

PAGE = [OperationDemand("page", 1.0, app_cpu_s=0.010, cpu_scv=0.0)]


def run(system, arrivals_s, demands=PAGE):
    box = Box(draw_work(demands, len(arrivals_s), seed=1), system)
    box.run_arrivals(arrivals_s)
    return box


def test_two_at_once_take_a_quarter_longer_than_two_that_share_a_cpu():
    system = System(2, 1, 1.0, company_exponent=QUARTER)
    assert run(system, [0.0, 0.0]).left_s == pytest.approx([0.025, 0.025])
    assert run(system, [0.0, 1.0]).left_s == pytest.approx([0.010, 1.010])


def test_demands_that_were_measured_in_company_are_cheaper_alone():
    system = System(2, 1, 1.0, company_exponent=QUARTER, company_measured=1.0)
    assert run(system, [0.0, 0.0]).left_s == pytest.approx([0.020, 0.020])
    assert run(system, [0.0, 1.0]).left_s == pytest.approx([0.008, 1.008])


def test_only_while_both_want_it():
    # 5 ms alone; then at a rate of 0.4 each the other 5 take 12.5; the second has as much left, and takes 5 alone.
    box = run(System(2, 1, 1.0, company_exponent=QUARTER), [0.0, 0.005])
    assert box.left_s == pytest.approx([0.0175, 0.0225])
    assert box.company == pytest.approx(0.0225 / 0.020)


def test_threads_of_one_worker_and_its_backends_are_no_company():
    system = System(1, 2, 1.0, company_exponent=QUARTER)
    assert run(system, [0.0, 0.0]).left_s == pytest.approx([0.020, 0.020])
    both = [OperationDemand("page", 1.0, app_cpu_s=0.006, database_cpu_s=0.004, cpu_scv=0.0)]
    assert max(run(system, [0.0, 0.0], both).left_s) == pytest.approx(0.020)
    assert run(system, [0.0, 0.0]).company == pytest.approx(1.0)


def test_with_a_cpu_for_each_there_is_none():
    assert run(System(2, 1, 2.0, company_exponent=QUARTER), [0.0, 0.0]).left_s == pytest.approx([0.010, 0.010])
    three = run(System(3, 1, 2.0, company_exponent=QUARTER), [0.0, 0.0, 0.0])
    assert max(three.left_s) == pytest.approx(0.015 * 1.25 ** crowding(3, 2.0))


@pytest.mark.parametrize(("workers", "threads"), [(2, 1), (3, 4), (9, 4)])
def test_saturated_all_workers_are_in_company(workers, threads):
    system = System(workers, threads, 1.0, has_affinity=True, company_exponent=QUARTER)
    rate_rps = simulate_closed(PAGE, system, 16 * workers, 10_000, seed=1)
    assert rate_rps == pytest.approx(100.0 / 1.25 ** crowding(workers, 1.0), rel=0.03)


def test_at_a_low_rate_nine_workers_are_as_fast_as_one_and_their_cpu_is_as_busy():
    pages = [OperationDemand("page", 1.0, app_cpu_s=0.010)]
    one, nine = (
        simulate_open(pages, System(workers, 1, 1.0, company_exponent=QUARTER), 5.0, 20_000, seed=1)
        for workers in (1, 9)
    )
    assert nine.response_time_mean_s == pytest.approx(one.response_time_mean_s, rel=0.03)
    assert nine.utilization["CPU"] == pytest.approx(one.utilization["CPU"], rel=0.03)


def test_a_cpu_is_as_busy_as_there_is_somebody_inside():
    """Requests that need nothing but one CPU keep it busy from the first that is there to the last that leaves."""
    system = System(3, 2, 1.0, has_affinity=True, company_exponent=QUARTER)
    work = draw_work([OperationDemand("page", 1.0, app_cpu_s=0.010)], 5_000, seed=2)
    arrivals_s = list(accumulate(gap / 60.0 for gap in work.gaps))
    box = Box(work, system)
    box.run_arrivals(arrivals_s)
    busy_s, until_s = 0.0, 0.0
    for arrived_s, left_s in zip(arrivals_s, box.left_s, strict=True):
        busy_s += max(0.0, left_s - max(arrived_s, until_s))
        until_s = max(until_s, left_s)
    assert box.company * 5_000 * 0.010 == pytest.approx(busy_s)
    assert box.company > 1.05
