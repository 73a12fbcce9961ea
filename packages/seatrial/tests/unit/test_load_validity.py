"""When a load says nothing about the subject: each reason with what to do about it."""

import re

import pytest

from seatrial.load.generator.self_check import SelfCheck
from seatrial.load.generator.validity import Fault, generator_faults, journey_fault, lateness_limit_s

CHECK = SelfCheck(ceiling_rps=20_000, requests_per_cpu_s=20_000, lateness_p50_s=0.0001, lateness_p99_s=0.0005)


def only(faults: tuple[Fault, ...]) -> Fault:
    assert len(faults) == 1, faults
    return faults[0]


def test_a_punctual_and_idle_generator_has_nothing_to_say() -> None:
    assert generator_faults(lateness_p99_s=0.001, busy=[0.5, 0.75], offered_rate_rps=1e6, self_check=CHECK) == ()


@pytest.mark.parametrize(
    ("objective_s", "limit_s"), [(None, 0.005), (2.0, 0.005), (0.5, 0.005), (0.1, 0.005), (0.05, 0.0025), (0.02, 0.001)]
)
def test_how_late_it_may_be_follows_the_objective_and_is_never_more_than_5_ms(
    objective_s: float | None, limit_s: float
) -> None:
    assert lateness_limit_s(objective_s) == pytest.approx(limit_s)
    exactly = generator_faults(lateness_p99_s=limit_s, busy=[0.1], latency_max_s=objective_s)
    above = generator_faults(lateness_p99_s=limit_s * 1.01, busy=[0.1], latency_max_s=objective_s)
    assert exactly == ()
    assert only(above).code == "generator-late"


def test_a_late_generator_with_an_idle_cpu_was_kept_from_it_by_others() -> None:
    late = only(generator_faults(lateness_p99_s=0.012, busy=[0.2], offered_rate_rps=100, cpus=8, self_check=CHECK))
    assert "12.0 ms" in late.what
    assert "close other programs" in late.try_this
    assert "--processes" not in late.try_this


def test_a_busy_generator_is_told_to_share_the_load_where_there_are_cpus_for_it() -> None:
    busy = only(generator_faults(lateness_p99_s=0.001, busy=[0.9], offered_rate_rps=10_000, cpus=4))
    assert busy.code == "generator-busy"
    assert "90%" in busy.what
    assert "--processes 2" in busy.try_this
    # 10,000/s at 90 % of a CPU are 8,333/s at 75 %, told as two digits.
    assert "8,300/s" in busy.try_this


def test_on_two_cpus_another_process_would_take_the_cpu_of_the_app() -> None:
    busy = only(generator_faults(lateness_p99_s=0.001, busy=[0.9], offered_rate_rps=10_000, cpus=2))
    assert busy.try_this.startswith("Offer 8,300/s or less")
    assert "more CPUs" in busy.try_this


def test_the_busiest_of_several_processes_is_named() -> None:
    busy = only(generator_faults(lateness_p99_s=0.001, busy=[0.2, 0.8, 0.3], offered_rate_rps=100, cpus=8))
    assert "Process 2 of the generator's 3" in busy.what
    assert "--processes 4" in busy.try_this


def test_a_rate_above_the_ceiling_is_told_with_the_processes_that_it_takes() -> None:
    faults = generator_faults(lateness_p99_s=0.4, busy=[1.0], offered_rate_rps=45_000, cpus=16, self_check=CHECK)
    assert [fault.code for fault in faults] == ["generator-late", "generator-busy", "generator-ceiling"]
    assert "45,000/s were offered" in faults[2].what
    assert "20,000/s" in faults[2].what
    # 45,000/s at 75 % of 20,000/s each.
    assert all("--processes 3" in fault.try_this for fault in faults)


def test_what_was_seen_decides_and_not_what_the_self_check_expected() -> None:
    # A neighbour may have disturbed the self-check; the load itself went well.
    assert generator_faults(lateness_p99_s=0.001, busy=[0.6], offered_rate_rps=30_000, self_check=CHECK) == ()


def test_what_the_cap_refused_is_told_with_the_connections_that_are_enough() -> None:
    capped = only(
        generator_faults(
            lateness_p99_s=0.001, busy=[0.1], offered_rate_rps=200, refused_by_cap=1234, in_flight_max=8, timeout_s=10
        )
    )
    assert capped.code == "in-flight-cap"
    assert "1,234 requests were not sent because 8 " in capped.what
    assert "--connections 2000" in capped.try_this


def test_a_busy_closed_loop_is_told_to_offer_less() -> None:
    busy = only(generator_faults(lateness_p99_s=0.001, busy=[0.99], cpus=2))
    assert busy.code == "generator-busy"
    assert "Offer less load" in busy.try_this


def test_a_closed_loop_that_waits_for_its_cpu_is_starved_and_one_beside_a_busy_app_is_not() -> None:
    # Both were seen: two workers that spin on two CPUs, and a busy loop on the CPU of a generator at its ceiling.
    assert generator_faults(lateness_p99_s=0.0031, busy=[0.06], waited=[0.20]) == ()
    starved = only(generator_faults(lateness_p99_s=0.0045, busy=[0.2, 0.44], waited=[0.1, 0.45], cpus=2))
    assert starved.code == "generator-starved"
    assert "Process 2 of the generator's 2 used 44% of a CPU, and for another 45% of the time it waited" in starved.what
    assert "close other programs" in starved.try_this
    assert "Offer less load" in starved.try_this
    # What it took is the sum: 30 % and 45 % are not above 75 %.
    assert generator_faults(lateness_p99_s=0.0045, busy=[0.30], waited=[0.45]) == ()


def test_a_closed_loop_that_comes_late_to_its_work_is_told_so_once() -> None:
    late = only(generator_faults(lateness_p99_s=0.0088, busy=[0.3], waited=[0.6]))
    assert late.code == "generator-late"
    assert "1 in 100 times the generator came 8.8 ms late or more to its work (limit 5 ms)" in late.what


def test_a_schedule_that_was_kept_while_waiting_for_a_cpu_was_kept() -> None:
    assert generator_faults(lateness_p99_s=0.004, busy=[0.3], waited=[0.6], offered_rate_rps=1000) == ()
    late = only(generator_faults(lateness_p99_s=0.4, busy=[0.5], waited=[0.5], offered_rate_rps=300, cpus=2))
    # Nobody knows which of the two is too much: what the others take, or what is asked of it.
    assert "close other programs" in late.try_this
    assert "Offer 220/s or less" in late.try_this


def test_every_reason_is_made_of_whole_sentences() -> None:
    faults = generator_faults(
        lateness_p99_s=9.0, busy=[1.0, 1.0], offered_rate_rps=1e5, refused_by_cap=1, in_flight_max=1, self_check=CHECK
    )
    raised = journey_fault(5, 10, [])
    assert raised is not None
    for fault in (*faults, raised):
        assert re.fullmatch(r"[A-Z0-9].*\. [A-Z].*\.", str(fault)), str(fault)


def test_journeys_that_often_raise_make_another_load_than_the_declared_one() -> None:
    words = [
        "home, step 1: status: got 500",
        "buy, step 3, person 7, status 200: journey: KeyError: 'total' (j.py, line 9)",
    ]
    assert journey_fault(0, 0, words) is None
    assert journey_fault(10, 1000, words) is None
    raised = journey_fault(11, 1000, words)
    assert raised is not None
    assert raised.code == "journey-raised"
    assert "person 7" in raised.what
    assert "j.py, line 9" in raised.what
