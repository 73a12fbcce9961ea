"""How long ago something was, as a person says it."""

from datetime import UTC, datetime

from markupsafe import Markup

__all__ = ["date_words", "how_long_ago", "time_tag"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_words(day: datetime) -> str:
    """A date as words, "8 Jun 2026"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def how_long_ago(then: datetime, now: datetime) -> str:
    """ "now", "5 min", "3 h", "2 d", then the date; with the year when it is not this one. Both times are UTC."""
    age_s = (now - then).total_seconds()
    if age_s < 60:
        return "now"
    if age_s < 3600:
        return f"{age_s // 60:.0f} min"
    if age_s < 86400:
        return f"{age_s // 3600:.0f} h"
    if age_s < 7 * 86400:
        return f"{age_s // 86400:.0f} d"
    return f"{then.day} {MONTHS[then.month - 1]}" if then.year == now.year else date_words(then)


def time_tag(then: datetime, now: datetime, full: bool = False) -> Markup:
    """A `<time>` element: short in a list, the whole date and hour with `full`; the exact moment for machines."""
    utc = then.astimezone(UTC)
    date_and_hour = f"{date_words(utc)}, {utc.hour:02}:{utc.minute:02} UTC"
    words = date_and_hour if full else how_long_ago(utc, now)
    # Nothing in here comes from a person, so there is nothing to escape.
    exact = f"{utc.year:04}-{utc.month:02}-{utc.day:02}T{utc.hour:02}:{utc.minute:02}:{utc.second:02}Z"
    return Markup(f'<time datetime="{exact}" title="{date_and_hour}">{words}</time>')  # noqa: S704
