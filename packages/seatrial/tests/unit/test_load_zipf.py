import random
from collections import Counter

import pytest

from seatrial.errors import LoadError
from seatrial.load.zipf import Zipf


@pytest.mark.parametrize(
    ("exponent", "expected"), [(0, [1 / 3] * 3), (1, [6 / 11, 3 / 11, 2 / 11]), (2, [36 / 49, 9 / 49, 4 / 49])]
)
def test_three_ranks_have_the_probabilities_of_the_definition(exponent: float, expected: list[float]) -> None:
    zipf = Zipf(3, exponent)
    assert [zipf.probability(rank) for rank in (1, 2, 3)] == pytest.approx(expected)


def test_draws_follow_the_probabilities() -> None:
    # Chi-square over 20 ranks: 19 degrees of freedom, 1 % critical value 36.2.
    zipf = Zipf(20, 1.1, seed=2)
    drawn = Counter(zipf.draw() for _ in range(20_000))
    expected = {rank: 20_000 * zipf.probability(rank) for rank in range(1, 21)}
    assert set(drawn) == set(expected)
    assert sum((drawn[rank] - want) ** 2 / want for rank, want in expected.items()) < 36.2


def test_a_person_draws_from_their_own_random_numbers() -> None:
    zipf = Zipf(1000, 1.0, seed=1)
    assert [zipf.draw(random.Random(5)) for _ in range(3)] == [zipf.draw(random.Random(5))] * 3


@pytest.mark.parametrize(("count", "exponent"), [(0, 1), (-3, 1), (10**9, 1), (10, -1), (10, float("nan"))])
def test_a_zipf_that_cannot_be_is_refused(count: int, exponent: float) -> None:
    with pytest.raises(LoadError, match="Zipf"):
        Zipf(count, exponent)
