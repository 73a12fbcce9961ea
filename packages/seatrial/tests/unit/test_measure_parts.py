"""The parts of a request's time, brought together by arithmetic."""

from dataclasses import replace

import pytest

from seatrial.measure.demands import InsideProfile
from seatrial.measure.measurement import OperationProfile, QueryProfile
from seatrial.measure.middleware import middleware_cost
from seatrial.measure.parts import with_parts

MS = 0.001

# 20 ms: 5 of the app, 2 of PostgreSQL, 3 for its disk, 4 for a lock, 5 for another service, 1 nobody knows.
ALONE = OperationProfile("page", 1.0, 40, 5 * MS, 2 * MS, 13 * MS, 20 * MS, 21 * MS, 0.1, 0.1)
INSIDE = InsideProfile(
    operation="page",
    requests=20,
    wall_s=18.5 * MS,
    cpu_s=4.5 * MS,
    elsewhere_s=5 * MS,
    answer_bytes=900.0,
    driver_wait_s=9 * MS,
    hold_s=10 * MS,
    rows=12.0,
    calls=6.0,
)
QUERIES = QueryProfile("page", 10, 1.0, 3.0, controls_per_request=2.0, statements_s=8 * MS, lock_wait_s=4 * MS)


def parts(found: OperationProfile) -> list[float | None]:
    return [found.database_wait_s, found.lock_wait_s, found.external_wait_s, found.unattributed_s]


def test_what_driver_server_and_middleware_say_adds_up_to_the_whole() -> None:
    (found,) = with_parts([ALONE], [QUERIES], [INSIDE])
    assert parts(found) == pytest.approx([3 * MS, 4 * MS, 5 * MS, 1 * MS])
    assert (found.connection_hold_s, found.rows, found.answer_bytes) == (10 * MS, 12.0, 900.0)
    assert found.round_trips == 5.0


def test_without_a_driver_that_can_be_timed_the_server_says_what_the_database_took() -> None:
    # All waiting happens in the app then: 14 ms of it, 8 of them at statements by the server's clock.
    inside = replace(INSIDE, elsewhere_s=14 * MS, driver_wait_s=None, hold_s=None, rows=None)
    (found,) = with_parts([ALONE], [replace(QUERIES, held_s=7 * MS)], [inside])
    assert parts(found) == pytest.approx([2 * MS, 4 * MS, 6 * MS, 1 * MS])
    assert found.connection_hold_s == 7 * MS


def test_a_server_that_cannot_be_looked_into_leaves_the_rest_unattributed() -> None:
    (found,) = with_parts([ALONE], [QUERIES], [])
    assert found.external_wait_s is None
    assert found.unattributed_s == pytest.approx((20 - 5 - 2 - 2 - 4) * MS)


def test_nothing_known_stays_unknown_and_is_never_a_zero() -> None:
    assert with_parts([ALONE], [], []) == (ALONE,)


def test_queries_of_an_operation_that_redirects_are_not_taken_for_those_of_its_first_request() -> None:
    (found,) = with_parts([ALONE], [replace(QUERIES, requests_per_arrival=2.0)], [])
    assert found == ALONE


def test_glances_never_see_more_waiting_for_locks_than_there_was_waiting() -> None:
    (found,) = with_parts([ALONE], [replace(QUERIES, lock_wait_s=9 * MS)], [INSIDE])
    assert parts(found)[:2] == pytest.approx([0.0, 7 * MS])


def test_the_middleware_costs_what_requests_with_it_cost_more_whatever_the_operation() -> None:
    seen = [
        (name, is_on, cpu_s + 0.02 * MS * is_on)
        for name, cpu_s in (("a", 2 * MS), ("b", 9 * MS))
        for is_on in (False, True)
        for _ in range(5)
    ]
    found = middleware_cost(seen)
    assert found is not None
    assert found.cost_s == pytest.approx(0.02 * MS)
    assert found.requests == 20


def test_the_operation_whose_cost_is_surest_says_most_about_the_middleware() -> None:
    # Standard errors of the differences: a 0.01 ms (variance of +-0.01 around the mean of four: 1.33e-10 / 4 each).
    steady = [
        ("a", is_on, 2 * MS + 0.02 * MS * is_on + d) for is_on in (False, True) for d in (1e-5, -1e-5, 1e-5, -1e-5)
    ]
    wild = [("b", is_on, 9 * MS + 1 * MS * is_on + d) for is_on in (False, True) for d in (1e-3, -1e-3, 1e-3, -1e-3)]
    found = middleware_cost([*steady, *wild])
    assert found is not None
    assert found.cost_s == pytest.approx((0.02 * 1e4 + 1.0) * MS / (1e4 + 1), rel=1e-6)
    assert found.error_s == pytest.approx((2 * 4e-10 / 3 / 4 / 1.0001) ** 0.5, rel=1e-3)


def test_too_few_requests_tell_no_cost_of_the_middleware() -> None:
    assert middleware_cost([("a", True, 1.0), ("a", False, 1.0)]) is None
