"""The keys of seatrial.toml that say what the app's users are like."""

from seatrial.spec.habits import USUAL_HABITS
from seatrial.spec.key import RANGE, Key, Section, shown

__all__ = ["HABITS"]


def _habit(
    name: str,
    about: str,
    example: str,
    *,
    above: float | None = None,
    at_least: float | None = None,
    below: float | None = None,
) -> Key:
    low, typical, high = USUAL_HABITS[name]
    usual = shown(typical) if low == high else shown((low, typical, high))
    path = f"habits.{name}"
    return Key(path, RANGE, about, example, None, f"`{usual}`", above=above, at_least=at_least, below=below)


HABITS = Section(
    "habits",
    "What your users are like; it turns requests per second into daily users. Each is `[low, typical, high]`, "
    "where 5 % of cases are below low and 5 % above high, or one number that you know. The defaults are "
    "assumptions about social and content sites: a figure from your own access log is worth more than anything "
    "else here.",
    (
        _habit(
            "sessions_per_day", "Visits a day of a person who comes that day.", "sessions_per_day = [1, 2, 4]", above=0
        ),
        _habit(
            "requests_per_session",
            "Requests to the app in one visit, without files served apart.",
            "requests_per_session = 12",
            above=0,
        ),
        _habit("peak_factor", "The busiest hour against the mean of the day.", "peak_factor = [2, 3, 5]", at_least=1),
        _habit(
            "peak_minute",
            "The busiest minute against the mean of the busiest hour.",
            "peak_minute = [1, 1.5, 3]",
            at_least=1,
        ),
        _habit(
            "requests_at_once",
            "Requests to the app that one page sends side by side.",
            "requests_at_once = 1",
            at_least=1,
        ),
        _habit(
            "daily_share",
            "Of the people who come in a month, the share that comes on a day.",
            "daily_share = [0.1, 0.2, 0.3]",
            above=0,
        ),
        _habit(
            "headroom",
            "The share of the capacity that is kept free for the unexpected.",
            "headroom = 0.3",
            at_least=0,
            below=1,
        ),
    ),
)
