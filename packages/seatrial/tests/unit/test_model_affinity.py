"""Requests that only one process can answer: each has a line of its own. The truth is from queueing theory."""

import math

import pytest

from seatrial.load.http import client
from seatrial.model import capacity
from seatrial.model.box_parts import Connections
from seatrial.model.configuration import Configuration
from seatrial.model.queueing import OperationDemand, System, simulate_closed, simulate_open
from seatrial.spec.subject import saturating_requests

BY_CHANCE = 10**9
"""Connections that are opened before one is used again: more than there are requests, so each goes anywhere."""


def waiting(seconds=0.020, scv=1.0):
    return [OperationDemand("page", 1.0, app_cpu_s=0.0, wait_s=seconds, wait_scv=scv)]


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_with_a_line_each_have_the_p95_of_as_many_mm1(workers):
    """Poisson arrivals split by chance are Poisson again, so each worker is an M/M/1 of a part of the rate."""
    rate_rps = 0.7 * workers / 0.020
    lines = System(workers, 1, 1.0, has_affinity=True, connections_least=BY_CHANCE)
    outcome = simulate_open(waiting(), lines, rate_rps, 200_000, seed=4)
    p95_s = -math.log(0.05) * 0.020 / (1.0 - 0.7)
    assert outcome.response_time_quantile_s(0.95) == pytest.approx(p95_s, rel=0.06)
    shared = simulate_open(waiting(), System(workers, 1, 1.0), rate_rps, 200_000, seed=4)
    assert shared.response_time_quantile_s(0.95) < 0.75 * p95_s


@pytest.mark.parametrize(("workers", "inside"), [(2, 8), (3, 12), (8, 32), (8, 128)])
def test_a_fixed_population_leaves_workers_idle_as_in_a_balanced_closed_network(workers, inside):
    """Gordon and Newell (1967): of W single exponential servers with N customers each is busy N / (N + W - 1)."""
    system = System(workers, 1, 1.0, has_affinity=True, connections_least=BY_CHANCE)
    rate_rps = simulate_closed(waiting(), system, inside, 60_000, seed=2)
    assert rate_rps == pytest.approx(inside / (inside + workers - 1) * workers / 0.020, rel=0.03)


def test_a_connection_that_is_waited_for_is_not_used_and_another_is_opened_only_when_none_is_idle():
    connections = Connections(workers=1000, least=0)
    first, second = connections.take(), connections.take()
    assert first != second
    connections.give(second)
    assert [connections.take(), connections.opened] == [second, 2]
    connections.give(first)
    connections.give(second)
    assert {connections.take(), connections.take()} == {first, second}


def test_as_many_as_are_wanted_are_opened_before_one_is_used_again():
    connections = Connections(workers=1000, least=3)
    for opened in (1, 2, 3):
        connections.give(connections.take())
        assert connections.opened == opened
    connections.give(connections.take())
    assert connections.opened == 3


def test_a_cpu_that_workers_share_is_full_although_some_of_them_are_idle():
    busy = [OperationDemand("page", 1.0, app_cpu_s=0.010)]
    assert simulate_closed(busy, System(5, 2, 1.0, has_affinity=True), 80, 20_000, seed=1) == pytest.approx(
        100.0, rel=0.02
    )


def test_nobody_is_lost_where_requests_need_nothing_or_wait_for_connections():
    demands = [
        OperationDemand("nothing", 0.3, app_cpu_s=0.0),
        OperationDemand("page", 0.7, app_cpu_s=0.001, database_cpu_s=0.001, database_wait_s=0.010),
    ]
    system = System(3, 4, 1.0, pool=1, has_affinity=True)
    outcome = simulate_open(demands, system, 150.0, 5_000, seed=1)
    assert outcome.error_ratio == 0.0
    assert outcome.throughput_rps == pytest.approx(150.0, rel=0.05)
    assert simulate_closed(demands, system, 48, 5_000, seed=1) > 150.0


@pytest.mark.parametrize(
    ("worker_class", "workers", "expected"),
    [("sync", 4, False), ("gthread", 1, False), ("gthread", 4, True), ("asgi", 2, True), ("gevent", 2, True)],
)
def test_only_sync_workers_take_a_request_when_they_are_free(worker_class, workers, expected):
    assert Configuration(workers, 4, worker_class, 1.0).system(10.0).has_affinity is expected


@pytest.mark.parametrize(
    ("workers", "threads", "expected"),
    [(1, 1, 4), (1, 4, 16), (3, 1, 48), (3, 4, 48), (9, 4, 144), (5, 40, 512), (1, 600, 600)],
)
def test_enough_requests_are_kept_inside_that_each_worker_is_busy_94_percent_of_the_time(workers, threads, expected):
    inside = saturating_requests(workers, threads)
    assert inside == expected
    assert inside / (inside + workers - 1) >= 0.94


def test_as_many_connections_are_kept_beside_as_the_load_keeps():
    assert capacity.SPARE_MAX == client.SPARE_MAX
