"""The simulation against queueing theory, and against ciw on the very same requests."""

import math
from itertools import accumulate

import ciw
import pytest

from seatrial.model.box import Box
from seatrial.model.queueing import OperationDemand, System, run_open, simulate_closed, simulate_open
from seatrial.model.work import draw_work

MANY_SLOTS = 400


def one(**seconds):
    return [OperationDemand("page", 1.0, **{"app_cpu_s": 0.0, **seconds})]


def erlang_c(servers, offered_load):
    """Probability that an arrival must wait in M/M/k: Erlang's C(k, a), a = arrival rate x service time.

    By the recursion through Erlang B: B(0) = 1, B(j) = a B(j-1) / (j + a B(j-1)); C = B / (1 - (1 - B) a / k).
    """
    blocking = 1.0
    for count in range(1, servers + 1):
        blocking = offered_load * blocking / (count + offered_load * blocking)
    return blocking / (1.0 - (1.0 - blocking) * offered_load / servers)


def mmk_wait_mean_s(rate_rps, service_s, servers):
    """Mean wait before service in M/M/k: C(k, a) S / (k (1 - rho)) (Erlang 1917)."""
    rho = rate_rps * service_s / servers
    return erlang_c(servers, rate_rps * service_s) * service_s / (servers * (1.0 - rho))


def mm1_response_quantile_s(rate_rps, service_s, quantile):
    """Of M/M/1 first come first served: the response time is exponential with mean S / (1 - rho)."""
    return -math.log(1.0 - quantile) * service_s / (1.0 - rate_rps * service_s)


def processor_sharing_response_mean_s(rate_rps, service_s):
    """Of M/G/1 processor sharing: S / (1 - rho), whatever the distribution of the service (Kleinrock 1967)."""
    return service_s / (1.0 - rate_rps * service_s)


@pytest.mark.parametrize(
    ("servers", "offered_load", "published"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (10, 7.0, 0.2217)],
)
def test_the_formula_of_erlang_that_the_others_are_checked_by_gives_the_tabled_probability(
    servers, offered_load, published
):
    assert erlang_c(servers, offered_load) == pytest.approx(published, abs=5e-5)


def response_times_s(work, system, rate_rps):
    arrivals_s = list(accumulate(gap / rate_rps for gap in work.gaps))
    box = Box(work, system)
    box.run_arrivals(arrivals_s)
    return [left - arrived for left, arrived in zip(box.left_s, arrivals_s, strict=True)]


def ciw_response_times_s(work, rate_rps, servers, threshold=None):
    """The same arrivals and the same service times through ciw; with a threshold its node shares so many processors."""
    services = [
        sum(parts) for parts in zip(work.app_before_s, work.database_s, work.wait_s, work.app_after_s, strict=True)
    ]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([gap / rate_rps for gap in work.gaps] + [1e9])],
        service_distributions=[ciw.dists.Sequential(services)],
        number_of_servers=[servers],
        ps_thresholds=[threshold or 1],
    )
    simulation = ciw.Simulation(network, node_class=ciw.PSNode if threshold else ciw.Node)
    simulation.simulate_until_max_customers(len(work.gaps), method="Finish")
    records = sorted(simulation.get_all_records(), key=lambda record: record.arrival_date)
    return [record.exit_date - record.arrival_date for record in records]


@pytest.mark.parametrize("rate_rps", [*(pytest.param(rate, marks=pytest.mark.long) for rate in (50.0, 80.0)), 90.0])
def test_one_slot_with_exponential_service_has_the_p95_of_mm1(rate_rps):
    outcome = simulate_open(one(app_cpu_s=0.010), System(1, 1, 1.0), rate_rps, 150_000, seed=3)
    assert outcome.response_time_quantile_s(0.95) == pytest.approx(
        mm1_response_quantile_s(rate_rps, 0.010, 0.95), rel=0.06
    )
    assert outcome.utilization["CPU"] == pytest.approx(rate_rps * 0.010, rel=0.02)


@pytest.mark.parametrize("slots", [2, pytest.param(4, marks=pytest.mark.long), 8])
def test_slots_that_only_wait_have_the_mean_wait_of_erlang(slots):
    rate_rps = 0.85 * slots / 0.020
    outcome = simulate_open(one(wait_s=0.020, wait_scv=1.0), System(slots, 1, 1.0), rate_rps, 150_000, seed=5)
    wait_s = outcome.response_time_mean_s - 0.020
    assert wait_s == pytest.approx(mmk_wait_mean_s(rate_rps, 0.020, slots), rel=0.08)
    assert outcome.utilization["slots"] == pytest.approx(0.85, rel=0.02)


@pytest.mark.parametrize("scv", [0.0, *(pytest.param(scv, marks=pytest.mark.long) for scv in (0.5, 1.0)), 4.0])
def test_a_shared_cpu_has_the_same_mean_whatever_the_spread_of_the_demand(scv):
    outcome = simulate_open(
        one(app_cpu_s=0.006, database_cpu_s=0.004, cpu_scv=scv), System(MANY_SLOTS, 1, 1.0), 80.0, 150_000, 2
    )
    assert outcome.response_time_mean_s == pytest.approx(processor_sharing_response_mean_s(80.0, 0.010), rel=0.06)


@pytest.mark.parametrize("slots", [1, 3])
def test_ciw_first_come_first_served_agrees_request_by_request(slots):
    work = draw_work(one(app_cpu_s=0.008, wait_s=0.004, cpu_scv=2.0), 4_000, seed=4)
    rate_rps = 0.9 * slots / 0.012
    ours_s = response_times_s(work, System(slots, 1, float(slots)), rate_rps)
    assert ours_s == pytest.approx(ciw_response_times_s(work, rate_rps, slots), rel=1e-6)


@pytest.mark.parametrize(
    ("system", "processors"),
    [
        pytest.param(System(6, 1, 1.0), 1, id="six workers on one CPU"),
        pytest.param(System(6, 1, 2.0), 2, id="six workers on two CPUs"),
        pytest.param(System(1, 6, 2.0), 1, id="six threads under the GIL on two CPUs"),
        pytest.param(System(1, 6, 2.0, gil=False), 2, id="six threads without GIL on two CPUs"),
    ],
)
def test_ciw_processor_sharing_agrees_request_by_request(system, processors):
    work = draw_work(one(app_cpu_s=0.010, cpu_scv=1.5), 4_000, seed=8)
    rate_rps = 0.9 * processors / 0.010
    ours_s = response_times_s(work, system, rate_rps)
    assert ours_s == pytest.approx(ciw_response_times_s(work, rate_rps, 6, threshold=processors), rel=1e-6, abs=1e-9)


def test_a_database_on_its_own_machine_adds_its_own_response_time():
    demands = one(app_cpu_s=0.010, database_cpu_s=0.009, cpu_scv=1.0)
    outcome = simulate_open(demands, System(MANY_SLOTS, 1, 1.0, database_cpus=1.0), 70.0, 100_000, seed=6)
    # Product form of two processor-sharing stations: means add (Baskett, Chandy, Muntz and Palacios 1975).
    expected_s = processor_sharing_response_mean_s(70.0, 0.010) + processor_sharing_response_mean_s(70.0, 0.009)
    assert outcome.response_time_mean_s == pytest.approx(expected_s, rel=0.05)
    assert outcome.utilization["app CPU"] == pytest.approx(0.70, rel=0.02)
    assert outcome.utilization["database CPU"] == pytest.approx(0.63, rel=0.02)


@pytest.mark.parametrize(
    ("system", "demand", "expected_rps"),
    [
        pytest.param(System(4, 2, 1.0), {"app_cpu_s": 0.006, "database_cpu_s": 0.003}, 1 / 0.009, id="one CPU"),
        pytest.param(System(4, 2, 0.5), {"app_cpu_s": 0.006, "database_cpu_s": 0.003}, 0.5 / 0.009, id="half a CPU"),
        pytest.param(System(1, 8, 4.0), {"app_cpu_s": 0.006}, 1 / 0.006, id="one GIL among four CPUs"),
        pytest.param(System(3, 8, 4.0), {"app_cpu_s": 0.006}, 3 / 0.006, id="three GILs among four CPUs"),
        pytest.param(System(1, 8, 4.0, gil=False), {"app_cpu_s": 0.006}, 4 / 0.006, id="no GIL on four CPUs"),
        pytest.param(System(3, 1, 8.0), {"app_cpu_s": 0.001, "wait_s": 0.2}, 3 / 0.201, id="three slots that wait"),
    ],
)
def test_saturation_is_set_by_what_gives_way_first(system, demand, expected_rps):
    constant = one(**demand, cpu_scv=0.0)
    assert simulate_closed(constant, system, system.slots, 20_000, seed=1) == pytest.approx(expected_rps, rel=0.02)


def test_a_database_of_its_own_sets_the_saturation_when_it_is_the_dearer():
    demands = one(app_cpu_s=0.002, database_cpu_s=0.010)
    assert simulate_closed(demands, System(40, 1, 1.0, database_cpus=2.0), 40, 20_000, seed=1) == pytest.approx(
        200, rel=0.02
    )


def test_more_than_the_backlog_is_refused_and_counts_as_the_timeout():
    outcome = simulate_open(one(app_cpu_s=0.010), System(1, 1, 1.0, backlog=5, timeout_s=3.0), 200.0, 20_000, seed=1)
    assert outcome.error_ratio == pytest.approx(0.5, abs=0.02)  # half of twice the saturation
    assert outcome.response_time_quantile_s(0.99) == 3.0
    assert outcome.throughput_rps == pytest.approx(100.0, rel=0.02)


def test_who_waits_longer_than_the_timeout_is_an_error_and_counts_as_the_timeout():
    # M/M/1: P(R > t) = exp(-(mu - rate) t) = exp(-(100 - 80) 0.05).
    outcome = simulate_open(one(app_cpu_s=0.010), System(1, 1, 1.0, timeout_s=0.05), 80.0, 150_000, seed=1)
    assert outcome.error_ratio == pytest.approx(math.exp(-1.0), rel=0.05)
    assert max(outcome.response_times_s) == 0.05


def test_the_mix_is_in_exact_shares_and_its_mean_demand_is_as_declared():
    demands = [OperationDemand("home", 3.0, 0.004, 0.002), OperationDemand("post", 1.0, 0.010, 0.001, 0.005, 0.5, 1.0)]
    work = draw_work(demands, 10_000, seed=9)
    assert work.operations.count(1) == pytest.approx(2_500, abs=10)
    posts = [index for index, operation in enumerate(work.operations) if operation == 1]
    assert sum(work.app_before_s[i] + work.app_after_s[i] for i in posts) / len(posts) == pytest.approx(0.010)
    assert sum(work.wait_s[i] for i in posts) / len(posts) == pytest.approx(0.005)
    # A tenth is warm-up.
    assert len(run_open(work, System(2, 2, 1.0), 50.0).response_times_s) == 9_000


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    demands, system = one(app_cpu_s=0.009, wait_s=0.001), System(2, 4, 1.0)
    first = simulate_open(demands, system, 90.0, 2_000, seed=1)
    assert first == simulate_open(demands, system, 90.0, 2_000, seed=1)
    assert first != simulate_open(demands, system, 90.0, 2_000, seed=2)


def test_nothing_to_simulate_is_refused():
    with pytest.raises(ValueError, match="at least one operation"):
        draw_work([], 10, seed=1)


def test_a_request_that_needs_nothing_leaves_at_once():
    outcome = simulate_open(one(), System(1, 2, 1.0), 10.0, 200, seed=1)
    assert set(outcome.response_times_s) == {0.0}


def test_requests_that_need_nothing_do_not_thin_out_a_fixed_population():
    demands = [OperationDemand("nothing", 1.0, 0.0), OperationDemand("page", 1.0, 0.010, cpu_scv=0.0)]
    box = Box(draw_work(demands, 2_000, seed=1), System(2, 2, 1.0))
    done_s = box.run_population(4)
    assert len(done_s) == 2_000
    # One CPU serves the thousand pages of 10 ms one after the other, never idle.
    assert done_s[-1] == pytest.approx(10.0)
