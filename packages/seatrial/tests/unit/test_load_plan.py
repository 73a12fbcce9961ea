"""Plans of whole loads, how several processes share them, and what becomes of what those saw. Nothing is started."""

import pickle
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import LoadError
from seatrial.load.arrivals.shapes import Constant, Poisson
from seatrial.load.books.histogram import Histogram
from seatrial.load.books.observation import Observation
from seatrial.load.books.sessions import SessionCounts
from seatrial.load.books.tally import Tally
from seatrial.load.generator.cpus import shares
from seatrial.load.generator.member import PartResult
from seatrial.load.generator.plan import LoadPlan
from seatrial.load.generator.result import load_result
from seatrial.load.generator.self_check import _places
from seatrial.spec.workload import OperationSpec, WorkloadSpec

WORKLOAD = WorkloadSpec(operations=(OperationSpec("home", "/"),), timeout_s=2.0)
URL = "http://127.0.0.1:8000"


def a_plan(**more: object) -> LoadPlan:
    return LoadPlan(**{"base_url": URL, "workload": WORKLOAD, "duration_s": 10.0, "arrivals": Poisson(50), **more})


def a_part(responses_s: list[float], *, error: str = "", lasted_s: float = 10.0, busy: float = 0.1) -> PartResult:
    tally = Tally(started_s=100.0, duration_s=10.0, timeout_s=2.0)
    for index, response_s in enumerate(responses_s):
        due_s = 100.0 + index * 0.01
        tally.add(Observation("home", due_s, due_s, due_s, due_s + response_s, 200, error))
    return PartResult(tally, lasted_s, len(responses_s), busy, 2, (f"went wrong: {error}",) if error else ())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"arrivals": None}, "either arrivals or a concurrency"),
        ({"concurrency": 4}, "either arrivals or a concurrency"),
        ({"duration_s": 0.0}, "duration is 0 s"),
        ({"duration_s": float("inf")}, "duration is inf s"),
        ({"lead_in_s": -1.0}, "lead-in is -1 s"),
        ({"processes": 0}, "0 processes"),
        ({"processes": 1000}, "1000 processes"),
        (
            {"processes": 40},
            r"--processes: 30 people cannot be shared by 40 processes\.\n.*raise --people or use fewer",
        ),
        ({"processes": 4, "in_flight_max": 3}, "3 requests in flight"),
        ({"processes": 4, "arrivals": None, "concurrency": 3}, "3 concurrent loops"),
    ],
)
def test_a_plan_that_cannot_be_driven_is_refused_with_a_sentence(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(LoadError, match=said):
        a_plan(**wrong)


@given(st.integers(1, 64), st.integers(64, 10_000))
def test_the_processes_share_everything_without_rest(processes: int, whole: int) -> None:
    plan = a_plan(processes=processes, in_flight_max=whole, workload=WorkloadSpec(people=64))
    parts = [plan.share(whole, index) for index in range(processes)]
    assert sum(parts) == whole
    assert max(parts) - min(parts) <= 1


def test_a_plan_comes_through_a_pipe_as_it_was() -> None:
    for arrivals in (Poisson(50).part(1, 3), Constant(7)):
        plan = a_plan(arrivals=arrivals)
        assert pickle.loads(pickle.dumps(plan)) == plan


@pytest.mark.parametrize(
    ("cpus", "processes", "keep_free", "expected"),
    [
        ((0, 1, 2, 3), 2, 1, ((3,), (2,))),
        ((0, 1, 2, 3), 3, 1, ((3,), (2,), (1,))),
        ((0, 1), 2, 0, ((1,), (0,))),
        ((0, 1), 2, 1, ((0, 1), (0, 1))),
        ((5,), 1, 1, ((5,),)),
        ((), 2, 1, ((), ())),
    ],
)
def test_each_process_gets_a_cpu_of_its_own_where_one_is_left_for_the_app(
    cpus: tuple[int, ...], processes: int, keep_free: int, expected: tuple[tuple[int, ...], ...]
) -> None:
    assert shares(cpus, processes, keep_free=keep_free) == expected


@pytest.mark.parametrize(
    ("generator", "server", "usable", "expected"),
    [
        ((), (), (0, 1), ((1,), (0,))),
        ((), (), (0, 1, 2, 3), ((3,), (0,))),
        ((0,), (), (0, 1), ((0,), (1,))),
        ((2, 3), (0, 1), (0, 1, 2, 3), ((2, 3), (0, 1))),
        ((), (), (4,), ((4,), (4,))),
        ((), (), (), ((), ())),
    ],
)
def test_the_self_check_keeps_generator_and_server_on_different_cpus_where_there_are_two(
    generator: tuple[int, ...],
    server: tuple[int, ...],
    usable: tuple[int, ...],
    expected: tuple[tuple[int, ...], tuple[int, ...]],
) -> None:
    assert _places(generator, server, usable) == expected


def test_the_result_of_two_processes_is_the_sum_of_their_parts() -> None:
    parts = [a_part([0.010] * 300), a_part([0.030] * 200, busy=0.3), a_part([0.001] * 5, error="refused")]
    result = load_result(a_plan(processes=3), parts)
    whole = Tally(started_s=100.0, duration_s=10.0, timeout_s=2.0)
    for part in parts:
        whole.merge(part.tally)
    assert result.tally == whole
    assert result.arrivals == result.tally.total.requests == 505
    assert result.tally.total.errors == Counter(refused=5)
    assert result.offered_rate_rps == pytest.approx(50.5)
    assert result.throughput_rps == pytest.approx(50.0)
    assert result.cpu_s == pytest.approx(5.0)
    assert result.requests_per_cpu_s == pytest.approx(101.0)
    assert result.in_flight_max == 6
    assert result.failures == ("went wrong: refused",)
    assert [one.busy for one in result.processes] == [0.1, 0.3, 0.1]
    assert result.is_valid
    assert not result.is_interrupted


def test_sessions_of_several_processes_add_up() -> None:
    counts = SessionCounts(begun=10, ended=7, failed=1, under_way_at_start=2, under_way_max=5)
    part = PartResult(a_part([0.1]).tally, 10.0, 10, 0.1, 1, (), counts)
    together = load_result(a_plan(processes=2), [part, part]).sessions
    assert together == SessionCounts(begun=20, ended=14, failed=2, under_way_at_start=4, under_way_max=10)
    assert together.under_way_at_end == 2 * counts.under_way_at_end


def test_a_load_broken_off_has_the_rates_of_the_time_it_lasted() -> None:
    result = load_result(a_plan(), [a_part([0.01] * 100, lasted_s=2.0)])
    assert result.is_interrupted
    assert result.plan.duration_s == 2.0
    assert result.throughput_rps == pytest.approx(50.0)
    assert result.cpu_s == pytest.approx(0.2)


def test_a_load_broken_off_after_its_interval_lasted_as_planned_and_is_interrupted() -> None:
    whole = a_part([0.01] * 100)
    parts = [replace(whole, is_interrupted=True, abandoned=2, curtailed=1), replace(whole, abandoned=1)]
    result = load_result(a_plan(processes=2), parts)
    assert result.is_interrupted
    assert result.plan.duration_s == a_plan().duration_s
    assert (result.abandoned, result.curtailed) == (3, 1)


def test_sessions_refused_in_the_lead_in_are_a_fault() -> None:
    part = replace(a_part([0.01]), refused_before=2)
    (fault,) = load_result(a_plan(processes=2), [part, part]).faults
    assert fault.code == "lead-in-cap"
    assert fault.what.startswith("4 sessions were not begun")


def test_a_busy_process_and_what_the_cap_refused_make_the_result_invalid() -> None:
    result = load_result(a_plan(processes=2), [a_part([0.01], busy=0.9), a_part([0.01] * 3, error="cap")], cpus=8)
    assert [fault.code for fault in result.faults] == ["generator-busy", "in-flight-cap"]
    assert not result.is_valid


def test_a_closed_loop_has_no_offered_rate_and_is_late_only_when_its_alarm_was() -> None:
    tally = Tally(started_s=100.0, duration_s=10.0, timeout_s=2.0)
    tally.add(Observation("home", 100.0, 101.0, 101.0, 101.5, 200))
    part = PartResult(tally, 10.0, 1, 0.1, 1)
    assert load_result(a_plan(arrivals=None, concurrency=1), [part]).is_valid
    assert load_result(a_plan(arrivals=None, concurrency=1), [part]).offered_rate_rps is None
    assert [fault.code for fault in load_result(a_plan(), [part]).faults] == ["generator-late"]
    heard, late = Histogram(), Histogram()
    heard.record([0.001] * 100)
    late.record([0.001] * 98 + [0.050] * 2)
    parts = [replace(part, pulse=heard), replace(part, pulse=late)]
    result = load_result(a_plan(arrivals=None, concurrency=2, processes=2), parts)
    assert result.lateness.count == 200
    assert result.lateness.max_s == 0.050
    assert [one.lateness_p99_s for one in result.processes] == pytest.approx([0.001, 0.050], rel=0.001)
    assert [fault.code for fault in result.faults] == ["generator-late"]


@pytest.mark.parametrize(("status", "is_valid"), [(200, False), (500, True)])
def test_journeys_that_raise_spoil_a_load_unless_the_app_had_answered_with_an_error(
    status: int, is_valid: bool
) -> None:
    tally = Tally(started_s=100.0, duration_s=10.0, timeout_s=2.0)
    tally.add(Observation("home", 100.0, 100.0, 100.0, 100.1, status, "journey"))
    result = load_result(a_plan(), [PartResult(tally, 10.0, 1, 0.1, 1, ("home: journey: KeyError",))])
    assert result.is_valid is is_valid
