"""Who follows whom in a trial town: how many somebody follows, and how many follow them, are drawn from power laws."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, chain, repeat
from random import Random

__all__ = ["FOLLOWS_MEAN", "follows", "mirrored"]

FOLLOWS_EXPONENT = 2.3
FOLLOWS_MEAN = 35.0
DRAWS_MAX = 12


def follows(random: Random, popularity: list[int], mean: float = FOLLOWS_MEAN) -> "list[array[int]]":
    """Whom each person follows, by number: `mean` on average; popular people (a low rank) are followed by many."""
    people = len(popularity)
    weights = list(accumulate((rank + 1) ** (-1 / (FOLLOWS_EXPONENT - 1)) for rank in popularity))
    everyone = range(people)
    following = []
    for person, wanted in enumerate(_degrees(random, people, mean)):
        # Popular people are drawn over and over; whoever follows nearly everyone is completed in the end.
        found: dict[int, None] = {}
        for _ in range(DRAWS_MAX):
            if len(found) >= wanted:
                break
            found |= dict.fromkeys(random.choices(everyone, cum_weights=weights, k=wanted - len(found) + 4))
            found.pop(person, None)
        for other in chain(range(person), range(person + 1, people)) if len(found) < wanted else ():
            found.setdefault(other)
            if len(found) >= wanted:
                break
        following.append(array("i", sorted(list(found)[:wanted])))
    return following


def _degrees(random: Random, people: int, wanted: float) -> Iterator[int]:
    """How many each person follows: a power law between a least number, chosen for the mean, and everyone else."""
    most = people - 1
    if most < 2:
        return repeat(most, people)
    mean = min(wanted, most / 2)
    # _mean_of grows with the least degree, so the least degree for the mean is found by bisection.
    steps = range(1, most * 1000)
    least = steps[min(bisect_left(steps, mean, key=lambda step: _mean_of(step / 1000, most)), len(steps) - 1)] / 1000
    power = 1 - FOLLOWS_EXPONENT
    low, high = least**power, most**power

    def degree() -> int:
        drawn = (low + random.random() * (high - low)) ** (1 / power)
        return min(most, int(drawn + random.random()))

    return (degree() for _ in range(people))


def _mean_of(least: float, most: float) -> float:
    """Mean of the density x**-FOLLOWS_EXPONENT between least and most: the ratio of its two integrals."""
    first, second = 2 - FOLLOWS_EXPONENT, 1 - FOLLOWS_EXPONENT
    mean: float = (most**first - least**first) / first / ((most**second - least**second) / second)
    return mean


def mirrored(edges: "list[array[int]]") -> "list[array[int]]":
    """The same edges seen from their other end."""
    mirrored: list[array[int]] = [array("i") for _ in edges]
    for source, targets in enumerate(edges):
        for target in targets:
            mirrored[target].append(source)
    return mirrored
