"""Conclusions from a study whose truth is arithmetic: 8 ms of CPU per request on one CPU saturate at 125 a second."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.advise.conclude import conclude
from seatrial.advise.estimate import open_correction
from seatrial.advise.findings import Findings
from seatrial.measure.measurement import Caveat, Measurement, Verdict
from seatrial.measure.study import Study
from seatrial.model import capacity as capacity_module
from seatrial.report.sentences import demand_sentence, memory_sentence
from seatrial.spec.services import Services
from seatrial.spec.slo import SLO
from seatrial.spec.subject import Database

MakeStudy = Callable[..., Study]
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def found(a_study: MakeStudy) -> Findings:
    """The conclusions of the study as it is; drawn once, since each takes seconds of simulation."""
    return conclude(a_study())


def test_capacity_is_just_below_saturation_and_its_interval_is_students_t_over_starts(found: Findings) -> None:
    capacity = found.worker_capacity
    assert capacity.offered_rate_rps is not None
    assert capacity.low_rps is not None
    assert capacity.high_rps is not None
    # 8 ms requests against 500 ms: capacity is 0.96 to 1 of saturation (an M/G/1 queue under 62 services of slack).
    assert 0.95 * 125 < capacity.offered_rate_rps < 125
    ratio = capacity.offered_rate_rps / 125
    # t(2) = 4.303; starts 123, 125, 127 have s = 2: half width 4.303 x 2 / sqrt(3) = 4.97 requests/s.
    assert (capacity.high_rps - capacity.low_rps) / 2 == pytest.approx(4.97 * ratio, rel=0.03)
    assert not capacity.is_bracket
    assert (capacity.pass_rps, capacity.fail_rps) == (pytest.approx(0.88 * 127), pytest.approx(1.13 * 123))


def test_demand_is_the_mixs_under_load_and_operations_are_scaled_to_it(found: Findings) -> None:
    demand = found.demand_ms
    assert demand.total == pytest.approx(8.0, rel=0.01)
    assert demand.app == pytest.approx(6.0, rel=0.01)
    assert demand.database == pytest.approx(2.0, rel=0.01)
    # One at a time the mix costs 0.9 x 6.5 + 0.1 x 21.5 = 8.0 ms, so nothing is scaled.
    assert demand.alone_total == pytest.approx(8.0)
    assert demand.by_operation["write"]["total"] == pytest.approx(21.5, rel=0.01)
    assert found.dearest_operation == "write"


def test_queries_per_request_are_weighted_by_arrivals_and_the_requests_each_causes(found: Findings) -> None:
    # Per 10 arrivals: 9 reads of 1 request x 3 statements, 1 write of 2 requests x 4 statements: 35 in 11 requests.
    assert found.queries_per_request == pytest.approx(35 / 11)


def test_memory_says_how_many_workers_fit_beside_the_system(found: Findings) -> None:
    assert found.memory_bytes.first_worker == 74 * MEBIBYTE
    assert found.memory_bytes.further_worker == 31 * MEBIBYTE
    # 512 - 120 (system) - 92 (PostgreSQL) - 74 (first) = 226 MB; 226 / 31 = 7 further.
    assert found.workers_that_fit == 8


def test_services_take_their_part_of_the_memory_and_a_pooler_limits_the_connections(a_study: MakeStudy) -> None:
    study = a_study()
    beside = Services("pgbouncer", 6, "valkey")
    subject = replace(study.spec.subject, services=beside, database=Database(pool=4))
    memory = tuple(replace(each, services_bytes=60 * MEBIBYTE) for each in study.memory)
    found = conclude(replace(study, memory=memory, spec=replace(study.spec, subject=subject)))
    assert found.memory_bytes.services == 60 * MEBIBYTE
    # 512 - 120 (system) - 92 (PostgreSQL) - 60 - 74 (first) = 166 MB; 166 / 31 = 5 further.
    assert found.workers_that_fit == 6
    assert "pooler, cache and balancer 60 MB" in memory_sentence(found)
    assert [subject.connections(workers, 4) for workers in (1, 2)] == [4, 6]


def test_the_services_cpu_is_told_as_a_part_of_the_apps(a_study: MakeStudy) -> None:
    study = a_study()
    seen = tuple(replace(each, services_cpu_s=0.0015) for each in study.measurements)
    found = conclude(replace(study, measurements=seen))
    assert found.demand_ms.total == pytest.approx(8.0, rel=0.01)
    assert found.demand_ms.services == pytest.approx(1.5)
    assert "shop (of these 1.5 ms pooler, cache and balancer), 2.0 ms PostgreSQL" in demand_sentence(found)


def test_the_plans_capacity_is_the_better_of_the_worker_counts_tried(a_study: MakeStudy, found: Findings) -> None:
    assert found.plan_capacity.workers == 2
    slower = conclude(a_study(plan_saturated=100.0))
    assert slower.plan_capacity.workers == 1
    assert slower.plan_capacity == slower.worker_capacity


def test_the_cpu_is_named_when_it_was_full_and_the_slots_when_it_was_not(a_study: MakeStudy, found: Findings) -> None:
    study = a_study()
    assert found.bottleneck["station"] == "CPU"
    idle = tuple(replace(m, cpu_utilization=(m.cpu_utilization or 0) * 0.4) for m in study.measurements)
    assert conclude(replace(study, measurements=idle)).bottleneck["station"] == "slots"


def test_an_objective_below_the_service_time_has_no_capacity_and_is_violated(a_study: MakeStudy) -> None:
    study = a_study()
    found = conclude(replace(study, spec=replace(study.spec, slo=SLO(0.95, 0.002, 0.001))))
    assert found.worker_capacity.offered_rate_rps is None
    assert found.verdict == Verdict.VIOLATED
    assert found.daily_users.typical is None


def test_a_target_above_the_plans_capacity_is_violated_and_one_below_is_met(a_study: MakeStudy) -> None:
    study = a_study()
    assert conclude(replace(study, spec=replace(study.spec, target_rps=200.0))).verdict == Verdict.VIOLATED
    assert conclude(replace(study, spec=replace(study.spec, target_rps=50.0))).verdict == Verdict.SUSTAINED


def test_only_invalid_trials_give_no_conclusion_about_the_app(a_study: MakeStudy) -> None:
    study = a_study()
    spoiled = tuple(replace(m, verdict=Verdict.INVALID) for m in study.measurements)
    assert conclude(replace(study, measurements=spoiled)).verdict == Verdict.INVALID


def test_demands_that_do_not_explain_the_saturation_are_said_to(a_study: MakeStudy) -> None:
    study = a_study()
    # Half the throughput at the same CPU per request: something else binds.
    slow = tuple(
        replace(m, throughput_rps=m.throughput_rps / 2, cpu_utilization=0.5) if m.label == "saturation" else m
        for m in study.measurements
    )
    codes = [c.code for c in conclude(replace(study, measurements=slow)).caveats]
    assert "demands-do-not-explain" in codes


def test_a_caveat_of_many_intervals_is_told_once_with_its_count(a_study: MakeStudy) -> None:
    study = a_study()
    noisy = tuple(replace(m, caveats=(Caveat("noisy-interval", "It was noisy."),)) for m in study.measurements)
    told = [c for c in conclude(replace(study, measurements=noisy)).caveats if c.code == "noisy-interval"]
    assert len(told) == 1
    assert f"in {len(noisy)} of {len(noisy)} intervals" in told[0].text


def test_a_search_that_was_needed_gives_its_bracket_as_interval(a_study: MakeStudy) -> None:
    study = a_study()

    def searched(rate: float, verdict: str) -> Measurement:
        return replace(study.measurements[2], label="search", run=8, offered_rate_rps=rate, verdict=verdict)

    trials = (searched(70.0, Verdict.SUSTAINED), searched(77.0, Verdict.VIOLATED))
    found = conclude(replace(study, measurements=study.measurements + trials))
    assert (found.worker_capacity.low_rps, found.worker_capacity.high_rps) == (70.0, 77.0)
    assert found.worker_capacity.is_bracket
    assert found.worker_capacity.method == "bracketed by trials: seen to pass at 70.0/s, seen to fail at 77.0/s"
    assert found.worker_capacity.offered_rate_rps == pytest.approx(math.sqrt(70 * 77))
    assert "searched" in [c.code for c in found.caveats]


def test_a_bracket_between_what_passed_and_failed_is_not_cut_to_what_was_offered(a_study: MakeStudy) -> None:
    """The closed loops of `a_study` answer 123 to 127/s, so nothing says that 100/s were the most."""
    study = a_study()
    trials = tuple(
        replace(
            study.measurements[2], label="search", run=8, offered_rate_rps=rate, throughput_rps=seen, verdict=verdict
        )
        for rate, seen, verdict in ((100.0, 100.0, Verdict.SUSTAINED), (110.0, 96.0, Verdict.VIOLATED))
    )
    closed = tuple(m for m in study.measurements if not m.label.startswith("confirm"))
    found = conclude(replace(study, measurements=closed + trials)).worker_capacity
    assert found.offered_rate_rps == pytest.approx(math.sqrt(100 * 110))


def test_no_more_is_told_than_was_ever_answered_though_a_short_trial_above_it_passed(a_study: MakeStudy) -> None:
    study = a_study()
    passed, failed = (
        replace(
            study.measurements[2], label="search", run=8, offered_rate_rps=rate, throughput_rps=seen, verdict=verdict
        )
        for rate, seen, verdict in ((136.0, 129.0, Verdict.SUSTAINED), (150.0, 130.0, Verdict.VIOLATED))
    )
    found = conclude(replace(study, measurements=(*study.measurements, passed, failed))).worker_capacity
    assert found.offered_rate_rps == pytest.approx(130.0)
    assert (found.low_rps, found.pass_rps) == (pytest.approx(130.0), pytest.approx(136.0))
    # The lowest that failed is a confirming trial: 1.13 x 123 = 139.
    assert found.method.endswith("seen to pass at 136/s, seen to fail at 139/s, never seen to answer more than 130/s")


def test_a_rate_that_passed_but_could_not_be_caught_up_with_is_not_the_capacity(a_study: MakeStudy) -> None:
    """It answers 150 a second while nothing waits, and 128 at most once something does."""
    study = relabelled(a_study(plan_saturated=None), confirm_high=Verdict.SUSTAINED)
    passed, failed = (
        replace(
            study.measurements[2], label="search", run=8, offered_rate_rps=rate, throughput_rps=seen, verdict=verdict
        )
        for rate, seen, verdict in ((150.0, 150.0, Verdict.SUSTAINED), (160.0, 128.0, Verdict.VIOLATED))
    )
    found = conclude(replace(study, measurements=(*study.measurements, passed, failed))).worker_capacity
    assert (found.offered_rate_rps, found.low_rps) == (pytest.approx(128.0), pytest.approx(128.0))
    assert (found.pass_rps, found.fail_rps) == (pytest.approx(150.0), pytest.approx(160.0))
    assert found.method.endswith("seen to fail at 160/s, but answers 128/s at most once it is behind")


def test_a_brief_start_counts_with_the_correction_of_the_full_ones(a_study: MakeStudy, found: Findings) -> None:
    study = a_study()
    brief = tuple(replace(m, run=run, throughput_rps=125.0) for run in (4, 5) for m in study.measurements[1:2])
    more = conclude(replace(study, measurements=study.measurements[:12] + brief + study.measurements[12:]))
    wide, narrow = found.worker_capacity, more.worker_capacity
    assert narrow.offered_rate_rps == pytest.approx(wide.offered_rate_rps, rel=0.01)
    # s over 123, 125, 127, 125, 125 is 1.41; t(4) = 2.776: half width 1.76 against 4.97 with three starts.
    assert wide.high_rps is not None
    assert narrow.high_rps is not None
    assert (narrow.high_rps - narrow.offered_rate_rps) / (wide.high_rps - wide.offered_rate_rps) == pytest.approx(
        1.76 / 4.97, rel=0.05
    )


def test_a_machine_whose_memory_was_slower_at_times_is_told(a_study: MakeStudy) -> None:
    study = a_study()
    walked = tuple(replace(m, memory_walk_s=0.020 if m.run == 1 else 0.025) for m in study.measurements)
    told = [c for c in conclude(replace(study, measurements=walked)).caveats if c.code == "machine-speed-moved"]
    assert "25 %" in told[0].text


def relabelled(study: Study, **verdicts: str) -> Study:
    """The study with other verdicts on its confirming trials."""
    named = {label.replace("_", " "): verdict for label, verdict in verdicts.items()}
    return replace(
        study, measurements=tuple(replace(m, verdict=named.get(m.label, m.verdict)) for m in study.measurements)
    )


def test_an_estimate_that_no_valid_trial_confirmed_is_never_told(a_study: MakeStudy) -> None:
    spoiled = relabelled(a_study(), confirm_low=Verdict.INVALID, confirm_high=Verdict.INVALID)
    found = conclude(spoiled)
    assert found.verdict == Verdict.INVALID
    assert found.worker_capacity.offered_rate_rps is None
    assert "stopped-early" in [c.code for c in found.caveats]


def test_a_contradicted_estimate_without_a_search_is_replaced_by_what_the_trials_bracket(a_study: MakeStudy) -> None:
    found = conclude(relabelled(a_study(plan_saturated=None), confirm_high=Verdict.SUSTAINED)).worker_capacity
    # 1.13 x 127 = 143.5
    assert found.method == "bracketed by trials: seen to pass at 144/s, the highest rate that was tried"
    assert found.is_bracket
    assert found.offered_rate_rps == pytest.approx(1.13 * 127)


def test_a_worker_count_whose_own_low_trial_failed_is_not_the_plans_best(a_study: MakeStudy) -> None:
    study = a_study()
    refuted = tuple(
        replace(m, verdict=Verdict.VIOLATED) if (m.workers, m.label) == (2, "confirm low") else m
        for m in study.measurements
    )
    assert conclude(replace(study, measurements=refuted)).plan_capacity.workers == 1


def test_a_trial_missed_below_saturation_says_nothing_of_saturation(a_study: MakeStudy) -> None:
    seen = tuple(
        replace(m, offered_rate_rps=100.0, throughput_rps=98.0, verdict=Verdict.VIOLATED)
        if m.label == "confirm high"
        else m
        for m in a_study().measurements[:4]
    )
    assert open_correction(seen) is None


def test_a_trial_above_saturation_that_passed_raises_it_as_one_that_failed_lowers_it(a_study: MakeStudy) -> None:
    seen = tuple(
        replace(m, offered_rate_rps=141.0, throughput_rps=140.0, duration_s=10.0, verdict=Verdict.SUSTAINED)
        if m.label == "confirm high"
        else replace(m, throughput_rps=125.0, duration_s=5.0)
        for m in a_study().measurements[:4]
    )
    # (5 s x 125 + 10 s x 140) / 15 s = 135, over 125.
    assert open_correction(seen) == pytest.approx(135 / 125)


def test_a_server_that_breaks_down_under_overload_still_carries_the_rate_that_passed(a_study: MakeStudy) -> None:
    rates = {"saturation": 125.0, "confirm low": 112.0, "confirm high": 60.0}
    seen = tuple(
        replace(m, throughput_rps=rates[m.label], duration_s=10.0) if m.label in rates else m
        for m in a_study().measurements[:4]
    )
    # Pooled it would be (125 + 60) / 2 = 92.5, but 112 were answered in time.
    assert open_correction(seen) == pytest.approx(112 / 125)


def test_one_process_that_fills_one_of_two_cpus_is_told_as_such_and_not_as_a_lock(a_study: MakeStudy) -> None:
    study = a_study()
    # 125 requests/s x 7.8 ms are 0.975 of one CPU: one process can use no more, whatever the plan has.
    half = tuple(replace(m, cpu_utilization=0.52, app_cpu_s=0.0078, database_cpu_s=0.0004) for m in study.measurements)
    assert conclude(replace(study, measurements=half)).bottleneck["station"] == "workers"


def test_noise_between_two_memory_readings_is_not_taken_for_a_worker_of_one_byte(a_study: MakeStudy) -> None:
    study = a_study()
    shrunk = tuple(replace(r, app_bytes=73 * MEBIBYTE) if r.workers == 2 else r for r in study.memory)
    found = conclude(replace(study, memory=shrunk))
    assert found.workers_that_fit is not None
    assert found.workers_that_fit < 10
    assert "further-worker-assumed" in [c.code for c in found.caveats]


def test_a_plan_whose_memory_does_not_hold_the_app_is_not_enough(a_study: MakeStudy) -> None:
    study = a_study()
    fat = tuple(replace(r, app_bytes=r.app_bytes + 400 * MEBIBYTE) for r in study.memory)
    found = conclude(replace(study, memory=fat))
    assert found.workers_that_fit == 0
    assert found.verdict == Verdict.VIOLATED
    assert found.plan_capacity.offered_rate_rps is None


def test_a_target_of_daily_users_is_judged_with_the_reserve_that_the_users_are_told_with(a_study: MakeStudy) -> None:
    study = a_study()
    users = conclude(study).daily_users.typical
    assert users is not None
    for asked, verdict in ((0.95 * users, Verdict.SUSTAINED), (1.3 * users, Verdict.VIOLATED)):
        assert conclude(replace(study, spec=replace(study.spec, target_daily_users=asked))).verdict == verdict


def test_the_same_study_gives_the_same_findings_twice(a_study: MakeStudy, found: Findings) -> None:
    for kept in (capacity_module._saturation_rps, capacity_module._capacity_rps, capacity_module._response_curve):
        kept.cache_clear()
    assert conclude(a_study()) == found


def test_an_app_that_was_running_already_has_a_capacity_at_its_address_and_no_plan(a_study: MakeStudy) -> None:
    study = a_study(plan_saturated=None)
    unread = tuple(
        replace(m, workers=None, threads=None, slots=1, app_cpu_s=None, database_cpu_s=None, cpu_utilization=None)
        for m in study.measurements
    )
    alone = tuple(replace(p, app_cpu_s=0.0, database_cpu_s=0.0, wait_s=p.wall_s) for p in study.operations)
    subject = replace(study.spec.subject, url="http://me:secret@127.0.0.1:8000")
    found = conclude(
        replace(
            study,
            measurements=unread,
            operations=alone,
            memory=(),
            queries=(),
            spec=replace(study.spec, subject=subject),
        )
    )
    assert found.address == "http://127.0.0.1:8000"
    assert "secret" not in found.server
    assert (found.plan, found.plan_capacity, found.memory_bytes, found.workers_that_fit) == (None, None, None, None)
    assert found.worker_predictions == ()
    capacity = found.worker_capacity
    assert capacity.offered_rate_rps is not None
    # One slot held for 8 ms a request: as in the study with CPU readings, 0.95 to 1 of the saturation of 125/s.
    assert 0.95 * 125 < capacity.offered_rate_rps < 125
    assert (capacity.workers, capacity.method) == (None, "mean of 3 repeats")
    assert found.daily_users.typical is not None
    assert found.demand_ms.wait is None
    assert {"no-memory-readings", "old-price"}.isdisjoint(c.code for c in found.caveats)


def test_a_running_app_that_took_all_that_was_kept_inside_is_said_to(a_study: MakeStudy) -> None:
    study = a_study(plan_saturated=None)
    wide = tuple(replace(m, workers=None, threads=None, slots=256, verdict=Verdict.INVALID) for m in study.measurements)
    subject = replace(study.spec.subject, url="http://127.0.0.1:8000")
    found = conclude(replace(study, measurements=wide, spec=replace(study.spec, subject=subject)))
    assert "still-growing" in [c.code for c in found.caveats]
