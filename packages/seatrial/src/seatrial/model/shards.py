"""How unevenly people load the machines they are spread over: the busiest machine against the mean. Pure.

People are hashed to logical shards, and those are dealt to machines. How much one person does is heavy-tailed: a Pareto
law with exponent 1.5, as in social networks, where a few do (or are asked for) thousands of times the usual. The
busiest machine is then the one with the busiest person, and no number of logical shards mends that.
"""

import math
import random
from functools import lru_cache
from itertools import accumulate
from statistics import median

__all__ = ["ACTIVITY_EXPONENT", "imbalance", "usual_imbalance"]

ACTIVITY_EXPONENT = 1.5
LOGICAL_SHARDS = 8192

SINGLE_PEOPLE = 1_000
"""So many of the busiest are drawn and placed one by one. What the others do on a machine is a sum of many small
things, so it is drawn from a normal law of the same mean and variance."""

REPEATS = 15


def imbalance(machines: int, people: int, seed: int, exponent: float = ACTIVITY_EXPONENT) -> float:
    """Load of the busiest machine over the mean, of one random town; 1.0 on a single machine.

    exponent: of the Pareto law, above 1 (below there is no mean). Order statistics after Rényi: the k-th largest of n
    is (S_k / S_{n+1}) ** (-1 / exponent), with S_k the sum of k unit exponentials.
    """
    if machines < 1 or machines > LOGICAL_SHARDS or people < 1 or exponent <= 1:
        raise ValueError(f"1 to {LOGICAL_SHARDS} machines, at least one person and an exponent above 1 are needed")
    if machines == 1:
        return 1.0
    chance = random.Random(seed)
    singles = min(people, SINGLE_PEOPLE)
    sums = list(accumulate(chance.expovariate(1.0) for _ in range(singles + 1)))
    # The sum of the remaining exponentials: their mean, and the variance of a sum of so many.
    total = sums[-1] + max(0.0, chance.gauss(people - singles, math.sqrt(people - singles)))
    loads = [0.0] * machines
    for reached in sums[:singles]:
        loads[chance.randrange(LOGICAL_SHARDS) % machines] += (reached / total) ** (-1.0 / exponent)
    rest = people - singles
    if rest:
        mean, square = _moments_below((sums[singles - 1] / total) ** (-1.0 / exponent), exponent)
        share = rest / machines
        spread = math.sqrt(share * square)
        loads = [load + max(0.0, chance.gauss(share * mean, spread)) for load in loads]
    return max(loads) * machines / math.fsum(loads)


def usual_imbalance(machines: int, people: int, exponent: float = ACTIVITY_EXPONENT) -> float:
    """The median of `imbalance` over several random towns, with machines and people rounded so that it is known soon.

    Machines are rounded up to the next of 1, 2, 3, 4, 6, 8, 12, 16, 24, ... and people down to the next of 1, 3, 10,
    30, ...: both to the side on which it is more uneven.
    """
    doubled = 2 ** max(0, (machines - 1).bit_length())
    rounded = doubled * 3 // 4 if doubled >= 4 and machines <= doubled * 3 // 4 else doubled
    decade = 10 ** int(math.log10(people))
    return _median(min(rounded, LOGICAL_SHARDS), decade * 3 if people >= decade * 3 else decade, exponent)


@lru_cache(maxsize=1024)
def _median(machines: int, people: int, exponent: float) -> float:
    return median(imbalance(machines, people, seed, exponent) for seed in range(REPEATS))


def _moments_below(limit: float, exponent: float) -> tuple[float, float]:
    """First two moments of a Pareto law from 1 on that is cut off at `limit`."""
    if limit <= 1.0 + 1e-12:
        return 1.0, 1.0
    inside = 1.0 - math.pow(limit, -exponent)

    def moment(order: int) -> float:
        gap = order - exponent
        area = math.log(limit) if abs(gap) < 1e-9 else (math.pow(limit, gap) - 1.0) / gap
        return exponent * area / inside

    return moment(1), moment(2)
