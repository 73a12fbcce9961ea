"""Due times without a clock. Statistical bounds come from theory; all seeds are fixed."""

import itertools
import math
import pickle
import statistics
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import LoadError
from seatrial.load.arrivals.day import Day
from seatrial.load.arrivals.profile import Profile
from seatrial.load.arrivals.recorded import Recorded
from seatrial.load.arrivals.shapes import Arrivals, Constant, Part, Poisson

SHAPES = (
    Constant(40),
    Poisson(40),
    Profile(((0, 10), (5, 70), (5, 20), (10, 20))),
    Profile(((0, 10), (5, 70), (5, 20), (10, 20)), "constant"),
    Day(60, 3, day_s=10),
    Day(60, 3, day_s=10, spacing="constant"),
    Recorded([number**1.2 / 50 for number in range(400)]),
)
EVEN = tuple(
    shape
    for shape in SHAPES
    if isinstance(shape, Constant | Recorded) or (isinstance(shape, Profile | Day) and shape.spacing == "constant")
)

rates = st.floats(0.01, 2000)
profiles = st.builds(
    lambda gaps, rates, spacing: Profile(tuple(zip(itertools.accumulate((0.0, *gaps)), rates, strict=False)), spacing),
    st.lists(st.sampled_from([0.0, 0.25, 1.0, 3.0]), min_size=5, max_size=5).filter(
        lambda gaps: not any(a == b == 0 for a, b in itertools.pairwise(gaps))
    ),
    st.lists(st.one_of(st.just(0.0), st.floats(0.5, 300)), min_size=6, max_size=6).filter(any),
    st.sampled_from(["poisson", "constant"]),
)
anything = st.one_of(
    st.builds(Constant, rates),
    st.builds(Poisson, rates),
    profiles,
    st.builds(Day, st.floats(1, 300), st.floats(1, 12), st.floats(0, 23.99), st.floats(1, 20)),
    st.builds(Recorded, st.lists(st.floats(0, 30), min_size=1, max_size=60).map(sorted), st.floats(0.1, 10)),
)


def distance(sample: Iterable[float]) -> float:
    """Kolmogorov and Smirnov's between a sample and the uniform distribution, in units of 1 / sqrt(n)."""
    ordered = sorted(sample)
    count = len(ordered)
    steps = (max((index + 1) / count - one, one - index / count) for index, one in enumerate(ordered))
    return max(steps) * math.sqrt(count)


def the_gaps(offsets: Iterable[float]) -> list[float]:
    return [later - sooner for sooner, later in itertools.pairwise(offsets)]


@pytest.mark.parametrize(
    ("arrivals", "duration_s", "expected"),
    [
        (Constant(1), 3, [0, 1, 2]),
        (Constant(4), 1, [0, 0.25, 0.5, 0.75]),
        (Constant(2), 0.75, [0, 0.5]),
        (Constant(0.5), 1, [0]),
        (Constant(10), 0.1 * 3, [0, 0.1, 0.2]),  # 0.30000000000000004
        # 2 a second for 2 s, then 1 a second.
        (Profile(((0, 2), (2, 2), (2, 1)), "constant"), 5, [0, 0.5, 1, 1.5, 2, 3, 4]),
        # A ramp from 0 with slope 2: t * t arrivals until t, so that the k-th comes at the root of k.
        (Profile(((0, 0), (100, 200)), "constant"), 3, [math.sqrt(k) for k in range(9)]),
        # The same backwards: 4 - (2 - t)^2 arrivals until t.
        (Profile(((0, 4), (2, 0)), "constant"), 10, [2 - math.sqrt(4 - k) for k in range(4)]),
        # Silence in the middle: what would be due at its beginning comes when it is over.
        (Profile(((0, 1), (2, 1), (2, 0), (7, 0), (7, 1)), "constant"), 9, [0, 1, 7, 8]),
        # The last rate stays.
        (Profile(((0, 1),), "constant"), 4, [0, 1, 2, 3]),
        # A flat day is constant, however often it begins anew.
        (Day(2, 1, day_s=2, spacing="constant"), 5, [number / 2 for number in range(10)]),
        (Recorded([0.5, 2, 2, 3]), 3, [0.5, 2, 2]),
        (Recorded([0.5, 2, 2, 3], speed=2), 3, [0.25, 1, 1, 1.5]),
        (Recorded([8]), 3, []),
    ],
)
def test_due_times_are_those_worked_out_by_hand(arrivals: Arrivals, duration_s: float, expected: list[float]) -> None:
    assert list(arrivals.offsets(duration_s, 1)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("arrivals", "duration_s", "expected"),
    [
        (Constant(7), 3, 7),
        (Poisson(7), 3, 7),
        (Profile(((0, 0), (10, 100))), 10, 50),
        (Profile(((0, 0), (10, 100))), 20, 75),
        (Profile(((0, 10), (5, 10), (5, 50))), 10, 30),
        (Day(30, 3, day_s=60), 60, 10),
        (Day(30, 3, day_s=60), 600, 10),
        (Day(30, 3, peak_hour=7.1, day_s=60), 60, 10),  # midnight lies between two points
        (Day.of_mean(10, peak_factor=1.7), 86_400, 10),
        (Recorded([0, 1, 2, 3, 9]), 4, 1),
        (Recorded([0, 1, 2, 3, 9], speed=2), 2, 2),
    ],
)
def test_mean_rates_are_those_worked_out_by_hand(arrivals: Arrivals, duration_s: float, expected: float) -> None:
    assert arrivals.mean_rate_rps(duration_s) == pytest.approx(expected)
    assert sum(arrivals.part(index, 3).mean_rate_rps(duration_s) for index in range(3)) == pytest.approx(expected)


@given(arrivals=anything, duration_s=st.floats(0.5, 12), seed=st.integers(0, 99))
def test_due_times_ascend_within_the_duration_and_are_as_many_as_the_rate_says(
    arrivals: Arrivals, duration_s: float, seed: int
) -> None:
    try:
        expected = arrivals.mean_rate_rps(duration_s) * duration_s
    except LoadError:  # a profile that is silent so long
        with pytest.raises(LoadError, match="nothing would be sent"):
            arrivals.offsets(duration_s, seed)
        return
    due_s = list(arrivals.offsets(duration_s, seed))
    assert due_s == sorted(due_s)
    assert all(0 <= at_s < duration_s for at_s in due_s)
    # Poisson arrivals round, at least to one; even ones begin with the first, so that they round up.
    assert expected - 0.51 <= len(due_s) <= max(1, expected + 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_gives_the_same_arrivals_and_another_seed_others(shape: Arrivals) -> None:
    again = pickle.loads(pickle.dumps(shape))
    assert again == shape
    assert hash(again) == hash(shape)
    assert list(again.offsets(10, 7)) == list(shape.offsets(10, 7))
    assert (list(shape.offsets(10, 8)) == list(shape.offsets(10, 7))) is (shape in EVEN)


@given(arrivals=anything, count=st.integers(1, 6), inner=st.integers(1, 3), seed=st.integers(0, 99))
def test_all_parts_together_are_the_whole(arrivals: Arrivals, count: int, inner: int, seed: int) -> None:
    try:
        whole = list(arrivals.offsets(8, seed))
    except LoadError:
        return
    # Also parts of parts.
    parts = [
        list(arrivals.part(index, count).part(of_it, inner).offsets(8, seed))
        for index in range(count)
        for of_it in range(inner)
    ]
    together = sorted(itertools.chain(*parts))
    assert len(together) == len(whole)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    if isinstance(arrivals, Constant | Recorded) or (isinstance(arrivals, Profile) and arrivals.spacing == "constant"):
        assert together == whole


def test_parts_of_poisson_arrivals_are_drawn_apart() -> None:
    first, second = (list(Poisson(50).part(index, 2).offsets(10, 7)) for index in range(2))
    assert not set(first) & set(second)


def test_constant_arrivals_do_not_drift_over_an_hour() -> None:
    *_, last_s = Constant(300).offsets(3600, 1)
    assert last_s == pytest.approx(3600 - 1 / 300, abs=1e-9)


@pytest.mark.parametrize("parts", [1, 4])
def test_poisson_gaps_are_exponential(parts: int) -> None:
    # 1 - exp(-rate gap) is uniform. 1.63 / sqrt(n) is the 1 % critical value; even gaps are 0.63 away, 63 in this unit.
    shares = [Poisson(100).part(index, parts).offsets(100, 3) for index in range(parts)]
    due_s = sorted(itertools.chain(*shares))
    assert len(due_s) == 10_000
    assert distance(1 - math.exp(-100 * gap_s) for gap_s in the_gaps(due_s)) < 1.63
    # And one part alone is Poisson at its own rate.
    own_rate_rps = 100 / parts
    own = Poisson(100).part(0, parts).offsets(100, 3)
    assert distance(1 - math.exp(-own_rate_rps * gap_s) for gap_s in the_gaps(own)) < 1.63


def test_poisson_counts_vary_as_much_as_their_mean() -> None:
    # Index of dispersion of counts in 1 s windows: 1 for Poisson, 0 for even spacing; its standard error here is
    # sqrt(2 / 399) = 0.07, and the fixed sum lowers it by 1 in 400.
    counts = [0] * 400
    for at_s in Poisson(50).offsets(400, 5):
        counts[int(at_s)] += 1
    assert sum(counts) == 50 * 400
    assert statistics.variance(counts) / statistics.mean(counts) == pytest.approx(1.0, abs=0.21)


def test_a_few_poisson_arrivals_lie_anywhere_in_the_duration() -> None:
    # One is uniform; of three, the cube of the last one is.
    assert distance(next(Poisson(1).offsets(1, f"seed {n}")) for n in range(2000)) < 1.63
    assert distance(max(Poisson(3).offsets(1, f"seed {n}")) ** 3 for n in range(2000)) < 1.63


@pytest.mark.parametrize("spacing", ["poisson", "constant"])
def test_a_profile_has_its_rate_in_every_window(spacing: str) -> None:
    profile = Profile(((0, 100), (100, 500), (100, 50), (150, 50), (200, 0)), spacing)
    due_s = list(profile.offsets(220, 11))
    expected = {
        (0, 50): 10_000,
        (50, 100): 20_000,
        (100, 150): 2500,
        (150, 175): 937.5,
        (175, 200): 312.5,
        (200, 220): 0,
    }
    for (begin_s, end_s), mean in expected.items():
        seen = sum(begin_s <= at_s < end_s for at_s in due_s)
        # A Poisson count's standard deviation is the root of its mean; evenly spaced, only rounding is left.
        assert seen == pytest.approx(mean, abs=3 * math.sqrt(mean) if spacing == "poisson" else 1.01)


def test_poisson_arrivals_of_a_profile_are_poisson_on_its_integrated_rate() -> None:
    # Taken through L(t) = 10 t + t^2 they have exponential gaps of mean 1 (the time-rescaling theorem).
    due_s = Profile(((0, 10), (90, 190))).offsets(90, 2)
    levels = [10 * at_s + at_s * at_s for at_s in due_s]
    assert len(levels) == 9000
    assert distance(1 - math.exp(-gap) for gap in the_gaps(levels)) < 1.63
    assert distance(level / 9000 for level in levels) < 1.63


def test_a_day_is_busiest_at_its_peak_hour_and_quietest_half_a_day_away() -> None:
    day = Day(90, 3, peak_hour=20, day_s=2400, spacing="constant")  # 100 s an hour
    hours = [0] * 24
    for at_s in day.offsets(2400, 1):
        hours[int((at_s + 50) % 2400 // 100)] += 1  # the hour that begins half past the one before
    assert hours.index(max(hours)) == 20
    assert hours.index(min(hours)) == 8
    assert sum(hours) == pytest.approx(90 / 3 * 2400, abs=1)
    assert max(hours) == pytest.approx(9000, rel=0.01)
    # Alike on both sides of the peak.
    assert [hours[20 - away] for away in range(1, 12)] == pytest.approx(
        [hours[(20 + away) % 24] for away in range(1, 12)], abs=2
    )


def test_the_day_of_users_all_over_the_world_is_as_flat_as_reported() -> None:
    # A peak of 1.6 to 1.7 times the mean goes with 3 to 4 times the traffic of the quietest hours.
    day = Day.of_mean(1000, peak_factor=1.7)
    # Mean rate up to an hour, times its number: the rates of all hours until then, added.
    added = [0.0, *(day.mean_rate_rps(hour * 3600) * hour for hour in range(1, 25))]
    rates_rps = [later - sooner for sooner, later in itertools.pairwise(added)]
    assert 3 < max(rates_rps) / min(rates_rps) < 4


def test_a_day_at_five_thousand_a_second_is_begun_at_once() -> None:
    # 430 million due times: only what is asked for is made.
    for shape in (Poisson(5000), Constant(5000), Day(5000, 1.7), Profile(((0, 5000), (43_200, 1000)))):
        first = list(itertools.islice(shape.offsets(86_400, 1), 3))
        assert first == sorted(first)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("duration_s", [0, -1, math.inf, math.nan, 1e9])
def test_a_duration_that_cannot_be_is_refused_at_once(shape: Arrivals, duration_s: float) -> None:
    with pytest.raises(LoadError, match="duration"):
        shape.offsets(duration_s, 1)
    with pytest.raises(LoadError, match="duration"):
        shape.mean_rate_rps(duration_s)


@pytest.mark.parametrize("make", [Constant, Poisson, Day, Day.of_mean])
@pytest.mark.parametrize("rate_rps", [0, -1, math.inf, math.nan, 1e8])
def test_a_rate_that_cannot_be_is_refused(make: type, rate_rps: float) -> None:
    with pytest.raises(LoadError, match="offered rate"):
        make(rate_rps)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ((), "no point"),
        (((1, 5),), "first point is at 1 s"),
        (((0, 1), (5, 2), (3, 1)), "3 s follows one at 5 s"),
        (((0, 1), (math.nan, 2)), "no time"),
        (((0, 1), (math.inf, 2)), "no time"),
        (((0, -1), (5, 1)), "rate at 0 s is -1"),
        (((0, 1), (5, math.nan)), "rate at 5 s is nan"),
        (((0, 1), (5, 1), (5, 2), (5, 3)), "three points"),
        (((0, 0), (5, 0)), "zero everywhere"),
    ],
)
def test_a_profile_that_cannot_be_followed_is_refused(points: tuple[tuple[float, float], ...], words: str) -> None:
    with pytest.raises(LoadError, match=words):
        Profile(points)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Day(10, 0.9), "peak is 0.9 times"),
        (lambda: Day(10, math.nan), "peak is nan times"),
        (lambda: Day(10, 3, 24), "24 o'clock"),
        (lambda: Day(10, 3, 20, 0), "duration"),
        (lambda: Day(10, spacing="even"), "'even'"),
        (lambda: Profile(((0, 1),), "even"), "'even'"),
        (lambda: Part(2, 2), "part 2 of 2"),
        (lambda: Constant(1).part(-1, 2), "part -1 of 2"),
        (lambda: Recorded([]), "no time"),
        (lambda: Recorded([2, 1]), "not in order"),
        (lambda: Recorded([1, math.nan, 2]), "not in order"),
        (lambda: Recorded([-1, 1]), "from -1"),
        (lambda: Recorded([1, math.inf]), "to inf"),
        (lambda: Recorded([math.nan]), "from nan"),
        (lambda: Recorded([1], speed=0), "speed is 0"),
        (lambda: Recorded([1], speed=math.nan), "speed is nan"),
    ],
)
def test_other_values_that_cannot_be_are_refused(make, words: str) -> None:
    with pytest.raises(LoadError, match=words):
        make()


def test_a_replay_lasts_until_after_its_last_arrival() -> None:
    for times_s in ([0.0, 1, 2, 3], [5.0], [0.0], [0.25, 0.25]):
        recorded = Recorded(times_s, speed=3)
        assert len(list(recorded.offsets(recorded.length_s, 1))) == len(times_s)
    assert Recorded([0, 1, 2, 3]).length_s == 4
    assert Recorded([0, 1, 2, 3]).mean_rate_rps(4) == 1
