"""Pools, round trips and event loops against queueing theory, mean value analysis, and ciw request by request."""

import math
from dataclasses import replace
from itertools import accumulate

import ciw
import pytest

from seatrial.model.box import Box
from seatrial.model.capacity import saturation_rps
from seatrial.model.configuration import Configuration
from seatrial.model.mean_value import closed_throughput_rps
from seatrial.model.queueing import OperationDemand, System, run_open, simulate_closed, simulate_open
from seatrial.model.stations import bounds_rps
from seatrial.model.work import draw_work

MANY = 400


def page(**needs):
    return OperationDemand("page", 1.0, **{"app_cpu_s": 0.0, "cpu_scv": 0.0, **needs})


def loop(workers=1, cpus=8.0, **others):
    return System(workers, MANY, cpus, kind="event-loop", **others)


def mmk_response_mean_s(rate_rps, service_s, servers):
    """Of M/M/k: S + C(k, a) S / (k (1 - rho)), Erlang's C by the recursion through Erlang B."""
    load, blocking = rate_rps * service_s, 1.0
    for count in range(1, servers + 1):
        blocking = load * blocking / (count + load * blocking)
    waits = blocking / (1.0 - (1.0 - blocking) * load / servers)
    return service_s * (1.0 + waits / (servers * (1.0 - load / servers)))


def mg1_wait_mean_s(rate_rps, second_moment_s2, rho):
    """Of M/G/1 first come first served: rate E[S^2] / (2 (1 - rho)) (Pollaczek 1930, Khinchine 1932)."""
    return rate_rps * second_moment_s2 / (2.0 * (1.0 - rho))


def first_come_first_served_in_ciw_s(services_s, gaps, rate_rps, servers):
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([gap / rate_rps for gap in gaps] + [1e9])],
        service_distributions=[ciw.dists.Sequential(list(services_s))],
        number_of_servers=[servers],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(len(gaps), method="Finish")
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    return [record.exit_date - record.arrival_date for record in records]


def response_times_s(work, system, rate_rps):
    arrivals_s = list(accumulate(gap / rate_rps for gap in work.gaps))
    box = Box(work, system)
    box.run_arrivals(arrivals_s)
    return [left - arrived for left, arrived in zip(box.left_s, arrivals_s, strict=True)]


@pytest.mark.parametrize("connections", [1, 4])
def test_a_pool_with_everything_else_free_is_erlangs_queue(connections):
    rate_rps = 0.7 * connections / 0.020
    system = System(1, MANY, 1.0, pool=connections)
    outcome = simulate_open([page(database_wait_s=0.020, wait_scv=1.0)], system, rate_rps, 100_000, seed=4)
    assert outcome.response_time_mean_s == pytest.approx(mmk_response_mean_s(rate_rps, 0.020, connections), rel=0.03)
    assert outcome.utilization["pool"] == pytest.approx(0.7, rel=0.02)


def test_ciw_agrees_on_a_pool_request_by_request():
    work = draw_work([page(lock_wait_s=0.010, wait_scv=2.0)], 4_000, seed=4)
    expected_s = first_come_first_served_in_ciw_s(work.held_wait_s, work.gaps, 270.0, 3)
    assert response_times_s(work, System(1, MANY, 1.0, pool=3), 270.0) == pytest.approx(expected_s, rel=1e-6)


def test_ciw_agrees_on_a_loop_that_serves_one_after_the_other():
    work = draw_work([page(app_cpu_s=0.010, cpu_scv=2.0)], 4_000, seed=5)
    services_s = [before + after for before, after in zip(work.app_before_s, work.app_after_s, strict=True)]
    expected_s = first_come_first_served_in_ciw_s(services_s, work.gaps, 85.0, 1)
    assert response_times_s(work, loop(), 85.0) == pytest.approx(expected_s, rel=1e-6)


def test_on_a_loop_a_dear_request_makes_the_cheap_ones_wait_which_a_shared_cpu_does_not():
    cheap = OperationDemand("cheap", 0.8, 0.002, cpu_scv=0.0)
    dear = OperationDemand("dear", 0.2, 0.020, cpu_scv=0.0)
    rate_rps, rho = 100.0, 100.0 * (0.8 * 0.002 + 0.2 * 0.020)
    work = draw_work([cheap, dear], 60_000, seed=1)
    outcome = run_open(work, loop(), rate_rps, by_operation=True)
    cheap_s = outcome.by_operation_s["cheap"]
    wait_s = mg1_wait_mean_s(rate_rps, 0.8 * 0.002**2 + 0.2 * 0.020**2, rho)
    assert math.fsum(cheap_s) / len(cheap_s) == pytest.approx(0.002 + wait_s, rel=0.03)
    # Processor sharing: S / (1 - rho), whoever else is there (Kleinrock 1967).
    shared = run_open(work, System(MANY, 1, 1.0), rate_rps, by_operation=True).by_operation_s["cheap"]
    assert math.fsum(shared) / len(shared) == pytest.approx(0.002 / (1.0 - rho), rel=0.03)


@pytest.mark.parametrize("population", [1, 3, 12])
def test_mean_value_analysis_gives_the_throughput_of_a_closed_loop(population):
    demand = page(app_cpu_s=0.006, database_cpu_s=0.004, wait_s=0.015, cpu_scv=1.0)
    system = System(population, 1, 1.0, database_cpus=1.0)
    expected_rps = closed_throughput_rps([(0.006, 1), (0.004, 1)], 0.015, population)
    assert simulate_closed([demand], system, population, 60_000, seed=2) == pytest.approx(expected_rps, rel=0.03)


def test_mean_value_analysis_of_several_servers_is_exact_for_one_request_and_for_very_many():
    assert closed_throughput_rps([(0.010, 4)], 0.0, 1) == pytest.approx(100.0)
    assert closed_throughput_rps([(0.010, 4)], 0.0, 5_000) == pytest.approx(400.0, rel=0.001)


def test_each_statement_to_a_database_elsewhere_costs_a_round_trip_and_no_cpu():
    work = draw_work([page(app_cpu_s=0.004, database_cpu_s=0.002, round_trips=5.0)], 500, seed=1)
    near, far = System(2, 2, 1.0, database_cpus=1.0), System(2, 2, 1.0, database_cpus=1.0, round_trip_s=0.002)
    alone_s = response_times_s(work, near, 0.01)
    assert response_times_s(work, far, 0.01) == pytest.approx([each + 0.010 for each in alone_s])


@pytest.mark.parametrize(
    ("system", "needs", "expected_rps"),
    [
        # Held: 3.9 ms of database CPU, 0.1 ms of app CPU between the queries, 6 ms of waits: 10 ms a connection. Beside
        # it 0.1 ms more of app CPU and 50 ms elsewhere: 60.1 ms.
        pytest.param(System(1, 32, 16.0, pool=2), {}, 2 / 0.010, id="two connections"),
        pytest.param(System(3, 32, 16.0, pool=1), {}, 3 / 0.010, id="one in each of three processes"),
        pytest.param(System(1, 32, 8.0, 8.0, pool=2, round_trip_s=0.005), {"round_trips": 2.0}, 2 / 0.020, id="away"),
        pytest.param(System(1, 4, 16.0, pool=4), {}, 4 / 0.0601, id="as many as threads never bind"),
        pytest.param(loop(pool=2), {}, 2 / 0.010, id="two connections of a loop"),
        pytest.param(loop(), {"app_cpu_s": 0.004}, 1 / 0.004, id="a loop that waits for many at once"),
        pytest.param(loop(), {"blocks_loop": True}, 1 / 0.0601, id="a loop that is blocked"),
        pytest.param(
            loop(cpus=64.0), {"runs_in": "thread", "wait_scv": 1.0}, 40 / 0.0601, id="forty threads beside the loop"
        ),
        pytest.param(
            loop(workers=2, loop_threads=5),
            {"runs_in": "thread", "wait_scv": 1.0},
            10 / 0.0601,
            id="five of each of two",
        ),
    ],
)
def test_saturation_is_set_by_the_connections_the_loop_or_its_threads(system, needs, expected_rps):
    demand = page(
        app_cpu_s=0.0002,
        database_cpu_s=0.0039,
        held_app_share=0.5,
        database_wait_s=0.004,
        lock_wait_s=0.002,
        wait_s=0.05,
    )
    found_rps = saturation_rps([replace(demand, **needs)], system, 1, 12_000)
    assert found_rps == pytest.approx(expected_rps, rel=0.03)
    assert next(iter(bounds_rps([replace(demand, **needs)], system).values())) == pytest.approx(expected_rps, rel=0.03)


def test_no_throughput_is_above_the_lowest_bound_and_the_station_that_gives_way_comes_first():
    demand = page(app_cpu_s=0.006, database_cpu_s=0.002, wait_s=0.002, cpu_scv=1.0)
    for system, station, bound_rps in (
        (System(1, 4, 1.0), "CPU", 1 / 0.008),
        (System(1, 1, 1.0), "slots", 1 / 0.010),
        (System(1, 4, 4.0), "GIL", 1 / 0.006),
        (System(4, 4, 4.0, database_cpus=0.5), "database CPU", 0.5 / 0.002),
        (System(1, 8, 2.0, pool=1, gil=False), "CPU", 2 / 0.008),
        (loop(cpus=4.0), "event loop", 1 / 0.006),
    ):
        bounds = bounds_rps([demand], system)
        assert next(iter(bounds)) == station
        assert bounds[station] == pytest.approx(bound_rps)
        assert saturation_rps([demand], system, 1) <= 1.01 * bound_rps


def test_each_station_is_busy_for_rate_times_demand():
    # The utilization law: U = X D / m.
    demand = page(app_cpu_s=0.004, database_cpu_s=0.003, database_wait_s=0.005, wait_s=0.020, cpu_scv=1.0)
    busy = simulate_open([demand], System(2, 20, 2.0, database_cpus=1.0, pool=15), 150.0, 40_000, seed=3).utilization
    assert busy["app CPU"] == pytest.approx(150.0 * 0.004 / 2, rel=0.02)
    assert busy["database CPU"] == pytest.approx(150.0 * 0.003, rel=0.02)
    assert busy["GIL"] == pytest.approx(150.0 * 0.004 / 2, rel=0.02)
    assert busy["pool"] > 150.0 * 0.008 / 30  # the database's queue is held, too
    on_loop = simulate_open([demand], loop(), 150.0, 40_000, seed=3).utilization
    assert on_loop["event loop"] == pytest.approx(150.0 * 0.004, rel=0.02)


def test_who_blocks_the_loop_takes_no_connection_of_the_pool_whose_holders_need_the_loop():
    polite = OperationDemand("polite", 0.5, 0.004, 0.001, held_app_share=0.5)
    blocking = OperationDemand("blocking", 0.5, 0.004, 0.001, database_wait_s=0.020, blocks_loop=True)
    # Alone on its CPUs the loop is held 25 ms by every second request and 4 ms by the others: 14.5 ms each.
    assert saturation_rps([polite, blocking], loop(pool=1), 1, 8_000) == pytest.approx(1 / 0.0145, rel=0.05)


def test_operations_are_told_apart_and_together_are_all_requests():
    demands = [OperationDemand("quick", 3.0, 0.001), OperationDemand("slow", 1.0, 0.001, wait_s=0.3)]
    outcome = run_open(draw_work(demands, 4_000, seed=1), System(1, 40, 1.0), 20.0, by_operation=True)
    together = sorted(time_s for times in outcome.by_operation_s.values() for time_s in times)
    assert together == list(outcome.response_times_s)
    assert outcome.response_time_quantile_s(0.5, "slow") == pytest.approx(0.301, abs=0.002)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"workers": 0}, "workers must be 1 or more"),
        ({"pool": 0}, "pool must be 1 or more"),
        ({"cpus": 0.0}, "cpus must be above 0"),
        ({"database_cpus": -1.0}, "database_cpus must be above 0"),
        ({"cpu_factor": math.nan}, "cpu_factor must be above 0"),
        ({"round_trip_s": -0.001}, "round_trip_s must be 0 or more"),
        ({"worker_class": "eventlet"}, "known are asgi, gevent"),
    ],
)
def test_a_configuration_that_no_server_has_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        Configuration(**{"workers": 2, "threads": 4, "worker_class": "gthread", "cpus": 1.0, **wrong})
