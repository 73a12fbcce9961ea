import itertools
import math
import statistics

import pytest

from seatrial.errors import LoadError
from seatrial.load import arrivals


@pytest.mark.parametrize(
    ("rate_rps", "duration_s", "expected"),
    [
        (1, 3, (0.0, 1.0, 2.0)),
        (4, 1, (0.0, 0.25, 0.5, 0.75)),
        (2, 0.75, (0.0, 0.5)),
        (0.5, 1, (0.0,)),
        (10, 0.3, (0.0, 0.1, 0.2)),
    ],
)
def test_constant_arrivals_are_evenly_spaced(rate_rps: float, duration_s: float, expected: tuple[float, ...]) -> None:
    assert arrivals.constant(rate_rps, duration_s) == pytest.approx(expected)


def test_constant_arrivals_do_not_drift_over_an_hour() -> None:
    due_s = arrivals.constant(300, 3600)
    assert len(due_s) == 300 * 3600
    assert due_s[-1] == pytest.approx(3600 - 1 / 300, abs=1e-9)


def test_poisson_arrivals_ascend_and_stay_inside_the_duration() -> None:
    due_s = arrivals.poisson(50, 10, seed=7)
    assert list(due_s) == sorted(due_s)
    assert due_s[0] >= 0
    assert due_s[-1] < 10


def test_the_same_seed_gives_the_same_arrivals_and_another_seed_others() -> None:
    assert arrivals.poisson(50, 10, seed=7) == arrivals.poisson(50, 10, seed=7)
    assert arrivals.poisson(50, 10, seed=7) != arrivals.poisson(50, 10, seed=8)


def test_poisson_gaps_are_exponential() -> None:
    # Kolmogorov-Smirnov against 1 - exp(-rate x): the 1 % critical value is 1.63 / sqrt(n). Even gaps are 0.63 away.
    rate_rps = 100.0
    due_s = arrivals.poisson(rate_rps, 100, seed=3)
    gaps_s = sorted(later - earlier for earlier, later in itertools.pairwise(due_s))
    count = len(gaps_s)
    theory = [1 - math.exp(-rate_rps * gap_s) for gap_s in gaps_s]
    distance = max(max((index + 1) / count - one, one - index / count) for index, one in enumerate(theory))
    assert distance < 1.63 / math.sqrt(count)


def test_poisson_counts_vary_as_much_as_their_mean() -> None:
    # Index of dispersion of counts in 1 s windows: 1 for Poisson, 0 for even spacing; its standard error here is
    # sqrt(2 / 399) = 0.07.
    due_s = arrivals.poisson(50, 400, seed=5)
    counts = [0] * 400
    for at_s in due_s:
        counts[int(at_s)] += 1
    assert statistics.mean(counts) == pytest.approx(50, rel=0.03)
    assert statistics.variance(counts) / statistics.mean(counts) == pytest.approx(1.0, abs=0.25)


def test_poisson_arrivals_of_exact_rate_are_as_many_as_said_with_exponential_gaps() -> None:
    due_s = arrivals.poisson_of_exact_rate(50, 100, seed=3)
    assert len(due_s) == 5000
    assert list(due_s) == sorted(due_s)
    assert 0 <= due_s[0] <= due_s[-1] < 100
    gaps = [later - sooner for sooner, later in itertools.pairwise(due_s)]
    # Exponential: mean 20 ms, and as many gaps above t as exp(-t / 20 ms); 1.4 % is two standard deviations of 5,000.
    for limit_s in (0.005, 0.02, 0.06):
        share = sum(gap > limit_s for gap in gaps) / len(gaps)
        assert share == pytest.approx(math.exp(-limit_s / 0.02), abs=0.014)


@pytest.mark.parametrize(
    "make",
    [
        arrivals.constant,
        lambda rate, duration: arrivals.poisson(rate, duration, 1),
        lambda rate, duration: arrivals.poisson_of_exact_rate(rate, duration, 1),
    ],
)
@pytest.mark.parametrize(
    ("rate_rps", "duration_s"),
    [(0, 1), (-1, 1), (1, 0), (1, -1), (math.inf, 1), (1, math.inf), (math.nan, 1), (1, math.nan), (1e6, 3600)],
)
def test_a_schedule_that_cannot_be_is_refused(make, rate_rps: float, duration_s: float) -> None:
    with pytest.raises(LoadError, match="arrival"):
        make(rate_rps, duration_s)
