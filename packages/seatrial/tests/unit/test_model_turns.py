"""On an event loop each answer of the database is waited for, and then the loop. The truth is arithmetic."""

from dataclasses import replace

import pytest

from seatrial.advise.estimate import demands_under_load, estimates
from seatrial.measure.measurement import OperationProfile
from seatrial.model.box import Box
from seatrial.model.queueing import OperationDemand, System, simulate_open
from seatrial.model.route import TURNS_MAX, _turns
from seatrial.model.work import draw_work

LOOP = System(1, 1000, 1.0, database_cpus=1.0, round_trip_s=0.002, kind="event-loop", pool=5)

PAGE = OperationDemand(
    "page", 1.0, app_cpu_s=0.004, database_cpu_s=0.002, cpu_scv=0.0, round_trips=4.0, held_app_share=0.6
)


def test_alone_a_request_takes_as_long_whether_it_has_one_turn_or_many():
    for trips in (1.0, 4.0):
        work = draw_work([replace(PAGE, round_trips=trips)], 1, seed=1)
        box = Box(work, LOOP)
        box.run_arrivals([0.0])
        assert box.left_s == pytest.approx([0.004 + 0.002 + trips * 0.002])
        # Held from the first statement to the end of the last one; what the app does after the only one is held, too.
        assert box.held_s(0) == pytest.approx(0.004 * 0.6 + 0.002 + trips * 0.002)


def test_who_waits_for_a_statement_has_lost_the_loop_to_who_came_meanwhile():
    """0.8 ms of app CPU before, between and after four statements of 2.5 ms. At 5 ms, in the second, somebody comes who
    keeps the loop for 20: the answer of 6.6 waits until 25, and the connection is held for as much longer."""
    long = OperationDemand("long", 1.0, app_cpu_s=0.020, cpu_scv=0.0)
    works = (draw_work([PAGE, long], 2, seed) for seed in range(20))
    box = Box(next(work for work in works if list(work.operations) == [0, 1]), LOOP)
    box.run_arrivals([0.0, 0.005])
    assert box.left_s == pytest.approx([0.0324, 0.025])
    assert box.held_s(0) == pytest.approx(0.0308)


def test_no_more_turns_are_simulated_than_cost_little():
    assert _turns(replace(PAGE, round_trips=40.0)) == TURNS_MAX
    assert _turns(replace(PAGE, round_trips=0.0)) == 1
    assert _turns(replace(PAGE, blocks_loop=True)) == 1
    assert _turns(replace(PAGE, runs_in="thread")) == 1


def test_threads_have_no_turns():
    threads = replace(LOOP, kind="threads", threads=4)
    one, four = (
        simulate_open([replace(PAGE, round_trips=trips)], replace(threads, round_trip_s=0.008 / trips), 80.0, 5_000, 1)
        for trips in (1.0, 4.0)
    )
    assert four.response_times_s == pytest.approx(one.response_times_s)


def test_where_it_was_not_seen_how_long_a_connection_is_held_the_cpu_lies_evenly_between_statements():
    """Four statements make five stretches of the app's CPU, three of them with the connection in hand."""
    profile = OperationProfile("hotel", 1.0, 40, 0.005, 0.001, 0.0, 0.006, 0.007, 0.1, 0.1, round_trips=4.0)
    assert demands_under_load([profile], [], LOOP)[0].held_app_share == pytest.approx(3 / 5)
    threads = replace(LOOP, kind="threads", threads=4)
    assert demands_under_load([profile], [], threads)[0].held_app_share == 0.0
    once = replace(profile, round_trips=1.0)
    assert demands_under_load([once], [], LOOP)[0].held_app_share == 0.0


def test_an_open_overload_of_a_loop_takes_nothing_from_its_estimate(a_study):
    study = a_study()
    seen = [m for m in study.measurements if m.run == 1]
    # Twice what it can do came, and half of what it can do was answered: whoever comes takes the loop from the others.
    half = [replace(m, throughput_rps=60.0) if m.label == "confirm high" else m for m in seen]
    server = replace(study.spec.subject.server, worker_class="asgi")
    spec = replace(study.spec, subject=replace(study.spec.subject, server=server))
    assert estimates(study.operations, [half], spec)[0].saturated_rps == pytest.approx(123.0)
    assert estimates(study.operations, [half], study.spec)[0].saturated_rps < 115.0
