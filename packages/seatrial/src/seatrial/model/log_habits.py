"""From the days of an access log to habits: facts in the place of guesses, each still a range, since days differ."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from seatrial.model.confidence import student_t_quantile
from seatrial.model.visits import DayFacts, LogFacts
from seatrial.spec.habits import USUAL_HABITS

__all__ = ["habits_seen"]

REQUESTS_A_MINUTE_MIN = 400.0
"""In the busiest hour, for its busiest minute to say something: the largest of sixty Poisson counts of mean 400 is 12 %
above it by chance alone, of mean 30 already 45 %."""

SESSIONS_MIN = 30
"""A day with fewer visits says little about what a visit is."""


def habits_seen(facts: LogFacts) -> Mapping[str, tuple[float, float, float]]:
    """The habits that the log shows, as (low, typical, high): 5, 50 and 95 % of further days like its days.

    Habits per person need addresses that tell people apart; habits per day need days that the log covers whole. What
    it does not show is left out.
    """
    found: dict[str, tuple[float, float, float]] = {}
    whole = [day for day in facts.whole_days if day.app_requests]
    if not facts.is_behind_proxy and facts.addresses_seen:
        visited = [day for day in whole if day.sessions >= SESSIONS_MIN]
        if visited:
            found["sessions_per_day"] = _span("sessions_per_day", [day.sessions / day.visitors for day in visited])
        # A visit is a visit in a part of a day too.
        of_days = visited or [day for day in facts.days if day.sessions >= SESSIONS_MIN and day.app_requests]
        if of_days:
            per_session = [day.app_requests / day.sessions for day in of_days]
            found["requests_per_session"] = _span("requests_per_session", per_session)
    if whole:
        found["peak_factor"] = _span("peak_factor", [day.peak_hour for day in whole], least=1.0)
        busy = [day.peak_minute for day in whole if _busiest_hour_a_minute(day) >= REQUESTS_A_MINUTE_MIN]
        if busy:
            found["peak_minute"] = _span("peak_minute", busy, least=1.0)
    return found


def _span(name: str, values: Sequence[float], least: float = 0.0) -> tuple[float, float, float]:
    """A prediction interval for one more day, of the logarithms, by Student's t.

    Never wider than the usual range about the same middle: a few days do not make one know less than nothing. A single
    day tells its middle only.
    """
    low, typical, high = USUAL_HABITS[name]
    logs = [math.log(value) for value in values]
    middle, days = fmean(logs), len(logs)
    half = math.inf
    if days > 1:
        half = student_t_quantile(0.95, days - 1) * stdev(logs) * math.sqrt(1.0 + 1.0 / days)
    below, above = min(half, math.log(typical / low)), min(half, math.log(high / typical))
    return max(least, math.exp(middle - below)), max(least, math.exp(middle)), max(least, math.exp(middle + above))


def _busiest_hour_a_minute(day: DayFacts) -> float:
    return day.peak_hour * day.app_requests / 24.0 / 60.0
