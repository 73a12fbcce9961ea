"""How much of the levers' experiments fits into the time there is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["STARTS_A_ROUND", "TimePlan", "time_plan"]

STARTS_A_ROUND = 3
"""Of one lever in one round, A B B A: the last start without it is the first one of the next lever."""

COMBINING_STARTS, COMBINING_SHARE = 12, 0.25
"""Kept back for trying together what helps: so many starts, and no more than this share of the time."""


@dataclass(frozen=True, slots=True)
class TimePlan:
    """once: levers that are tried in two pairs of starts. twice: those of them that are tried in four. left_out: not
    at all."""

    once: tuple[str, ...]
    twice: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def starts(self) -> int:
        """How many starts that takes."""
        rounds = [names for names in (self.once, self.twice) if names]
        return sum(STARTS_A_ROUND * len(names) + 1 for names in rounds)


def time_plan(names: Sequence[str], start_s: float, remaining_s: float, *, rounds: int = 2) -> TimePlan:
    """Most promising names first. How often each is tried is settled before anything is seen of it: to go on until the
    answer looks good would make the intervals too narrow.

    start_s: what a start takes. One lever is tried, however short the time.
    """
    keep_s = min(COMBINING_SHARE * remaining_s, COMBINING_STARTS * start_s) if len(names) > 1 else 0.0

    def fitting(seconds: float) -> int:
        return int((seconds / start_s - 1) / STARTS_A_ROUND)

    first = max(1, min(len(names), fitting(remaining_s - keep_s)))
    once = tuple(names[:first])
    rest_s = remaining_s - keep_s - start_s * (STARTS_A_ROUND * first + 1)
    second = max(0, min(first, fitting(rest_s))) if rounds > 1 else 0
    return TimePlan(once, once[:second], tuple(names[first:]))
