"""How long ago something was, and dates, as a person says them in their language."""

from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

__all__ = ["CALENDARS", "Calendar"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Dates in one language. All of them are shown in UTC."""

    months: tuple[str, ...]
    day_and_month: str
    now: str
    minutes: str
    hours: str
    days: str

    def date_words(self, day: datetime) -> str:
        """A date as words, "8 Jun 2026"."""
        return f"{self._day(day)} {day.year}"

    def how_long_ago(self, then: datetime, now: datetime) -> str:
        """ "now", "5 min", "3 h", "2 d", then the date; with the year when it is not this one. Both times are UTC."""
        age_s = (now - then).total_seconds()
        if age_s < 60:
            return self.now
        if age_s < 3600:
            return f"{age_s // 60:.0f} {self.minutes}"
        if age_s < 86400:
            return f"{age_s // 3600:.0f} {self.hours}"
        if age_s < 7 * 86400:
            return f"{age_s // 86400:.0f} {self.days}"
        return self._day(then) if then.year == now.year else self.date_words(then)

    def time_tag(self, then: datetime, now: datetime, full: bool = False) -> Markup:
        """A `<time>` element: short in a list, the whole date and hour with `full`; the exact moment for machines."""
        utc = then.astimezone(UTC)
        exact = utc.isoformat(timespec="seconds")[: len("2026-11-29T12:34:56")]
        date_and_hour = f"{self.date_words(utc)}, {exact[11:16]} UTC"
        words = date_and_hour if full else self.how_long_ago(utc, now)
        # Nothing in here comes from a person, so there is nothing to escape.
        return Markup(f'<time datetime="{exact}Z" title="{date_and_hour}">{words}</time>')  # noqa: S704

    def _day(self, day: datetime) -> str:
        return self.day_and_month.format(day=day.day, month=self.months[day.month - 1])


CALENDARS = {
    "en": Calendar(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        day_and_month="{day} {month}", now="now", minutes="min", hours="h", days="d",
    ),
    "de": Calendar(
        ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
        day_and_month="{day}. {month}", now="jetzt", minutes="Min.", hours="Std.", days="T.",
    ),
}  # fmt: skip
