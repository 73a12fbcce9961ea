"""Which operation comes next: exact shares in every short window, in an order nobody can predict.

Drawing each operation independently makes the measured mean demand wander with the luck of the draw. Stratifying
removes that part of the noise: the same precision of the demand takes about a third of the requests. But it also keeps
rare slow operations apart, which in life come in clumps, so that the queue behind them is shorter than it would be:
with 2 % of 400 ms on one slot, the rate that met an objective of 500 ms was 103/s in exact shares of 20 and 42/s drawn.
So what waits for a limit comes in an order by chance, and what only keeps a subject busy is stratified.

How many of each there are in all need not be chance, though: in a trial of seconds, 5 % of 3,000 requests are 150 +- 12
when each is drawn, and with them the load is 5 % more or less than the one that the trial is named after.
"""

import itertools
import math
import random
from collections.abc import Iterator, Mapping

from seatrial.errors import LoadError

__all__ = ["BLOCK", "endless", "independent", "stratified"]

BLOCK = 20
"""Operations per block: short enough that one second has the declared shares, long enough to shuffle well."""

BLOCK_MAX = 1_000_000
"""A block is kept in memory."""


def stratified(weights: Mapping[str, float], count: int, seed: int | str) -> Iterator[str]:
    """`count` operation names, one after the other, in blocks of exact shares, shuffled inside each block.

    What rounding leaves over is carried to the next block, so that after every block each operation's count is within
    two of its share of all, however long the run.
    """
    if count < 0:
        raise LoadError(f"the number of operations is {count}; it cannot be negative.", where="workload mix")
    sizes = itertools.chain(itertools.repeat(BLOCK, count // BLOCK), (count % BLOCK,))
    return _blocks(_shares(weights), sizes, random.Random(seed))


def endless(weights: Mapping[str, float], seed: int | str, block: int = BLOCK) -> Iterator[str]:
    """The same order without an end, for loops that stop by the clock. block: operations among which shares are exact.

    With as many as a trial has, it has exact shares, and its order is as when each is drawn, given how many there are.
    """
    return _blocks(_shares(weights), itertools.repeat(min(block, BLOCK_MAX)), random.Random(seed))


def independent(weights: Mapping[str, float], seed: int | str) -> Iterator[str]:
    """Each name drawn by itself, without an end: as life is, and with the noise of life."""
    shares = _shares(weights)
    names, cumulative = list(shares), list(itertools.accumulate(shares.values()))
    choices = random.Random(seed).choices
    return (choices(names, cum_weights=cumulative)[0] for _ in itertools.repeat(None))


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    for name, weight in weights.items():
        if not (math.isfinite(weight) and weight >= 0):
            raise LoadError(f"the weight of {name!r} is {weight}; it must be zero or more.", where="workload mix")
    total = sum(weights.values())
    if not total > 0:
        raise LoadError(
            "no operation has a weight above zero.",
            where="workload mix",
            try_this="Give at least one operation a weight.",
        )
    return {name: weight / total for name, weight in sorted(weights.items()) if weight > 0}


def _blocks(shares: dict[str, float], sizes: Iterator[int], rng: random.Random) -> Iterator[str]:
    owed = dict.fromkeys(shares, 0.0)
    for size in sizes:
        places: dict[str, int] = {}
        for name, share in shares.items():
            owed[name] += share * size
            # The tolerance keeps 0.1 * 20 from being one short of 2 by a rounding error.
            places[name] = max(0, math.floor(owed[name] + 1e-9))
            owed[name] -= places[name]
        # Most owed first; those that took too much before (owed less than nothing) can also leave too few places.
        by_need = sorted(owed, key=lambda name: (-owed[name], name))
        spare = size - sum(places.values())
        for name in by_need[:spare] if spare >= 0 else [name for name in reversed(by_need) if places[name]][:-spare]:
            step = 1 if spare > 0 else -1
            places[name] += step
            owed[name] -= step
        block = [name for name, count in places.items() for _ in range(count)]
        if len(places) > 1:
            rng.shuffle(block)
        yield from block
