"""How much more workers share a CPU than one alone does. Pure."""

import math

__all__ = ["crowding"]


def crowding(workers: int, cpus: float) -> float:
    """The root of the workers of a CPU, above that of one, over the same of two. A quota below 1 is a share of one.

    0 while each has a CPU of its own, 1 for two on one, 2.4 for four, 4.8 for nine. Whoever gets a CPU finds its caches
    as the others left them (a reload transient of Thiebaut and Stone, ACM Transactions on Computer Systems 5, 1987),
    and the more there are, the less of its own is still there. Misses grow with one over the square root of the cache
    that is left to each (the rule of Chow, confirmed with exponents around 1/2 by Hartstein and others, ACM Computing
    Frontiers 2006), so with the square root of the workers that share it.
    """
    each = max(1.0, workers / max(1.0, cpus))
    return (math.sqrt(each) - 1.0) / (math.sqrt(2.0) - 1.0)
