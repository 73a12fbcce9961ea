"""A simulated fleet against queueing theory, and against the formulas for replicas."""

import pytest

from seatrial.model.fleet import Fleet, fewest_machines, simulate_fleet
from seatrial.model.queueing import System, simulate_open
from seatrial.model.replicas import DatabaseWork, carried_rps
from seatrial.model.work import OperationDemand

PAGE = (OperationDemand("page", 1.0, app_cpu_s=0.010),)
READ_AND_WRITE = (
    OperationDemand("read", 0.9, app_cpu_s=0.001, database_cpu_s=0.010),
    OperationDemand("write", 0.1, app_cpu_s=0.001, database_cpu_s=0.010),
)


def mean(values):
    return sum(values) / len(values)


def test_one_host_of_one_cpu_answers_as_processor_sharing_does():
    # M/M/1-PS: 10 ms / (1 - 0.6).
    outcome = simulate_fleet(PAGE, [False], Fleet(1, 1.0, 1000), 60.0, requests=12_000, seed=1)
    assert mean(outcome.response_times_s) == pytest.approx(0.025, rel=0.08)
    assert outcome.app_utilization == pytest.approx(0.6, rel=0.02)


def test_one_host_agrees_with_the_simulation_of_a_single_box():
    demands = (OperationDemand("page", 1.0, app_cpu_s=0.006, wait_s=0.004),)
    box = simulate_open(demands, System(workers=8, threads=1, cpus=2.0), 240.0, 8_000, seed=1)
    fleet = simulate_fleet(demands, [False], Fleet(1, 2.0, 8), 240.0, requests=8_000, seed=1)
    assert fleet.response_time_quantile_s(0.95) == pytest.approx(box.response_time_quantile_s(0.95), rel=0.05)


def test_a_balancer_that_throws_dice_leaves_each_host_as_if_it_were_alone():
    # A Poisson stream split at random is a Poisson stream each: 10 ms / (1 - 0.6) again.
    outcome = simulate_fleet(PAGE, [False], Fleet(5, 1.0, 1000, balancing="random"), 300.0, requests=16_000, seed=2)
    assert mean(outcome.response_times_s) == pytest.approx(0.025, rel=0.08)


def test_least_connections_answer_sooner_than_dice():
    by = {
        kind: simulate_fleet(PAGE, [False], Fleet(5, 1.0, 1000, balancing=kind), 400.0, requests=8_000, seed=2)
        for kind in ("random", "least connections")
    }
    dice, least = (by[kind].response_time_quantile_s(0.95) for kind in ("random", "least connections"))
    assert least < 0.6 * dice
    assert by["least connections"].busiest_host < by["random"].busiest_host


def test_four_replicas_are_full_at_the_rate_of_the_formula():
    work = DatabaseWork(0.1, read_s=0.010, write_s=0.010, apply_s=0.005)
    rate_rps = 0.8 * carried_rps(work, 4)
    outcome = simulate_fleet(
        READ_AND_WRITE, [False, True], Fleet(8, 1.0, 50, replicas=4), rate_rps, requests=8_000, seed=3
    )
    assert outcome.replica_utilization == pytest.approx(0.8, rel=0.03)
    # The primary only writes: rate x 0.1 x 10 ms.
    assert outcome.primary_utilization == pytest.approx(rate_rps * 0.1 * 0.010, rel=0.1)


def test_reads_that_must_not_be_late_are_work_of_the_primary():
    fleet = Fleet(4, 1.0, 50, replicas=2, primary_read_share=0.25)
    outcome = simulate_fleet(READ_AND_WRITE, [False, True], fleet, 100.0, requests=6_000, seed=3)
    assert outcome.primary_utilization == pytest.approx(100 * (0.1 + 0.9 * 0.25) * 0.010, rel=0.08)


def test_slots_bound_what_a_host_carries_while_requests_wait():
    # 2 hosts x 4 slots, each held for 100 ms: 80 per second; at 100 the times grow to the timeout.
    waits = (OperationDemand("call", 1.0, app_cpu_s=0.0, wait_s=0.1),)
    below = simulate_fleet(waits, [False], Fleet(2, 1.0, 4), 60.0, requests=4_000, seed=4)
    above = simulate_fleet(waits, [False], Fleet(2, 1.0, 4), 100.0, requests=8_000, seed=4)
    assert below.response_time_quantile_s(0.95) < 0.5
    assert above.response_time_quantile_s(0.95) == 10.0


@pytest.mark.parametrize("needed", [1, 2, 7, 40])
@pytest.mark.parametrize("guess", [1, 6, 50])
def test_the_fewest_machines_are_found_from_any_guess(needed, guess):
    tried = []

    def meets(count):
        tried.append(count)
        return count >= needed

    assert fewest_machines(meets, guess, most=200) == needed
    assert len(tried) < 16


def test_what_no_number_of_machines_carries_is_told():
    assert fewest_machines(lambda count: False, 5, most=100) is None


@pytest.mark.parametrize("fleet", [Fleet(0, 1.0, 1), Fleet(1, 1.0, 0), Fleet(1, 1.0, 1, balancing="by luck")])
def test_a_fleet_that_cannot_be_is_refused(fleet):
    with pytest.raises(ValueError, match="a fleet needs"):
        simulate_fleet(PAGE, [False], fleet, 1.0, requests=10, seed=1)
