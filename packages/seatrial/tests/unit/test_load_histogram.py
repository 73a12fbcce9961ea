"""Quantiles and the histogram, against numpy and the HdrHistogram of another author."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from seatrial.load.books.histogram import Histogram, quantile, response_times_s
from seatrial.load.books.observation import Observation

TIMES = st.floats(min_value=1e-6, max_value=3600, allow_subnormal=False) | st.floats(min_value=1e-6, max_value=0.01)


def _seen(due_s: float, sent_s: float, done_s: float, error: str = "") -> Observation:
    return Observation("home", due_s, sent_s, sent_s, done_s, 200, error)


def _histogram(times_s: list[float]) -> Histogram:
    histogram = Histogram()
    histogram.record(times_s)
    return histogram


@pytest.mark.parametrize(
    ("q", "expected"), [(0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.95, 95), (0.99, 99), (0.999, 100), (1, 100)]
)
def test_quantiles_of_one_to_a_hundred(q: float, expected: float) -> None:
    assert quantile([float(value) for value in range(1, 101)], q) == expected
    assert _histogram([float(value) for value in range(1, 101)]).quantile_s(q) == pytest.approx(expected, rel=0.001)


def test_the_quantile_of_nothing_is_not_a_number() -> None:
    assert math.isnan(quantile([], 0.95))
    assert math.isnan(Histogram().quantile_s(0.95))
    assert math.isnan(_histogram([]).quantile_s(0.95))


def test_a_quantile_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile([1.0], 95)
    with pytest.raises(ValueError, match="between 0 and 1"):
        _histogram([1.0]).quantile_s(95)


def test_wrong_answers_are_slower_than_any_limit() -> None:
    seen = [_seen(0, 0, 0.2), _seen(0, 0, 0.001, "status"), _seen(1, 1, 1.1)]
    assert response_times_s(seen) == pytest.approx([0.1, 0.2, math.inf])


@given(st.lists(TIMES, min_size=1, max_size=300), st.floats(min_value=0, max_value=1))
def test_every_quantile_is_within_a_thousandth_of_the_exact_one(times_s: list[float], q: float) -> None:
    exact_s = float(np.quantile(times_s, q, method="inverted_cdf"))
    assert _histogram(times_s).quantile_s(q) == pytest.approx(exact_s, rel=0.001, abs=1e-6)


def test_quantiles_of_a_hundred_thousand_times_agree_with_numpy() -> None:
    times_s = np.random.default_rng(1).lognormal(-4, 1.5, 100_000)
    histogram = _histogram(times_s.tolist())
    qs = (0.001, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0)
    exact_s = np.quantile(times_s, qs, method="inverted_cdf")
    assert histogram.quantiles_s(*qs) == pytest.approx(exact_s.tolist(), rel=0.001, abs=1e-6)
    assert histogram.max_s == histogram.quantile_s(1.0) == times_s.max()
    assert histogram.count == 100_000


@given(st.lists(st.integers(min_value=0, max_value=3_600_000_000), min_size=1, max_size=50))
def test_it_has_the_buckets_of_an_hdr_histogram_of_three_digits(microseconds: list[int]) -> None:
    theirs = HdrHistogram(1, 3_600_000_000, 3)
    for us in microseconds:
        assert theirs.record_value(us)
    # Half a microsecond more, so that the way through seconds cannot round down to the one before.
    ours = _histogram([(us + 0.5) / 1e6 for us in microseconds])
    assert {i: n for i, n in enumerate(ours.counts) if n} == {i: n for i, n in enumerate(theirs.counts) if n}
    longest_us = theirs.get_highest_equivalent_value(max(microseconds))
    # Theirs gives a bucket's end; here no quantile is longer than the longest time seen.
    assert ours.quantile_s(1.0) == pytest.approx(min(longest_us / 1e6, ours.max_s), abs=1e-6)


def test_buckets_meet_without_a_gap_from_a_microsecond_to_an_hour() -> None:
    edges_us = [1, 2, 2046, 2047, 2048, 2049, 4095, 4096, 1_000_000, 59_999_999, 3_599_999_999]
    for low, high in pairwise(edges_us):
        histogram = _histogram([(low + 0.5) / 1e6, (high + 0.5) / 1e6])
        assert histogram.quantile_s(0.5) == pytest.approx(low / 1e6, rel=0.001)
        assert histogram.quantile_s(1.0) == pytest.approx(high / 1e6, rel=0.001, abs=1e-6)


@given(st.lists(TIMES, max_size=100), st.lists(TIMES, max_size=100))
def test_merged_histograms_equal_one_that_saw_everything(some: list[float], more: list[float]) -> None:
    merged = _histogram(some)
    merged.merge(_histogram(more))
    assert merged == _histogram([*some, *more])


def test_times_beyond_an_hour_count_as_an_hour_and_the_longest_stays_exact() -> None:
    histogram = _histogram([90_000.0, 1e12])
    assert histogram.quantile_s(0.5) == pytest.approx(3600, rel=0.001)
    assert histogram.max_s == 1e12


def test_a_clock_that_steps_back_counts_as_no_time_at_all() -> None:
    assert _histogram([-0.5]).counts[0] == 1
