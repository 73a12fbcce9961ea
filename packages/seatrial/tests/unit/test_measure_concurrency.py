"""How many requests an app works on at once, against servers whose throughput is arithmetic."""

import pytest

from seatrial.measure.concurrency import CONCURRENCY_MAX, next_concurrency, slots_seen


def steps_on(throughput_rps):
    """All steps on a server that answers so many a second with so many inside."""
    seen = []
    while (concurrency := next_concurrency(seen)) is not None:
        seen.append((concurrency, throughput_rps(concurrency)))
    return seen


@pytest.mark.parametrize(("slots", "found"), [(1, 1), (2, 2), (3, 4), (4, 4), (40, 64)])
def test_slots_that_only_wait_are_found_to_the_next_power_of_two(slots, found):
    # Each slot is held for 50 ms: N inside are answered N / 50 ms times a second until all slots are taken.
    seen = steps_on(lambda inside: min(inside, slots) / 0.050)
    assert slots_seen(seen) == found
    assert seen[-1][0] == 2 * found


def test_a_server_that_slows_down_when_crowded_is_taken_at_its_best():
    assert slots_seen(steps_on(lambda inside: 100.0 * inside / (1.0 + (inside / 4.0) ** 2))) == 4


def test_noise_of_a_few_per_cent_is_no_growth():
    assert steps_on(lambda inside: 100.0 + inside) == [(1, 101.0), (2, 102.0)]


def test_a_server_without_a_limit_is_stopped_at_the_most_that_are_kept_inside():
    seen = steps_on(lambda inside: 20.0 * inside)
    assert seen[-1][0] == slots_seen(seen) == CONCURRENCY_MAX


def test_an_app_that_answers_nothing_ends_the_steps():
    assert steps_on(lambda _: 0.0) == [(1, 0.0)]
