"""How many requests a second are asked for, from people or from a rate, and how sure that is. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.errors import SpecError
from seatrial.model.population import DEFAULT_HABITS, Habits, daily_users, habits_with, peak_rate_rps, spread_shares
from seatrial.spec.checking import did_you_mean
from seatrial.spec.habits import USUAL_HABITS
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["ASSUMED", "FROM_LOG", "OWN", "RATE_MAX_RPS", "USERS_MAX", "Need", "habits_of", "headroom_of", "need_of"]

USERS_MAX = 10_000_000_000
"""More people than there are."""

RATE_MAX_RPS = 1e9

_USUAL = {name: span for name, span in USUAL_HABITS.items() if name != "headroom"}

ASSUMED, OWN, FROM_LOG = "assumed", "yours", "access log"
"""Where a habit comes from."""


@dataclass(frozen=True, slots=True)
class Need:
    """The busiest hour: requests per second, of which 5, 50 and 95 % of the draws of people's habits lie below.

    daily_users: asked for, None when a rate was. people: how many a day that rate is (low, typical, high). habits: name
    -> (low, typical, high), all of [habits] but the headroom; sources: name -> where it comes from. shares: of the
    spread of the logarithm, by habit, largest first; empty when a rate was asked for.
    """

    low_rps: float
    rate_rps: float
    high_rps: float
    headroom: float
    daily_users: float | None
    people: tuple[float, float, float]
    habits: Mapping[str, tuple[float, float, float]]
    sources: Mapping[str, str]
    shares: Mapping[str, float] = field(default_factory=dict)

    def capacity_for(self, rate_rps: float) -> float:
        """The capacity of which a rate leaves the headroom free."""
        return rate_rps / (1.0 - self.headroom)

    @property
    def capacity_rps(self) -> float:
        """What a plan must carry for the typical habits."""
        return self.capacity_for(self.rate_rps)

    @property
    def log_variance(self) -> float:
        """Of the logarithm of the rate, as people's habits leave it open (5 to 95 % of a normal)."""
        return (math.log(self.high_rps / self.low_rps) / (2 * 1.6448536)) ** 2 if self.low_rps > 0 else 0.0


def need_of(
    spec: TrialSpec,
    *,
    users: float | None = None,
    rate_rps: float | None = None,
    headroom: float | None = None,
    said: Habits | None = None,
    seen: Habits | None = None,
) -> Need | None:
    """What is asked for: users or rate, else the study's [target]; None when nobody asks for anything.

    headroom: instead of the study's own. said: habits to go before all others. seen: habits that an access log shows;
    what [habits] of the study declares goes before them, since somebody wrote it down on purpose.

    Raises:
        SpecError: users, rate or headroom are no such thing.
    """
    if users is None and rate_rps is None:
        users, rate_rps = (None, spec.target_rps) if spec.target_rps else (spec.target_daily_users, None)
    kept_free = headroom_of(spec) if headroom is None else headroom
    _check(users, rate_rps, kept_free)
    habits, sources = habits_of(spec, said=said, seen=seen)
    in_rate = habits_with({name: habits[name] for name in DEFAULT_HABITS})
    if rate_rps is not None:
        people = daily_users(rate_rps, in_rate, headroom=0.0)
        return Need(rate_rps, rate_rps, rate_rps, kept_free, None, people, habits, sources)
    if users is None:
        return None
    low, typical, high = peak_rate_rps(users, in_rate)
    return Need(low, typical, high, kept_free, users, (users, users, users), habits, sources, spread_shares(in_rate))


def headroom_of(spec: TrialSpec) -> float:
    """The share of the capacity that is kept free, as declared or usual."""
    return spec.habits.get("headroom", USUAL_HABITS["headroom"])[1]


def habits_of(
    spec: TrialSpec, *, said: Habits | None = None, seen: Habits | None = None
) -> tuple[Habits, Mapping[str, str]]:
    """Every habit but the headroom, and where each comes from. Raises `SpecError` for one that is not known."""
    own = {**{name: span for name, span in spec.habits.items() if name != "headroom"}, **(said or {})}
    if unknown := [name for name in own if name not in _USUAL]:
        raise SpecError(
            f'there is no habit "{unknown[0]}".',
            where="--assume",
            try_this=did_you_mean(unknown[0], _USUAL) or f"There are {', '.join(_USUAL)}.",
        )
    for name, (low, typical, high) in own.items():
        if not 0 < low <= typical <= high:
            raise SpecError(
                f"{name} is {low:g}, {typical:g}, {high:g}: low, typical and high are above 0 and in that order.",
                where="--assume",
                try_this="Write it so: --assume sessions_per_day=2,4,9",
            )
    habits = {**_USUAL, **(seen or {}), **own}
    return habits, {name: OWN if name in own else FROM_LOG if name in (seen or {}) else ASSUMED for name in habits}


def _check(users: float | None, rate_rps: float | None, headroom: float) -> None:
    if users is not None and not 0 < users <= USERS_MAX:
        raise SpecError(
            f"{users:g} people a day cannot be: it takes more than 0, at most {USERS_MAX:,}.",
            where="--users",
            try_this="Give the people who come on a day, such as --users 20000.",
        )
    if rate_rps is not None and not 0 < rate_rps <= RATE_MAX_RPS:
        raise SpecError(
            f"{rate_rps:g} requests a second cannot be: it takes more than 0, at most {RATE_MAX_RPS:,.0f}.",
            where="--rps",
            try_this="Give the requests per second of the busiest hour, such as --rps 50.",
        )
    if not 0 <= headroom < 1:
        raise SpecError(
            f"a headroom of {headroom:g} cannot be: it takes 0 or more, and less than 1.",
            where="--headroom",
            try_this="30 % kept free is written 0.3.",
        )
