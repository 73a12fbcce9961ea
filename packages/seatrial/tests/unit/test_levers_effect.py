"""When a lever is called better or worse: experiments whose truth is drawn, and arithmetic by hand."""

import math
import random
from collections.abc import Iterator

import pytest

from seatrial.advise.levers.effect import BETTER, CANNOT_TELL, NO_EFFECT, WORSE, Effect, effect, spread_of

MARGIN = 0.05


def an_experiment(
    chance: random.Random, levers: int, rounds: int, *, spread: float, drift: float = 0.0, gain: float = 1.0
) -> Iterator[Effect]:
    """A B B A C C A ..., and the same backwards in the second round; `drift`: what each start is faster than the one
    before, as a share."""
    clock = 0.0

    def start(factor: float = 1.0) -> float:
        nonlocal clock
        clock += drift
        return 100.0 * factor * math.exp(chance.gauss(0.0, spread) + clock)

    without: list[float] = []
    with_it: list[list[float]] = [[] for _ in range(levers)]
    pairs: list[list[tuple[float, float]]] = [[] for _ in range(levers)]
    for turn in range(rounds):
        without.append(start())
        for lever in range(levers) if turn % 2 == 0 else reversed(range(levers)):
            first, second = start(gain), start(gain)
            pairs[lever] += [(without[-1], first)]
            without.append(start())
            pairs[lever] += [(without[-1], second)]
            with_it[lever] += [first, second]
    for lever in range(levers):
        found = effect(pairs[lever], spread_of(without, with_it[lever]), margin=MARGIN, more_is_better=True)
        assert found is not None
        yield found


def outcomes(levers: int, rounds: int, count: int, **truth: float) -> list[Effect]:
    chance = random.Random(f"{levers} {rounds} {sorted(truth.items())}")
    found: list[Effect] = []
    while len(found) < count:
        found += an_experiment(chance, levers, rounds, **truth)
    return found


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("levers", [1, 3, 8])
@pytest.mark.parametrize(("spread", "drift"), [(0.01, 0.0), (0.03, 0.0), (0.10, 0.0), (0.03, 0.01)])
def test_a_lever_that_changes_nothing_is_called_a_change_in_at_most_5_of_100_experiments(
    levers, rounds, spread, drift
) -> None:
    found = outcomes(levers, rounds, 400, spread=spread, drift=drift)
    called = sum(each.outcome in {BETTER, WORSE} for each in found)
    # Of 400 experiments at 5 %, more than 33 are seen once in 1,000 times (binomial).
    assert called <= 33


def test_the_interval_holds_the_true_factor_in_95_of_100_experiments() -> None:
    found = outcomes(4, 2, 800, spread=0.03, gain=1.2)
    held = sum(each.low is not None and each.high is not None and each.low <= 1.2 <= each.high for each in found)
    assert held >= 0.93 * 800  # 95 % less three standard errors


def test_a_gain_of_a_fifth_is_found_at_the_usual_spread_and_no_effect_where_starts_agree() -> None:
    found = outcomes(4, 2, 400, spread=0.02, gain=1.2)
    assert sum(each.outcome == BETTER for each in found) >= 0.95 * 400
    found = outcomes(4, 2, 400, spread=0.01)
    assert sum(each.outcome == NO_EFFECT for each in found) >= 0.95 * 400


def test_four_pairs_alone_give_students_interval_over_the_logarithms_of_their_ratios() -> None:
    # Mean of ln 2 +- d and 0 twice: half width t(3; 0.975) = 3.182 times s / 2, s^2 = 2 d^2 / 3.
    pairs = [(10.0, 20.0 * math.exp(d)) for d in (-0.03, 0.0, 0.0, 0.03)]
    found = effect(pairs, margin=MARGIN, more_is_better=True)
    assert found is not None
    half = 3.1824 * math.sqrt(2 * 0.03**2 / 3) / 2
    assert found.ratio == pytest.approx(2.0)
    assert (found.before, found.after) == (pytest.approx(10.0), pytest.approx(20.0))
    assert (found.low, found.high) == (
        pytest.approx(2.0 * math.exp(-half), rel=1e-4),
        pytest.approx(2.0 * math.exp(half), rel=1e-4),
    )
    assert found.outcome == BETTER


def test_what_is_a_gain_of_answers_is_a_loss_of_milliseconds() -> None:
    pairs = [(10.0, 20.1), (10.0, 20.0), (10.0, 19.9), (10.1, 20.0)]
    more, less = (effect(pairs, margin=MARGIN, more_is_better=better) for better in (True, False))
    assert more is not None
    assert less is not None
    assert (more.outcome, less.outcome) == (BETTER, WORSE)


def test_a_single_pair_or_a_sure_change_within_the_margin_is_called_nothing() -> None:
    single = effect([(10.0, 40.0)], margin=MARGIN, more_is_better=True)
    assert single is not None
    assert (single.low, single.outcome) == (None, CANNOT_TELL)
    # Surely above none, but by a twenty-fifth, and perhaps by more than the margin.
    pairs = [(10.0, 10.4 * math.exp(d)) for d in (-0.02, -0.01, 0.01, 0.02)]
    small = effect(pairs, margin=MARGIN, more_is_better=True)
    assert small is not None
    assert small.low is not None
    assert small.low > 1.0
    assert small.outcome == CANNOT_TELL
    assert effect([], margin=MARGIN, more_is_better=True) is None
