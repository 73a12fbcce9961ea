"""Workers that have nothing to do while requests wait for others."""

import pytest

from seatrial.measure.evenness import idle_workers, idle_workers_caveat, worker_shares


def test_the_shares_are_of_the_workers_alone_and_the_largest_comes_first():
    first = {10: 5.0, 11: 1.0, 12: 1.0, 13: 9.0}
    last = {10: 5.001, 11: 2.0, 12: 4.0, 13: 9.0}
    shares = worker_shares(first, last, 3)
    assert shares == pytest.approx((3.0 / 4.001, 1.0 / 4.001, 0.001 / 4.001))
    assert idle_workers(shares) == 1


@pytest.mark.parametrize(
    ("first", "last", "workers"),
    [
        pytest.param({1: 0.0}, {1: 1.0}, 1, id="one worker"),
        pytest.param({1: 0.0, 2: 0.0}, {1: 1.0, 2: 1.0}, 3, id="fewer processes than workers"),
        pytest.param({1: 1.0, 2: 1.0}, {1: 1.0, 2: 1.0}, 2, id="nobody did anything"),
        pytest.param({}, {}, 2, id="nothing was read"),
        pytest.param({1: 0.0, 2: 0.0}, {1: 1.0, 3: 1.0}, 2, id="one was replaced meanwhile"),
    ],
)
def test_where_they_cannot_be_told_apart_nothing_is_said(first, last, workers):
    assert worker_shares(first, last, workers) == ()
    assert idle_workers_caveat(()) == ()


def test_it_is_said_how_many_of_how_many_are_idle_and_what_to_do():
    (caveat,) = idle_workers_caveat((0.6, 0.39, 0.01, 0.0))
    assert caveat.code == "idle-workers"
    assert caveat.text.startswith("2 of 4 workers had next to nothing to do while requests waited for others")
    assert "threads" in caveat.next_step


def test_uneven_is_not_idle():
    assert idle_workers_caveat((0.7, 0.25, 0.05)) == ()
