"""Regression over windows: against costs that the windows were made from, and against ones that cannot be told."""

import random

import pytest

from seatrial.measure.measurement import OperationProfile
from seatrial.measure.regression import Regressed, regress
from seatrial.measure.windows import Window, regressed

COSTS = (0.004, 0.010, 0.025)


def windows(count: int, seed: int = 1) -> list[list[float]]:
    """One operation after the other is most of a window."""
    chance = random.Random(seed)
    return [[chance.randint(0, 5) + (20 if number % 3 == i else 0) for i in range(3)] for number in range(count)]


def cpu(counts: list[list[float]], noise_s: float = 0.0, seed: int = 2) -> list[float]:
    chance = random.Random(seed)
    return [
        sum(n * cost for n, cost in zip(row, COSTS, strict=True)) + chance.gauss(0.0, noise_s) * sum(row) ** 0.5
        for row in counts
    ]


def test_windows_made_from_three_costs_give_these_costs_back() -> None:
    counts = windows(12)
    found = regress(counts, cpu(counts))
    assert [one.cost_s for one in found] == pytest.approx(COSTS, rel=1e-6)


def test_two_errors_hold_the_truth_in_about_95_of_100_regressions() -> None:
    # 300 estimates; for a true 95 % the standard deviation of the share is 1.3 points, and t with 15 degrees of
    # freedom puts 2 errors at 93.6 %.
    inside = []
    for seed in range(100):
        counts = windows(18, seed)
        for one, cost in zip(regress(counts, cpu(counts, 0.002, seed + 1000)), COSTS, strict=True):
            assert one.cost_s is not None
            assert one.error_s is not None
            inside.append(abs(one.cost_s - cost) <= 2.0 * one.error_s)
    assert 0.89 <= sum(inside) / len(inside) <= 0.98


def test_counts_that_rise_and_fall_together_tell_nothing() -> None:
    counts = [[4.0 * k, 2.0 * k] for k in range(1, 20)]
    assert regress(counts, [0.01 * k for k in range(1, 20)]) == (Regressed(None, None),) * 2


def test_an_operation_too_rare_to_be_seen_through_the_noise_gets_no_number_and_the_others_do() -> None:
    counts = [[20.0 + number % 7, float(number == 3)] for number in range(30)]
    chance = random.Random(5)
    seconds = [0.01 * often + 0.004 * rare + chance.gauss(0.0, 0.02) for often, rare in counts]
    often, rare = regress(counts, seconds)
    assert often.cost_s == pytest.approx(0.01, rel=0.1)
    assert rare == Regressed(None, None)


def test_no_cost_is_negative_and_one_held_at_zero_is_not_told() -> None:
    counts = [[10.0, float(number % 4)] for number in range(20)]
    first, second = regress(counts, [0.1 - 0.001 * row[1] for row in counts])
    assert first.cost_s is not None
    assert second == Regressed(None, None)


@pytest.mark.parametrize("count", [0, 3, 7])
def test_hardly_more_windows_than_operations_tell_nothing(count: int) -> None:
    counts = windows(count)
    assert all(one.cost_s is None for one in regress(counts, cpu(counts)))


def test_an_operation_and_the_redirect_that_always_follows_are_told_together() -> None:
    # Posting costs 9 ms and the page after it 3 ms; windows at whose edges one of the two is missing are few.
    chance = random.Random(3)
    windows = []
    for number in range(24):
        posts, reads = (12, 2) if number % 2 else (1, 20)
        reads += chance.randint(0, 3)
        after = posts - (number == 5)
        answered = {"post": posts, "post (redirect)": after, "read": reads}
        windows.append(Window(0.009 * posts + 0.003 * after + 0.005 * reads, answered))
    profiles = [
        OperationProfile(name, 1 / 3, 10, cpu_s, 0.0, 0.0, cpu_s, cpu_s, 0.0, 0.0)
        for name, cpu_s in (("post", 0.009), ("post (redirect)", 0.003), ("read", 0.005))
    ]
    post, read = regressed(windows, profiles)
    assert (post.operation, read.operation) == ("post + post (redirect)", "read")
    assert (post.alone_s, read.alone_s) == pytest.approx((0.012, 0.005))
    assert post.regressed_s == pytest.approx(0.012, rel=0.02)
    assert read.regressed_s == pytest.approx(0.005, rel=0.02)
