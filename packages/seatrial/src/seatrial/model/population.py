"""From requests a second to people a day, and back: habits as distributions, never two typical guesses multiplied."""

import math
from collections.abc import Mapping
from functools import lru_cache

from seatrial.model.draws import Z_95, Quantiles, latin_columns, quantiles
from seatrial.spec.habits import USUAL_HABITS

__all__ = [
    "DEFAULT_HABITS",
    "HABIT_BASIS",
    "Habits",
    "daily_users",
    "habits_with",
    "monthly_users",
    "peak_rate_rps",
    "requests_per_user_day",
    "spread_shares",
]

Habits = Mapping[str, tuple[float, float, float]]
"""Habit -> its 5, 50 and 95 % quantile (low, typical, high)."""

DEFAULT_HABITS: Habits = {
    name: USUAL_HABITS[name] for name in ("sessions_per_day", "requests_per_session", "peak_factor")
}
"""What turns people into requests per second of the busiest hour; the other habits say how those are spread."""

HABIT_BASIS: Mapping[str, str] = {
    "sessions_per_day": "Visits per active person and day. Low: a content site; high: Facebook's reported 13.8.",
    "requests_per_session": "Requests that reach the app in one visit, static files not counted: 5 to 25 screens, "
    "1 to 3 requests each (Stack Exchange 2016: 3.2 per page).",
    "peak_factor": "The busiest hour against the mean of the day. 1.7: users all over the world; 3: one time zone "
    "(Twitter 2007: 3.2); 6: a launch day.",
    "peak_minute": "The busiest minute against the mean of the busiest hour. An assumption; an access log shows yours.",
    "requests_at_once": "Requests that one page sends side by side. An assumption; a browser's network view shows "
    "yours.",
    "daily_share": "Of a month's people, those who come on a day. 0.1 to 0.2: a new product; 0.47: Twitter in 2013.",
}
"""Where the range of each habit of `USUAL_HABITS` comes from; the headroom is the owner's own choice."""

SECONDS_PER_DAY = 86_400.0


def habits_with(overrides: Habits) -> Habits:
    """The default habits with these in their place. Raises ValueError for an unknown name or a range out of order."""
    for name, (low, typical, high) in overrides.items():
        if name not in DEFAULT_HABITS:
            raise ValueError(f"unknown habit {name!r}; known are {', '.join(DEFAULT_HABITS)}")
        if not 0 < low <= typical <= high or not math.isfinite(high):
            raise ValueError(f"{name}: low, typical and high must be above 0 and in that order")
    return {**DEFAULT_HABITS, **overrides}


def requests_per_user_day(habits: Habits, draws: int = 20_000) -> tuple[float, float, float]:
    """App requests that one daily user causes in a day: 5, 50 and 95 % of the draws."""
    return quantiles([day for day, _ in _days(_frozen(habits), draws)])


def peak_rate_rps(
    daily_users: float, habits: Habits = DEFAULT_HABITS, draws: int = 20_000
) -> tuple[float, float, float]:
    """Requests per second in the busiest hour of so many daily users: 5, 50 and 95 % of the draws.

    peak = users x sessions x requests x peak factor / 86,400.
    """
    rates = [day * peak * daily_users / SECONDS_PER_DAY for day, peak in _days(_frozen(habits), draws)]
    return quantiles(rates)


def daily_users(
    capacity_rps: float, habits: Habits = DEFAULT_HABITS, headroom: float = 0.3, draws: int = 20_000
) -> tuple[float, float, float]:
    """Daily users whose busiest hour asks for at most (1 - headroom) of the capacity: 5, 50 and 95 % of the draws."""
    low, typical, high = peak_rate_rps(1.0, habits, draws)
    usable_rps = capacity_rps * (1.0 - headroom)
    return usable_rps / high, usable_rps / typical, usable_rps / low


def spread_shares(habits: Habits, other_log_variance: float = 0.0) -> Mapping[str, float]:
    """Of the variance of the answer's logarithm, the share that each habit brings, largest first; 0 when all is known.

    The answer is a product, so the variances of the logarithms add up: whichever is largest is the one to find out.
    other_log_variance: of a further factor, such as the model's part; the shares then leave room for it.
    """
    variances = {name: _log_variance(span) for name, span in habits_with(habits).items()}
    total = math.fsum(variances.values()) + other_log_variance
    shares = {name: variance / total if total else 0.0 for name, variance in variances.items()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def monthly_users(
    daily: float, daily_share: tuple[float, float, float] = USUAL_HABITS["daily_share"]
) -> tuple[float, float, float]:
    """The people of a month of whom so many come on a day: fewest, typical, most."""
    low, typical, high = daily_share
    return daily / high, daily / typical, daily / low


def _log_variance(span: Quantiles) -> float:
    """Of the logarithm of `two_piece_lognormal`: half a normal each side, E[x^2] - E[x]^2 with E|z| = sqrt(2/pi)."""
    low, typical, high = (math.log(quantile) for quantile in span)
    below, above = (typical - low) / Z_95, (high - typical) / Z_95
    return (below**2 + above**2) / 2.0 - (above - below) ** 2 / (2.0 * math.pi)


def _frozen(habits: Habits) -> tuple[Quantiles, ...]:
    complete = habits_with(habits)
    return tuple(complete[name] for name in DEFAULT_HABITS)


@lru_cache(maxsize=16)
def _days(ranges: tuple[Quantiles, ...], draws: int) -> tuple[tuple[float, float], ...]:
    """Drawn days: (requests per user, peak factor)."""
    columns = latin_columns(ranges, draws, seed=20_161)
    return tuple((sessions * requests, peak) for sessions, requests, peak in zip(*columns, strict=True))
