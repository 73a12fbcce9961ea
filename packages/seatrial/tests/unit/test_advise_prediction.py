"""Predictions from a study whose truth is arithmetic: 6 ms of app CPU and 2 ms of PostgreSQL's, 125/s on one CPU."""

import math
from dataclasses import replace
from statistics import fmean, stdev

import pytest

from seatrial.advise import estimate
from seatrial.advise.anchor import anchors_of, moderated
from seatrial.advise.foresight import ModelForesight
from seatrial.advise.improvements import improvements
from seatrial.advise.prediction import Predictor
from seatrial.errors import StudyError
from seatrial.measure.measurement import OperationProfile
from seatrial.measure.prediction_check import PredictionCheck, history
from seatrial.spec.services import Services

APP_S, DATABASE_S = 0.006, 0.002


def quick(study):
    return Predictor(study, requests=3_000)


@pytest.fixture
def precise(monkeypatch):
    """Where what is simulated is compared with theory."""
    monkeypatch.setattr(estimate, "ESTIMATE_REQUESTS", 12_000)


@pytest.fixture(scope="module")
def predictor(a_study):
    return quick(a_study())


def one_operation(study, *, cpu_scv=1.0, wait_s=0.0, saturated_rps=125.0, **others):
    """The study of an app with one operation, 6 + 2 ms of CPU, that saturates at this rate."""
    page = OperationProfile("page", 1.0, 40, APP_S, DATABASE_S, wait_s, 0.008 + wait_s, 0.03, cpu_scv, 0.0, **others)
    scale = saturated_rps / 125.0
    measured = tuple(
        replace(
            m,
            app_cpu_s=APP_S,
            database_cpu_s=DATABASE_S,
            offered_rate_rps=m.offered_rate_rps * scale,
            throughput_rps=m.throughput_rps * scale,
            cpu_utilization=m.throughput_rps * scale * 0.008,
            answered_by_second=tuple(int(m.throughput_rps * scale) for _ in range(8)),
        )
        for m in study.measurements
    )
    return replace(study, operations=(page,), measurements=measured, queries=())


def served_by(study, **server):
    subject = study.spec.subject
    subject = replace(subject, server=replace(subject.server, **server))
    threads = server.get("threads", 4)
    measured = tuple(replace(m, threads=threads) for m in study.measurements)
    return replace(study, spec=replace(study.spec, subject=subject), measurements=measured)


def test_the_declared_server_is_predicted_to_do_what_it_was_measured_to_do(predictor, a_study):
    predicted = predictor.predict(predictor.declared)
    # 8 ms requests against 500 ms: capacity is 0.96 to 1 of saturation, which was 125 on average.
    assert 0.95 * 125 < predicted.capacity_rps < 125
    assert predicted.saturation_rps == pytest.approx(125.0)
    assert not predicted.is_extrapolated
    # s = 1.6 % over starts of 123, 125, 127, towards the usual 2.8 %: sqrt((2 x 1.6^2 + 2 x 2.8^2) / 4) = 2.28 %.
    # Against another study of three starts: t(4) = 2.776, 2.776 x 2.28 x sqrt(2 / 3) = 5.17 %.
    half = math.log(predicted.high_rps / predicted.low_rps) / 2.0
    assert half == pytest.approx(0.0517, rel=0.02)


@pytest.mark.parametrize(
    ("change", "expected_rps", "first"),
    [
        pytest.param({"cpus": 2.0}, 1 / APP_S, "GIL", id="two CPUs: one process uses one of them"),
        pytest.param({"cpus": 2.0, "workers": 4}, 2 / 0.008, "CPU", id="two CPUs and processes enough"),
        pytest.param({"cpus": 0.5}, 0.5 / 0.008, "CPU", id="half a CPU"),
        pytest.param({"cpu_factor": 2.0}, 0.5 / 0.008, "CPU", id="a CPU half as fast"),
        pytest.param({"database_cpus": 1.0}, 1 / APP_S, "app CPU", id="the database elsewhere"),
        pytest.param(
            {"database_cpus": 1.0, "workers": 8, "cpus": 8.0}, 1 / DATABASE_S, "database CPU", id="a small database"
        ),
    ],
)
def test_what_a_configuration_would_saturate_at_follows_from_what_gives_way(predictor, change, expected_rps, first):
    predicted = predictor.predict(replace(predictor.declared, **change))
    assert predicted.saturation_rps == pytest.approx(expected_rps, rel=0.04)
    assert 0.85 * expected_rps < predicted.capacity_rps <= predicted.saturation_rps
    assert predicted.low_rps < predicted.capacity_rps < predicted.high_rps
    assert predicted.gives_way[0] == first


def test_what_was_measured_stays_a_factor_when_the_demands_promise_more(a_study):
    slow = quick(one_operation(a_study(), saturated_rps=100.0))
    assert slow.unexplained == pytest.approx(1.25, rel=0.02)
    predicted = slow.predict(replace(slow.declared, cpus=0.5))
    assert predicted.saturation_rps == pytest.approx(50.0, rel=0.03)


def test_further_from_what_was_measured_the_interval_is_wider_and_beyond_four_times_it_is_said_so(predictor):
    def width(**change):
        predicted = predictor.predict(replace(predictor.declared, **change))
        return predicted.high_rps / predicted.low_rps, predicted.is_extrapolated

    # Two workers were measured at most.
    widths = [width(), width(threads=8), width(workers=8), width(workers=9), width(workers=9, database_cpus=1.0)]
    assert [is_far for _, is_far in widths] == [False, False, False, True, True]
    assert [each for each, _ in widths] == sorted(each for each, _ in widths)
    assert width(cpus=5.0)[1]


def test_what_was_measured_of_two_workers_is_what_three_are_predicted_from(a_study):
    # Alone 125/s; two of them 100/s, each request costing a quarter more beside the other: 10 ms.
    study = a_study(plan_saturated=100.0)
    found = quick(study)
    two, three = (replace(found.declared, workers=workers) for workers in (2, 3))
    assert found.predict(two, from_declared=True).saturation_rps == pytest.approx(125.0, rel=0.02)
    assert found.predict(two).saturation_rps == pytest.approx(100.0, rel=0.02)
    by_root = (math.sqrt(3) - 1) / (math.sqrt(2) - 1)
    assert found.predict(three).saturation_rps == pytest.approx(125.0 / 1.25**by_root, rel=0.02)
    assert found.predict(replace(found.declared, cpus=2.0)).saturation_rps == pytest.approx(1 / APP_S, rel=0.04)
    # One start of its own has the spread of the declared server's starts.
    low, high = found.predict(two).low_rps, found.predict(two).high_rps
    assert math.log(high / low) / 2 == pytest.approx(2.776 * 0.0228 * math.sqrt(1 + 1 / 3), rel=0.05)


def test_few_starts_are_drawn_towards_the_usual_spread_and_many_hardly():
    assert moderated(0.0, 2.0) == pytest.approx(0.028**2 / 2)  # three that agree by luck
    assert moderated(0.30**2, 1.0) == pytest.approx((0.09 + 2 * 0.028**2) / 3)
    assert moderated(0.05**2, 98.0) == pytest.approx(0.05**2, rel=0.02)


def test_a_study_of_one_start_has_no_interval(a_study):
    alone = quick(a_study(saturated=(125.0,)))
    predicted = alone.predict(replace(alone.declared, workers=2))
    assert (predicted.low_rps, predicted.high_rps) == (None, None)


def test_statements_counted_in_a_pass_of_their_own_pay_the_way_to_a_database_elsewhere(predictor):
    # read: 3 statements, write: 4, each with its BEGIN and COMMIT: 0.9 x 5 + 0.1 x 6 = 5.1 round trips of 20 ms on the
    # declared 4 slots; at most 4 / (0.102 + 0.008 + the little waiting).
    away = predictor.predict(replace(predictor.declared, database_cpus=1.0, round_trip_s=0.020))
    assert away.gives_way[0] == "slots"
    assert away.saturation_rps == pytest.approx(4 / (0.102 + 0.00865), rel=0.04)


def test_a_small_pool_binds_for_as_long_as_a_connection_is_held(a_study):
    study = one_operation(
        a_study(), wait_s=0.010, database_wait_s=0.008, lock_wait_s=0.0, connection_hold_s=0.012, round_trips=4.0
    )
    held = quick(study)
    predicted = held.predict(replace(held.declared, cpus=8.0, pool=1))
    # 12 ms: 2 of PostgreSQL's CPU, 8 waiting there, 2 of the app's CPU between its queries.
    assert predicted.gives_way[0] == "pool"
    assert predicted.saturation_rps == pytest.approx(1 / 0.012, rel=0.05)


def test_response_times_are_those_of_theory_and_infinite_above_saturation(a_study, precise):
    # One slot, exponential 8 ms, at 60 % of 125: M/M/1, 95 % within -ln(0.05) x 8 / 0.4 ms.
    study = served_by(one_operation(a_study()), worker_class="sync", threads=1)
    one = Predictor(study, requests=20_000)
    point, low, high = one.response_time_quantile_s(one.declared, 75.0, 0.95)
    assert point == pytest.approx(-math.log(0.05) * 0.008 / 0.4, rel=0.06)
    assert low < point < high
    assert one.response_time_quantile_s(one.declared, 130.0, 0.95)[0] == math.inf


def test_each_operation_has_its_own_response_times(predictor):
    found = predictor.by_operation(predictor.declared, 60.0)
    assert list(found) == ["read", "write"]
    assert all(times == tuple(sorted(times)) for times in found.values())
    assert found["write"][0] > 2 * found["read"][0]  # 21.5 ms of CPU against 6.5


def test_drawn_demands_spread_as_a_mean_over_the_starts_does(a_study):
    anchor = anchors_of(a_study())[0]
    drawn = anchor.draw(4_000, seed=3)
    # CPU per request is 1 / saturation in this study: relative s of 123, 125, 127 is 1.6 %, of their mean 0.92 %.
    assert fmean(math.log(app) for app, _, _ in drawn) == pytest.approx(0.0, abs=1e-12)
    assert stdev(math.log(app) for app, _, _ in drawn) == pytest.approx(0.016 / math.sqrt(3), rel=0.05)
    # App and database move together in it.
    assert all(app == pytest.approx(database) for app, database, _ in drawn)


def test_on_an_event_loop_the_operation_that_blocks_it_is_found_by_the_saturation(a_study, precise):
    # 8 ms of CPU and 50 ms elsewhere: awaited, the CPU binds at 125/s; not awaited, 1 / 58 ms.
    waits = one_operation(a_study(), wait_s=0.050, saturated_rps=1 / 0.058)
    blocked = Predictor(served_by(waits, worker_class="asgi", threads=40), requests=3_000)
    assert blocked.unexplained == pytest.approx(1.0, abs=0.03)
    three = blocked.predict(replace(blocked.declared, workers=3))
    assert three.gives_way[0] == "event loop"
    assert three.saturation_rps == pytest.approx(3 / 0.058, rel=0.06)
    best = improvements(blocked, blocked.declared, workers_max=1, has_database=False)[0]
    assert best.name == "nothing that blocks the event loop"
    # M/M/1 of 8 ms: 95 % within the 450 ms that are left where -ln(0.05) / (125 - rate) is as much.
    assert best.capacity_rps == pytest.approx(125.0 + math.log(0.05) / 0.450, rel=0.04)


def test_demands_in_place_of_the_measured_ones_give_their_own_capacity(predictor):
    half = [replace(demand, app_cpu_s=demand.app_cpu_s / 2) for demand in predictor.demands_there(predictor.declared)]
    now = predictor.predict(predictor.declared).capacity_rps
    # 3 + 2 ms in place of 8.
    assert predictor.capacity_with(predictor.declared, half) / now == pytest.approx(8 / 5, rel=0.04)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda s: replace(s, operations=()), "no operation that was measured alone", id="no operation"),
        pytest.param(
            lambda s: replace(s, operations=(replace(s.operations[0], requests=0), s.operations[1])),
            "no answer of read was seen alone",
            id="an operation never answered",
        ),
        pytest.param(
            lambda s: replace(s, operations=tuple(replace(o, app_cpu_s=0.0, database_cpu_s=0.0) for o in s.operations)),
            "CPU seconds could not be read",
            id="no readings",
        ),
        pytest.param(
            lambda s: replace(s, spec=replace(s.spec, subject=replace(s.spec.subject, url="http://127.0.0.1:1/"))),
            "running already",
            id="an app of somebody else",
        ),
        pytest.param(
            lambda s: replace(s, measurements=tuple(replace(m, verdict="invalid") for m in s.measurements)),
            "left unspoiled",
            id="only spoiled trials",
        ),
        pytest.param(
            lambda s: one_operation(s, saturated_rps=60.0), "125 requests/s, and 60 were seen", id="unexplained"
        ),
    ],
)
def test_a_study_that_does_not_identify_what_binds_gives_no_number(a_study, spoil, said):
    with pytest.raises(StudyError, match="nothing can be predicted") as raised:
        quick(spoil(a_study()))
    assert said in raised.value.what


def test_a_configuration_is_tried_that_was_not_measured_whatever_memory_holds(a_study):
    study, foresight = a_study(plan_saturated=None), ModelForesight()
    # One CPU that is full: a second worker is the first that is tried, and a third adds nothing.
    assert foresight.worth_trying(study) == (2, 4)
    full = replace(study, memory=tuple(replace(m, app_bytes=300 * 1024**2) for m in study.memory))
    assert foresight.worth_trying(full) == (1, 8)
    two = served_by(full, workers=2)
    assert foresight.worth_trying(two) == (1, 4)
    subject = replace(full.spec.subject, services=Services(balancer="caddy", instances=2))
    assert foresight.worth_trying(replace(full, spec=replace(full.spec, subject=subject))) == (2, 8)


def test_what_workers_cost_each_other_is_asked_of_a_crowd_or_of_one_alone(a_study):
    study, foresight = a_study(), ModelForesight()
    # Crowding is 0 with one, 1 with two, 2.4 with four on a CPU, 4.8 with nine.
    assert foresight.worth_crowding(study) == (4, 4)
    nine = tuple(replace(m, workers=9) if m.workers == 2 else m for m in study.measurements)
    assert foresight.worth_crowding(replace(study, measurements=nine)) is None
    full = replace(study, memory=tuple(replace(m, app_bytes=150 * m.workers * 1024**2) for m in study.memory))
    assert foresight.worth_crowding(full) is None  # two fit, and were tried
    four = tuple(replace(m, workers=m.workers + 3) for m in study.measurements)
    assert foresight.worth_crowding(replace(served_by(study, workers=4), measurements=four)) == (1, 4)


def test_what_is_predicted_is_written_down_with_its_interval_and_compared_afterwards(a_study):
    check = ModelForesight().prediction(a_study(plan_saturated=None), 2, 4, starts=1)
    assert 0.95 * 125 < check.predicted_rps < 125
    assert check.low_rps < check.predicted_rps < check.high_rps
    assert (check.measured_rps, check.relative_error) == (None, None)
    done = check.against(check.predicted_rps / 1.028)
    assert done.relative_error == pytest.approx(0.028)
    assert check.against(None).relative_error is None


def test_the_history_keeps_the_last_fifty_checks():
    checks = [PredictionCheck(f"{day}", 2, 4, "gthread", 1.0, 100.0) for day in range(60)]
    assert history(checks[:59], checks[59:]) == tuple(checks[10:])
