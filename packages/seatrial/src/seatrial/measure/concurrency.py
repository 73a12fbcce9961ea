"""How many requests an app works on at once, found from outside: more of them, until no more are answered. Pure."""

from collections.abc import Sequence

__all__ = ["CONCURRENCY_MAX", "next_concurrency", "slots_seen"]

CONCURRENCY_MAX = 256

GROWTH_MIN = 0.05
"""Of the throughput, that twice as many requests at once must bring: windows of seconds cannot tell less."""


def next_concurrency(seen: Sequence[tuple[int, float]]) -> int | None:
    """How many to keep inside next: twice as many each time, from 1. None when twice as many brought no more.

    seen: (requests kept inside, throughput in requests per second), in order. None at `CONCURRENCY_MAX`, too.
    """
    if not seen:
        return 1
    before = max((rate_rps for _, rate_rps in seen[:-1]), default=0.0)
    concurrency, rate_rps = seen[-1]
    has_grown = rate_rps > (1.0 + GROWTH_MIN) * before
    return 2 * concurrency if has_grown and 2 * concurrency <= CONCURRENCY_MAX else None


def slots_seen(seen: Sequence[tuple[int, float]]) -> int:
    """The fewest requests inside that gave, within what windows can tell, the highest throughput."""
    best_rps = max(rate_rps for _, rate_rps in seen)
    return min(concurrency for concurrency, rate_rps in seen if rate_rps * (1.0 + GROWTH_MIN) >= best_rps)
