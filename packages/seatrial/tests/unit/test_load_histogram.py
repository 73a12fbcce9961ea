import math
import random

import pytest

from seatrial.load.histogram import TwoClockHistogram, quantile, response_times_s
from seatrial.load.observation import Observation


def _seen(due_s: float, sent_s: float, done_s: float, error: str = "") -> Observation:
    return Observation("home", due_s, sent_s, sent_s, done_s, 200, error)


@pytest.mark.parametrize(
    ("q", "expected"), [(0, 1), (0.01, 1), (0.5, 50), (0.501, 51), (0.95, 95), (0.99, 99), (0.999, 100), (1, 100)]
)
def test_quantiles_of_one_to_a_hundred(q: float, expected: float) -> None:
    assert quantile([float(value) for value in range(1, 101)], q) == expected


def test_the_quantile_of_nothing_is_not_a_number() -> None:
    assert math.isnan(quantile([], 0.95))


def test_a_quantile_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile([1.0], 95)


def test_wrong_answers_are_slower_than_any_limit() -> None:
    seen = [_seen(0, 0, 0.2), _seen(0, 0, 0.001, "status"), _seen(1, 1, 1.1)]
    assert response_times_s(seen) == pytest.approx([0.1, 0.2, math.inf])


def test_both_clocks_agree_with_exact_quantiles_within_a_thousandth() -> None:
    rng = random.Random(1)
    histogram = TwoClockHistogram()
    seen = []
    for index in range(5000):
        due_s, late_s, service_s = index * 0.01, rng.expovariate(100), rng.lognormvariate(-4, 1)
        seen.append(_seen(due_s, due_s + late_s, due_s + late_s + service_s))
        histogram.record(seen[-1])
    from_due = sorted(one.response_time_s for one in seen)
    from_sent = sorted(one.done_s - one.sent_s for one in seen)
    for q in (0.5, 0.95, 0.99, 0.999):
        assert histogram.quantile_from_due_s(q) == pytest.approx(quantile(from_due, q), rel=0.0015)
        assert histogram.quantile_from_sent_s(q) == pytest.approx(quantile(from_sent, q), rel=0.0015)


def test_merged_histograms_equal_one_that_saw_everything() -> None:
    whole, first, second = TwoClockHistogram(), TwoClockHistogram(), TwoClockHistogram()
    for index in range(1, 1001):
        seen = _seen(0, 0.0001, index / 1000, "" if index % 10 else "timeout")
        whole.record(seen)
        (first if index % 2 else second).record(seen)
    first.merge(second)
    assert first.count == whole.count == 1000
    assert first.failed == whole.failed == 100
    assert first.quantile_from_due_s(0.95) == whole.quantile_from_due_s(0.95) == pytest.approx(0.95, rel=0.001)


def test_times_beyond_an_hour_count_as_an_hour() -> None:
    histogram = TwoClockHistogram()
    histogram.record(_seen(0, 0, 90_000))
    assert histogram.quantile_from_due_s(1.0) == pytest.approx(3600, rel=0.001)
