"""What an access log said of the people of an app, in the figures that are told. Pure."""

from dataclasses import dataclass
from statistics import fmean

from seatrial.model.visits import LogFacts

__all__ = ["LogSummary", "log_summary"]


@dataclass(frozen=True, slots=True)
class LogSummary:
    """days: that the log touches; whole_days: from midnight to midnight, and means over them (None: there is none).

    requests_per_day: to the app, by people. static_share, robot_share: of all requests. malformed: lines that could not
    be read, the first of them at first_malformed. is_behind_proxy: all came from one address. is_sampled: there were so
    many visitors that they were estimated.
    """

    days: int
    whole_days: int
    requests_per_day: float | None
    visitors_per_day: float | None
    sessions_per_day: float | None
    peak_hour: float | None
    static_share: float
    robot_share: float
    lines: int
    malformed: int
    first_malformed: int | None
    is_behind_proxy: bool
    is_sampled: bool


def log_summary(facts: LogFacts) -> LogSummary:
    """The means over the days that the log covers whole."""
    whole = facts.whole_days

    def mean(name: str) -> float | None:
        return fmean(getattr(day, name) for day in whole) if whole else None

    return LogSummary(
        days=len(facts.days),
        whole_days=len(whole),
        requests_per_day=mean("app_requests"),
        visitors_per_day=mean("visitors"),
        sessions_per_day=mean("sessions"),
        peak_hour=mean("peak_hour"),
        static_share=facts.static_share,
        robot_share=facts.robot_share,
        lines=facts.lines,
        malformed=facts.malformed,
        first_malformed=facts.first_malformed,
        is_behind_proxy=facts.is_behind_proxy,
        is_sampled=facts.is_sampled,
    )
