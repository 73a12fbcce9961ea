"""Capacity against theory, and against a published table made by another simulation."""

import math
from statistics import fmean

import pytest

from seatrial.model.capacity import capacity_rps, response_curve, saturation_rps
from seatrial.model.queueing import OperationDemand, System
from seatrial.spec.slo import SLO

HALF_SECOND = SLO()

FEW = 4_000
"""Requests, where it is asked whether there is a capacity and not how large it is."""


def plain(share=1.0, wait_s=0.002, wait_scv=0.0):
    return OperationDemand("page", share, app_cpu_s=0.006, database_cpu_s=0.003, wait_s=wait_s, wait_scv=wait_scv)


def with_slow_calls(share, call_s):
    """So many requests also call another service, with exponentially distributed answers of this mean."""
    return [plain(1.0 - share), plain(share, 0.002 + call_s, 1.0)]


def test_one_slot_with_exponential_service_meets_a_p95_up_to_the_rate_that_theory_gives():
    # M/M/1: -ln(0.05) / (mu - rate) = T, so rate = mu - ln(20) / T.
    # One run is repeatable to about 1 %; three of them lie closer.
    page = [OperationDemand("page", 1.0, 0.010)]
    mean_rps = fmean(capacity_rps(page, System(1, 1, 1.0), HALF_SECOND, seed=seed) for seed in (1, 2, 3))
    assert mean_rps == pytest.approx(100.0 - math.log(20.0) / 0.5, rel=0.015)


def test_dear_requests_lose_more_of_their_saturation_to_the_objective():
    # A slot of exponential 100 ms: rate / mu = 1 - ln(20) 0.1 / 0.5.
    dear, system = [OperationDemand("page", 1.0, 0.100)], System(1, 1, 1.0)
    ratio = capacity_rps(dear, system, HALF_SECOND, seed=2) / saturation_rps(dear, system, seed=2)
    assert ratio == pytest.approx(1 - math.log(20.0) * 0.2, rel=0.06)


@pytest.mark.parametrize(
    ("workers", "threads", "published_rps"),
    [(1, 1, 85), (2, 1, 103), (3, 1, 105), (9, 1, 104)],
)
def test_workers_beyond_the_second_hardly_matter_while_only_the_cpu_is_busy(workers, threads, published_rps):
    # 20,000 requests vary by 1.4 % between seeds.
    capacity = capacity_rps([plain()], System(workers, threads, 1.0), HALF_SECOND, seed=1, requests=20_000)
    assert capacity == pytest.approx(published_rps, rel=0.03)


@pytest.mark.parametrize(
    ("share", "call_s", "workers", "threads", "published_rps"),
    [
        (0.05, 0.4, 1, 1, 4),
        pytest.param(0.05, 0.4, 3, 1, 55, marks=pytest.mark.long),
        pytest.param(0.05, 0.4, 5, 1, 94, marks=pytest.mark.long),
        (0.05, 0.4, 9, 1, 104),
        pytest.param(0.05, 0.4, 1, 8, 104, marks=pytest.mark.long),
        pytest.param(0.02, 0.4, 1, 1, 16, marks=pytest.mark.long),
        (0.02, 0.4, 2, 1, 60),
        pytest.param(0.02, 1.0, 1, 1, 4, marks=pytest.mark.long),
        pytest.param(0.02, 1.0, 3, 1, 43, marks=pytest.mark.long),
        pytest.param(0.02, 1.0, 9, 1, 105, marks=pytest.mark.long),
        (0.02, 1.0, 1, 8, 105),
    ],
)
def test_a_few_slow_calls_ruin_few_slots_and_more_slots_bring_it_back(share, call_s, workers, threads, published_rps):
    # The published table does not state the spread of the slow call. Exponential calls reproduce it to 12 % or 3
    # requests a second (constant ones do not: 12.5 in place of 4), but for one cell, left to the next test.
    system = System(workers, threads, 1.0)
    capacity = capacity_rps(with_slow_calls(share, call_s), system, HALF_SECOND, seed=1, requests=20_000)
    assert capacity == pytest.approx(published_rps, rel=0.12, abs=3.0)


def test_where_the_slow_calls_sit_on_the_quantile_the_answer_hangs_on_their_spread():
    # Published 38 for two workers with 5 % slow calls and a p95; here 27 with exponential calls, 41 with constant ones.
    system = System(2, 1, 1.0)
    spread = capacity_rps(with_slow_calls(0.05, 0.4), system, HALF_SECOND, seed=1, requests=20_000)
    constant = capacity_rps([plain(0.95), plain(0.05, 0.402)], system, HALF_SECOND, seed=1, requests=20_000)
    assert spread < 38 < constant


@pytest.mark.long
def test_the_answer_hardly_depends_on_the_seed():
    answers = [capacity_rps([plain()], System(2, 1, 1.0), HALF_SECOND, seed=seed) for seed in range(1, 4)]
    assert max(answers) / min(answers) < 1.03


def test_an_objective_that_an_idle_server_misses_has_no_capacity():
    slow = [plain(0.9), plain(0.1, 0.8)]
    assert capacity_rps(slow, System(4, 4, 1.0), HALF_SECOND, seed=1, requests=FEW) is None
    assert capacity_rps(slow, System(4, 4, 1.0), SLO(latency_quantile=0.85), seed=1, requests=FEW) is not None


def test_a_tenth_of_a_cpu_stretches_what_an_idle_server_needs():
    demands = [OperationDemand("page", 1.0, 0.060, cpu_scv=0.0)]
    assert capacity_rps(demands, System(1, 4, 1.0), HALF_SECOND, seed=1, requests=FEW) is not None
    assert capacity_rps(demands, System(1, 4, 0.1), HALF_SECOND, seed=1, requests=FEW) is None  # 600 ms each


def test_timeouts_count_against_the_objective_even_when_the_quantile_is_met():
    demands = [plain(0.99), plain(0.01, 2.0)]
    system = System(1, 60, 1.0, timeout_s=1.0)
    assert capacity_rps(demands, system, SLO(error_ratio_max=0.001), seed=1, requests=FEW) is None
    assert capacity_rps(demands, system, SLO(error_ratio_max=0.02), seed=1, requests=FEW) is not None


def test_capacity_never_exceeds_saturation_however_patient_the_objective():
    patient = SLO(latency_max_s=9.0)
    system = System(1, 4, 1.0)
    capacity = capacity_rps([plain()], system, patient, seed=1)
    assert 0.99 < capacity / saturation_rps([plain()], system, seed=1) <= 1.0


def test_the_response_curve_rises_from_the_demand_to_the_objective_at_capacity():
    system = System(1, 4, 1.0)
    capacity = capacity_rps([plain()], system, HALF_SECOND, seed=1, requests=20_000)
    curve = response_curve([plain()], system, 0.95, [1.0, 0.5 * capacity, 0.8 * capacity, capacity], seed=1)
    times_s = [time_s for _, time_s in curve]
    assert times_s == sorted(times_s)
    assert 0.011 < times_s[0] < 0.040
    assert times_s[-1] == pytest.approx(0.5, rel=0.25)
