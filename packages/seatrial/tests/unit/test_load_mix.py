import itertools
import statistics
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.errors import LoadError
from seatrial.load import mix

MIX = {"home": 50, "profile": 30, "write": 15, "search": 5}


def test_every_block_has_the_exact_shares() -> None:
    names = tuple(mix.stratified(MIX, 200, seed=1))
    for start in range(0, 200, mix.BLOCK):
        assert Counter(names[start : start + mix.BLOCK]) == {"home": 10, "profile": 6, "write": 3, "search": 1}


def test_the_order_inside_a_block_is_shuffled_by_the_seed() -> None:
    names = tuple(mix.stratified(MIX, 60, seed=1))
    assert names == tuple(mix.stratified(MIX, 60, seed=1))
    assert names != tuple(mix.stratified(MIX, 60, seed=2))
    assert names[:20] != names[20:40]


@pytest.mark.parametrize(
    ("weights", "count", "expected"),
    [
        ({"a": 1}, 3, {"a": 3}),
        ({"a": 1, "b": 1}, 10, {"a": 5, "b": 5}),
        ({"a": 0.1, "b": 0.9}, 20, {"a": 2, "b": 18}),
        ({"a": 1, "b": 2}, 300, {"a": 100, "b": 200}),
        ({"a": 1, "b": 99}, 1000, {"a": 10, "b": 990}),
        ({"a": 1, "b": 0}, 5, {"a": 5}),
        ({"a": 3, "b": 1}, 0, {}),
    ],
)
def test_shares_are_those_worked_out_by_hand(weights: dict[str, float], count: int, expected: dict[str, int]) -> None:
    assert Counter(mix.stratified(weights, count, seed=4)) == expected


@settings(deadline=None)
@given(
    weights=st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.floats(0.001, 100), min_size=1, max_size=12),
    blocks=st.integers(1, 30),
    rest=st.integers(0, mix.BLOCK - 1),
)
def test_every_operation_stays_within_two_of_its_share(weights: dict[str, float], blocks: int, rest: int) -> None:
    count = blocks * mix.BLOCK + rest
    names = tuple(mix.stratified(weights, count, seed=1))
    assert len(names) == count
    total = sum(weights.values())
    for upto in (*range(mix.BLOCK, count + 1, mix.BLOCK), count):
        seen = Counter(names[:upto])
        for name, weight in weights.items():
            assert abs(seen[name] - upto * weight / total) < 2


def test_the_endless_mix_begins_like_the_counted_one() -> None:
    assert tuple(itertools.islice(mix.endless(MIX, seed=9), 40)) == tuple(mix.stratified(MIX, 40, seed=9))


@pytest.mark.parametrize("weights", [{}, {"a": 0}, {"a": -1, "b": 2}, {"a": float("nan")}, {"a": float("inf")}])
def test_weights_that_cannot_be_shares_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(LoadError, match="workload mix"):
        mix.stratified(weights, 10, seed=1)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(LoadError, match="negative"):
        mix.stratified({"a": 1}, -1, seed=1)


def test_independent_draws_have_the_shares_only_in_the_long_run() -> None:
    names = list(itertools.islice(mix.independent(MIX, seed=3), 20_000))
    assert names[:100] == list(itertools.islice(mix.independent(MIX, seed=3), 100))
    assert names[:100] != list(itertools.islice(mix.independent(MIX, seed=4), 100))
    total = sum(MIX.values())
    for name, weight in MIX.items():
        share = weight / total
        # Five standard deviations of a binomial count.
        assert abs(names.count(name) - 20_000 * share) < 5 * (20_000 * share * (1 - share)) ** 0.5
    # Of "write", 3 of 20 on average, with the variance of a binomial count, 2.55; stratified blocks have none.
    counts = [names[start : start + 20].count("write") for start in range(0, 20_000, 20)]
    assert statistics.variance(counts) == pytest.approx(20 * 0.15 * 0.85, rel=0.25)


def test_a_block_as_long_as_a_trial_has_exact_shares_and_clumps_as_if_each_were_drawn() -> None:
    names = list(itertools.islice(mix.endless(MIX, 5, 20_000), 20_000))
    assert Counter(names) == {"home": 10_000, "profile": 6_000, "write": 3_000, "search": 1_000}
    # Within it 20 in a row are drawn without putting back: the binomial variance, 2.55, less a thousandth.
    counts = [names[start : start + 20].count("write") for start in range(0, 20_000, 20)]
    assert statistics.variance(counts) == pytest.approx(20 * 0.15 * 0.85, rel=0.25)
