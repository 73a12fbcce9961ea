"""The laws against published values and against each other."""

import math

import pytest

from seatrial.model import laws


def test_a_disk_busy_36_of_60_seconds_with_1800_requests_needs_20_ms_each_at_60_percent():
    # The worked example of Menascé, Almeida and Dowdy, chapter 3.
    demand_s = laws.service_demand_s(36.0, 1800)
    assert demand_s == pytest.approx(0.020)
    assert laws.utilization(1800 / 60, demand_s) == pytest.approx(0.60)


def test_a_demand_without_completions_is_refused():
    with pytest.raises(ValueError, match="at least one completed"):
        laws.service_demand_s(1.0, 0)


def test_half_a_cpu_is_used_up_by_half_the_rate():
    assert laws.utilization(50.0, 0.010, servers=0.5) == pytest.approx(1.0)


def test_littles_law_and_the_response_time_law_undo_each_other():
    inside = laws.population_inside(80.0, 0.25)
    assert inside == pytest.approx(20.0)
    assert laws.response_time_s(inside, 80.0) == pytest.approx(0.25)
    assert laws.response_time_s(inside + 80.0 * 7.0, 80.0, think_time_s=7.0) == pytest.approx(0.25)


def test_the_bound_names_the_station_with_the_largest_demand_per_server():
    stations = {"app": (0.006, 1.0), "database": (0.009, 2.0)}
    assert laws.throughput_bound_rps(stations) == (pytest.approx(1 / 0.006), "app")


def test_few_people_who_think_long_set_the_bound_before_any_station():
    bound_rps, station = laws.throughput_bound_rps({"app": (0.010, 1.0)}, population=10, think_time_s=0.99)
    assert bound_rps == pytest.approx(10.0)
    assert station == ""


def test_nothing_used_means_no_bound():
    assert laws.throughput_bound_rps({"app": (0.0, 1.0)}) == (math.inf, "")


@pytest.mark.parametrize(
    ("servers", "offered_load", "published"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (10, 7.0, 0.2217)],
)
def test_erlang_c_gives_the_tabled_probability_of_waiting(servers, offered_load, published):
    assert laws.erlang_c(servers, offered_load) == pytest.approx(published, abs=5e-5)


def test_an_overloaded_queue_makes_everyone_wait_for_ever():
    assert laws.erlang_c(2, 2.0) == 1.0
    assert math.isinf(laws.mmk_wait_mean_s(300.0, 0.01, 2))
    assert math.isinf(laws.mm1_response_quantile_s(101.0, 0.01, 0.95))
    assert math.isinf(laws.processor_sharing_response_mean_s(101.0, 0.01))
    assert math.isinf(laws.allen_cunneen_response_quantile_s(300.0, 0.01, 2, 0.95))
    assert math.isinf(laws.relaxation_time_s(0.01, 1.0))


def test_the_median_of_mm1_at_half_load_is_its_mean_times_ln_2():
    assert laws.mm1_response_quantile_s(50.0, 0.010, 0.5) == pytest.approx(0.020 * math.log(2))


def test_one_server_with_constant_service_waits_half_as_long_as_exponential():
    # Pollaczek-Khinchine: the wait is proportional to (1 + cs^2).
    constant_s = laws.allen_cunneen_wait_mean_s(80.0, 0.010, 1, service_scv=0.0)
    exponential_s = laws.allen_cunneen_wait_mean_s(80.0, 0.010, 1)
    assert exponential_s == pytest.approx(0.040)
    assert constant_s == pytest.approx(0.020)


def test_the_exponential_tail_comes_within_15_percent_of_the_exact_mm1_quantile_at_high_load():
    closed_s = laws.allen_cunneen_response_quantile_s(90.0, 0.010, 1, 0.95)
    assert closed_s == pytest.approx(laws.mm1_response_quantile_s(90.0, 0.010, 0.95), rel=0.15)


def test_where_fewer_wait_than_the_quantile_leaves_out_there_is_no_wait_in_it():
    assert laws.allen_cunneen_response_quantile_s(1.0, 0.010, 4, 0.95) == 0.010


def test_a_queue_at_97_percent_of_200_a_second_needs_22_seconds_to_forget():
    assert laws.relaxation_time_s(1 / 200, 0.97) == pytest.approx(22, abs=0.5)


@pytest.mark.parametrize(
    ("probability", "degrees", "published"),
    [
        (0.975, 1, 12.7062),
        (0.975, 2, 4.3027),
        (0.975, 3, 3.1824),
        (0.95, 4, 2.1318),
        (0.975, 9, 2.2622),
        (0.995, 30, 2.75),
    ],
)
def test_students_t_gives_the_tabled_quantile(probability, degrees, published):
    assert laws.student_t_quantile(probability, degrees) == pytest.approx(published, abs=6e-5)
    assert laws.student_t_quantile(1 - probability, degrees) == pytest.approx(-published, abs=6e-5)


def test_students_t_refuses_certainty():
    with pytest.raises(ValueError, match="probability"):
        laws.student_t_quantile(1.0, 2)


def test_three_runs_give_the_interval_of_the_textbook():
    # mean 10, standard deviation 1, t = 4.3027: 10 +- 4.3027 / sqrt(3).
    assert laws.interval_over_starts([9.0, 10.0, 11.0]) == (
        pytest.approx(10.0),
        pytest.approx(10 - 2.4841, abs=1e-3),
        pytest.approx(10 + 2.4841, abs=1e-3),
    )


def test_one_run_has_a_mean_and_no_interval():
    assert laws.interval_over_starts([7.0]) == (7.0, None, None)


def test_no_run_is_refused():
    with pytest.raises(ValueError, match="at least one run"):
        laws.interval_over_starts([])
