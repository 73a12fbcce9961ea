"""Requests that a page sends in the same moment: batch arrivals, against their closed forms and against ciw."""

from itertools import accumulate

import ciw
import pytest

from seatrial.model.box import Box
from seatrial.model.capacity import capacity_rps
from seatrial.model.fleet import Fleet, simulate_fleet
from seatrial.model.queueing import OperationDemand, System, simulate_open
from seatrial.model.work import draw_work
from seatrial.spec.slo import SLO

SERVICE_S = 0.010
REQUESTS = 30_000
SEEDS = range(4)


def pages_of(rho, batch):
    """Mean time in M^X/M/1 with pages of equal size b: S (b + 1) / (2 (1 - rho)) (Gross and Harris, bulk input).

    Of L = rho (E[X^2] + E[X]) / (2 E[X] (1 - rho)) and Little's law.
    """
    return SERVICE_S * (batch + 1) / (2 * (1 - rho))


def exponential():
    return [OperationDemand("part", 1.0, app_cpu_s=SERVICE_S)]


def box_mean_s(rho, at_once):
    system = System(workers=1, threads=1, cpus=1.0, timeout_s=1e6, backlog=1_000_000)
    runs = [
        simulate_open(exponential(), system, rho / SERVICE_S, REQUESTS, seed, at_once=at_once).response_time_mean_s
        for seed in SEEDS
    ]
    return sum(runs) / len(runs)


@pytest.mark.parametrize(("rho", "batch"), [(0.3, 3), pytest.param(0.5, 8, marks=pytest.mark.long), (0.6, 2)])
def test_pages_of_equal_size_wait_as_batch_arrivals_at_one_server_do(rho, batch):
    assert box_mean_s(rho, float(batch)) == pytest.approx(pages_of(rho, batch), rel=0.03)


def test_pages_of_two_sizes_wait_by_the_moments_of_the_sizes():
    # 2.5 at once: as many pages of 2 as of 3, so E[X] = 2.5 and E[X^2] = 6.5: L / rho = (6.5 + 2.5) / 5 / (1 - rho).
    assert box_mean_s(0.5, 2.5) == pytest.approx(SERVICE_S * 1.8 / 0.5, rel=0.03)


def test_a_fleet_of_one_slot_waits_as_batch_arrivals_do():
    fleet = Fleet(hosts=1, host_cpus=1.0, slots=1, timeout_s=1e6)
    runs = [
        simulate_fleet(exponential(), [False], fleet, 50.0, requests=REQUESTS // 2, seed=seed, at_once=3.0)
        for seed in SEEDS
    ]
    times = [sum(run.response_times_s) / len(run.response_times_s) for run in runs]
    assert sum(times) / len(times) == pytest.approx(pages_of(0.5, 3), rel=0.03)


def test_two_workers_serve_pages_of_three_as_ciw_serves_the_very_same_requests():
    work, rate_rps = draw_work(exponential(), 6_000, 4, at_once=3.0), 0.7 * 2 / SERVICE_S
    pages_s = [gap / rate_rps for gap in work.gaps if gap]
    services_s = [before + after for before, after in zip(work.app_before_s, work.app_after_s, strict=True)]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*pages_s, 1e9])],
        batching_distributions=[ciw.dists.Deterministic(3)],
        service_distributions=[ciw.dists.Sequential(services_s)],
        number_of_servers=[2],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(len(services_s), method="Finish")
    theirs_s = sorted(r.waiting_time + r.service_time for r in simulation.get_all_records())[-5_000:]
    system = System(workers=2, threads=1, cpus=2.0, timeout_s=1e6, backlog=1_000_000)
    box = Box(work, system)
    arrivals_s = list(accumulate(gap / rate_rps for gap in work.gaps))
    box.run_arrivals(arrivals_s)
    ours_s = sorted(left - came for left, came in zip(box.left_s, arrivals_s, strict=True))[-5_000:]
    assert sum(ours_s) == pytest.approx(sum(theirs_s), rel=0.03)
    assert ours_s[len(ours_s) // 2] == pytest.approx(theirs_s[len(theirs_s) // 2], rel=0.03)


@pytest.mark.long
def test_pages_keep_the_rate_and_need_room_below_the_objective():
    work = draw_work(exponential(), 9_000, 1, at_once=3.0)
    assert sum(work.gaps) == pytest.approx(9_000)
    assert sum(gap == 0.0 for gap in work.gaps) == 6_000
    system, slo = System(workers=1, threads=1, cpus=1.0), SLO(0.95, 0.5)
    single, pages = (capacity_rps(exponential(), system, slo, 1, 20_000, at_once=each) for each in (1.0, 3.0))
    # Waiting is about (b + 1) / 2 = 2 times as long, so twice the room is needed: some 6 % of 100/s become 12 %.
    assert (100 - pages) / (100 - single) == pytest.approx(2.0, rel=0.25)


def test_a_page_has_at_least_one_request():
    with pytest.raises(ValueError, match="one request in a page"):
        draw_work(exponential(), 10, 1, at_once=0.5)
