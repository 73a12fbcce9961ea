"""Three outcomes, and never a wrong answer as a fast one."""

from dataclasses import replace

import pytest

from seatrial.load.books.observation import LoadRecord, Observation
from seatrial.measure.fresh_start import steady
from seatrial.measure.interval import Conditions, CpuUse, summarize
from seatrial.measure.measurement import Verdict
from seatrial.measure.trial_rates import confirm_seconds, must_fail_rps, next_rate
from seatrial.measure.verdict import is_spoiled, judge_closed, judge_open, rig_faults
from seatrial.measure.wrong_answers import wrong_advice
from seatrial.spec.slo import SLO
from seatrial.testbed.readings import HostReading

SLO_500 = SLO(latency_quantile=0.95, latency_max_s=0.5, error_ratio_max=0.001)


def seen(due_s: float, response_s: float, *, error: str = "", late_s: float = 0.0, operation: str = "a") -> Observation:
    status = 200 if not error else 0
    return Observation(operation, due_s, due_s + late_s, due_s + late_s, due_s + response_s, status, error)


def record(observations: list[Observation], *, duration_s: float = 10.0, busy: float = 0.1) -> LoadRecord:
    return LoadRecord(0.0, duration_s, tuple(observations), len(observations), busy, 1)


def conditions(mode: str = "open", **more: object) -> Conditions:
    base: dict[str, object] = {
        "run": 1, "label": "confirm low", "mode": mode, "workers": 1, "threads": 4, "slo": SLO_500, "timeout_s": 10.0,
        "cpus": 1.0,
    }  # fmt: skip
    return Conditions(**{**base, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("own", "beside", "expected"),
    [
        (Verdict.INVALID, None, True),
        (Verdict.INVALID, Verdict.SUSTAINED, True),
        (Verdict.SUSTAINED, Verdict.INVALID, False),
        (Verdict.SUSTAINED, None, False),
    ],
)
def test_what_the_rig_spoils_on_another_quota_does_not_spoil_the_start(own, beside, expected) -> None:
    found = replace(summarize(record([seen(0.0, 0.1)]), conditions(), None), verdict=own)
    quota = [] if beside is None else [replace(found, label="other quota", cpus=0.5, verdict=beside)]
    assert is_spoiled([found, *quota]) is expected


def test_the_objective_is_met_at_the_limit_and_not_a_millisecond_above_it() -> None:
    assert judge_open(0.5, 0.0, SLO_500, ()) == Verdict.SUSTAINED
    assert judge_open(0.501, 0.0, SLO_500, ()) == Verdict.VIOLATED
    assert judge_open(0.1, 0.0011, SLO_500, ()) == Verdict.VIOLATED


def test_a_late_or_busy_generator_makes_a_trial_invalid_whatever_the_times_say() -> None:
    late = rig_faults(lateness_p99_s=0.006, generator_busy=0.1, refused_by_cap=0)
    busy = rig_faults(lateness_p99_s=0.0, generator_busy=0.9, refused_by_cap=0)
    assert [f.code for f in late + busy] == ["generator-late", "generator-busy"]
    assert judge_open(0.01, 0.0, SLO_500, late) == Verdict.INVALID
    assert judge_open(9.0, 0.5, SLO_500, busy) == Verdict.INVALID
    assert judge_closed(0.0, SLO_500, busy) == Verdict.INVALID


def test_what_the_in_flight_cap_refuses_is_the_subjects_failure_and_not_the_rigs() -> None:
    capped = rig_faults(lateness_p99_s=0.0, generator_busy=0.1, refused_by_cap=7)
    assert judge_open(10.0, 0.2, SLO_500, capped) == Verdict.VIOLATED


def test_one_in_ten_fast_403_counts_as_one_in_ten_requests_at_the_timeout() -> None:
    observations = [seen(i * 0.1, 0.02, error="status" if i % 10 == 0 else "") for i in range(100)]
    measured = summarize(record(observations), conditions(), None)
    assert measured.error_ratio == pytest.approx(0.1)
    assert measured.slo_quantile_s == pytest.approx(10.0)
    assert measured.verdict == Verdict.VIOLATED
    assert measured.throughput_rps == pytest.approx(9.0)


def test_quantiles_rates_and_cpu_come_out_as_counted_by_hand() -> None:
    # 200 requests in 10 s, response times 5 ms, 10 ms, ... 1,000 ms; 3 s of app CPU, 1 s of database CPU in all.
    observations = [seen(i * 0.045, 0.005 * (i + 1)) for i in range(200)]
    cpu = CpuUse(app_s=3.0, database_s=1.0, wall_s=10.0, throttled_s=0.0)
    measured = summarize(record(observations), conditions(requests_per_arrival=1.0), cpu)
    assert measured.offered_rate_rps == pytest.approx(20.0)
    assert measured.response_time_s["p50"] == pytest.approx(0.5, abs=0.006)
    assert measured.slo_quantile_s == pytest.approx(0.95, abs=0.006)
    assert measured.app_cpu_s == pytest.approx(0.015)
    assert measured.database_cpu_s == pytest.approx(0.005)
    assert measured.cpu_utilization == pytest.approx(0.4)
    assert sum(measured.answered_by_second) == 200


def test_the_cpu_of_a_database_apart_is_told_but_does_not_count_against_the_plan() -> None:
    observations = [seen(i * 0.045, 0.005) for i in range(200)]
    cpu = CpuUse(app_s=3.0, database_s=1.0, wall_s=10.0, throttled_s=0.0)
    measured = summarize(record(observations), conditions(is_database_apart=True), cpu)
    assert measured.database_cpu_s == pytest.approx(0.005)
    assert measured.cpu_utilization == pytest.approx(0.3)


def test_the_cpu_of_services_is_a_part_of_the_apps_and_not_counted_twice() -> None:
    observations = [seen(i * 0.045, 0.005) for i in range(200)]
    cpu = CpuUse(app_s=3.0, database_s=1.0, wall_s=10.0, throttled_s=0.0, services_s=0.5)
    measured = summarize(record(observations), conditions(), cpu)
    assert measured.services_cpu_s == pytest.approx(0.0025)
    assert measured.cpu_s == pytest.approx(0.02)


def test_answers_after_the_end_count_in_response_times_but_not_in_throughput() -> None:
    observations = [seen(9.0, 2.0) for _ in range(10)] + [seen(1.0, 0.1) for _ in range(10)]
    measured = summarize(record(observations), conditions(), None)
    assert measured.throughput_rps == pytest.approx(1.0)
    assert measured.slo_quantile_s == pytest.approx(2.0)


def test_a_closed_loop_counts_only_what_was_completed_inside() -> None:
    observations = [seen(i * 0.1, 0.1) for i in range(100)] + [seen(9.95, 0.2)]
    cpu = CpuUse(app_s=1.01, database_s=0.0, wall_s=10.2, throttled_s=0.0)
    measured = summarize(record(observations), conditions("closed"), cpu)
    assert measured.requests == 100
    assert measured.app_cpu_s == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10, 10, 10, 10], False),
        ([10, 10.1, 9.9, 10, 10], True),
        ([14, 13, 12, 11, 10], False),
        ([30, 20, 10, 10.1, 9.9, 10, 10], True),
    ],
)
def test_warm_up_ends_when_five_windows_have_no_trend(values: list[float], expected: bool) -> None:
    assert steady(values) is expected


def test_a_confirming_trial_is_long_enough_for_overload_to_show() -> None:
    # At 15 % overload the wait grows 0.15 s per second: 0.5 s after 3.3 s, 2 s after 13.3 s.
    assert confirm_seconds(12.0, 0.5, 100.0) == 12.0
    assert confirm_seconds(8.0, 2.0, 100.0) == pytest.approx(3 * 2.0 / 0.15, rel=0.01)
    assert confirm_seconds(8.0, 0.5, 2.0) == pytest.approx(50.0)
    assert confirm_seconds(8.0, 30.0, 100.0) == 60.0


@pytest.mark.parametrize(
    ("estimate_rps", "saturated_rps", "expected_rps"),
    [
        (100.0, 100.0, 115.0),  # at saturation: 15 % above it
        (90.0, 100.0, 110.0),  # 103.5 would be 3.5 % of overload: a wait of 0.28 s after 8 s, which still passes
        (83.0, 100.0, 110.0),  # 95.5 is so near that chance decides
        (60.0, 100.0, 69.0),  # far below: the queues that chance makes are what fails
        (50.0, 0.0, 57.5),  # never saturated
    ],
)
def test_the_rate_that_must_fail_is_never_just_above_saturation(
    estimate_rps: float, saturated_rps: float, expected_rps: float
) -> None:
    assert must_fail_rps(estimate_rps, saturated_rps) == pytest.approx(expected_rps)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(None, None, 1.0), (10.0, None, 14.0), (None, 10.0, 5.0), (4.0, 9.0, 6.0), (10.0, 10.9, None)],
)
def test_the_search_goes_up_halves_and_ends_when_the_bracket_is_narrow(
    low: float | None, high: float | None, expected: float | None
) -> None:
    assert next_rate(low, high) == expected


def test_an_objective_of_few_milliseconds_allows_the_generator_less_lateness() -> None:
    assert rig_faults(lateness_p99_s=0.003, generator_busy=0.1, refused_by_cap=0, latency_max_s=0.5) == ()
    late = rig_faults(lateness_p99_s=0.003, generator_busy=0.1, refused_by_cap=0, latency_max_s=0.05)
    assert [fault.code for fault in late] == ["generator-late"]
    assert "limit 2.5 ms" in late[0].text


def test_journeys_whose_own_code_raises_make_a_trial_invalid_with_their_message() -> None:
    raised = [seen(i * 0.1, 0.02)._replace(status=200, error="journey") for i in range(2)]
    observations = [*(seen(i * 0.1, 0.02) for i in range(98)), *raised]
    told = replace(record(observations), failures=("a, step 2, person 3, status 200: journey: KeyError: 'x'",))
    measured = summarize(told, conditions(), None)
    assert measured.verdict == Verdict.INVALID
    assert [caveat.code for caveat in measured.caveats] == ["journey-raised"]
    assert "person 3" in measured.caveats[0].text
    assert summarize(told, conditions("closed"), None).verdict == Verdict.INVALID


def test_a_journey_that_raises_once_never_fails_the_subject_by_that() -> None:
    raised = seen(1.0, 0.02)._replace(status=200, error="journey")
    observations = [*(seen(i * 0.01, 0.02) for i in range(499)), raised]
    told = replace(record(observations), failures=("a, step 2, person 3, status 200: journey: KeyError: 'x'",))
    # One of 500 is less than 1 % of the requests, and twice as many errors as the objective allows.
    assert summarize(told, conditions(), None).verdict == Verdict.INVALID
    wrong = replace(told, observations=(*observations[:-1], raised._replace(error="expectation")))
    assert summarize(wrong, conditions(), None).verdict == Verdict.VIOLATED


def test_sessions_refused_in_the_lead_in_were_not_sustained() -> None:
    (fault,) = rig_faults(lateness_p99_s=0.0, generator_busy=0.1, refused_by_cap=0, refused_before=3)
    assert fault.text.startswith("3 sessions were not begun in the lead-in")
    assert judge_open(0.1, 0.0, SLO_500, (fault,)) == Verdict.VIOLATED


@pytest.mark.parametrize(("after", "curtailed", "is_told"), [(5, 0, False), (6, 0, True), (4, 2, True)])
def test_a_trial_of_which_more_than_one_in_twenty_was_due_after_its_end_says_so(
    after: int, curtailed: int, *, is_told: bool
) -> None:
    observations = [seen(at / 10, 0.05) for at in range(100 - after)] + [seen(10.0 + at, 0.05) for at in range(after)]
    load = replace(record(observations), curtailed=curtailed)
    found = [each.code for each in summarize(load, conditions(), None).caveats]
    assert found == (["outlasting-journeys"] if is_told else [])
    assert summarize(load, conditions(), None).verdict == Verdict.SUSTAINED


def test_an_app_that_limits_how_often_one_may_ask_is_told_as_that() -> None:
    limited = "front, step 1 (GET /), person 2, status 429: expectation: expected status 200, got 429 from /"
    assert "limit" in wrong_advice([limited])
    assert "limit" not in wrong_advice(
        ["front, step 1 (GET /429), person 2, status 500: expected 200, got 500 from /429"]
    )


def test_each_hosts_utilization_is_its_share_of_the_cpu_by_the_utilization_law() -> None:
    """100 answers in 10 s, 20 more after the end; 3.6 s of CPU on one host, 1.2 s on the other, of 0.4 CPU each."""
    observations = [seen(at / 10.0, 0.01) for at in range(100)] + [seen(9.9, 1.0) for _ in range(20)]
    hosts = tuple(
        (HostReading(name, 0.4, 1.0, 50, 100, 2.0), HostReading(name, 0.4, 1.0 + used_s, 60, 100, 2.5))
        for name, used_s in (("host 1", 3.6), ("host 2", 1.2))
    )
    cpu = CpuUse(app_s=4.8, database_s=0.0, wall_s=11.0, throttled_s=0.0, hosts=hosts)
    measured = summarize(record(observations), conditions(cpus=0.8), cpu)
    part = 100 / 120
    assert [host.cpu_utilization for host in measured.hosts] == pytest.approx(
        [3.6 * part / 10 / 0.4, 1.2 * part / 10 / 0.4]
    )
    assert [(host.memory_bytes, host.limit_bytes, host.throttled_s) for host in measured.hosts] == [(60, 100, 0.5)] * 2
    # Half of the two together is the whole's.
    assert measured.cpu_utilization == pytest.approx(sum(host.cpu_utilization for host in measured.hosts) / 2)
