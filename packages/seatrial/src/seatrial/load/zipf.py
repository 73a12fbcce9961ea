"""Which person, post or product is asked for: a few very often, most hardly ever."""

import itertools
import math
import random
from array import array
from bisect import bisect_left

from seatrial.errors import LoadError

__all__ = ["Zipf"]

COUNT_MAX = 10_000_000


class Zipf:
    """Draws of ranks 1..count, rank r with probability proportional to 1 / r**exponent.

    Exponent 0 is even; about 1 is what visits to pages and people look like. Building takes O(count) time and 8 bytes a
    rank; a draw takes O(log count).
    """

    def __init__(self, count: int, exponent: float = 1.0, seed: int | str = 0) -> None:
        if not 1 <= count <= COUNT_MAX:
            raise LoadError(f"Zipf over {count} ranks; it takes 1 to {COUNT_MAX:,}.", where="Zipf")
        if not 0 <= exponent <= 10:
            raise LoadError(f"Zipf with exponent {exponent}; it takes 0 to 10.", where="Zipf")
        self.count = count
        self.exponent = exponent
        self._random = random.Random(seed)
        self._cumulative = array("d", itertools.accumulate(rank**-exponent for rank in range(1, count + 1)))
        self._total: float = self._cumulative[-1]

    def draw(self, rng: random.Random | None = None) -> int:
        """A rank, 1 the most likely; from `rng` (such as a person's own) or else from the seed's."""
        return bisect_left(self._cumulative, (rng or self._random).random() * self._total) + 1

    def probability(self, rank: int) -> float:
        """How likely one draw is to be `rank`."""
        return math.pow(rank, -self.exponent) / self._total
