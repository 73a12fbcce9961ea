"""What an access log says of people: requests, visitors, visits and busy hours of each day, in bounded memory.

A visitor is an address together with a browser. That is near a person and no more: people behind one router who use
the same browser count as one, and a phone that changes its network as two.
"""

from array import array
from dataclasses import dataclass, field
from hashlib import blake2b
from statistics import fmean

from seatrial.model.access_log import LogLine

__all__ = ["DayFacts", "LogFacts", "VisitCounter"]

SESSION_GAP_S = 30 * 60
"""A visit ends when its visitor asks for nothing during this time, as web statistics commonly count."""

VISITORS_KEPT_MAX = 200_000
"""Visitors that are followed at once. When there are more, a half is drawn by its hash and each counts twice."""

DAYS_MAX = 4000
MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True)
class DayFacts:
    """One day by the log's clock. day: since 1970. app_requests: of people, those that reach the app.

    is_whole: the log covers all of it. peak_hour: the busiest hour's app requests over the mean hour's; peak_minute:
    the busiest minute's over the mean minute's of that hour.
    """

    day: int
    app_requests: int
    robot_requests: int
    static_requests: int
    visitors: float
    sessions: float
    peak_hour: float
    peak_minute: float
    is_whole: bool


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log showed. lines: read; malformed: those that could not be; first_malformed: number of the first one.

    failed: answers with a status from 500 on. is_sampled: there were so many visitors that they are estimated.
    addresses_seen: 0, 1, or 2 for more.
    """

    days: tuple[DayFacts, ...]
    lines: int
    malformed: int
    first_malformed: int | None
    failed: int
    is_sampled: bool
    addresses_seen: int

    @property
    def whole_days(self) -> tuple[DayFacts, ...]:
        """Days that the log covers from midnight to midnight."""
        return tuple(day for day in self.days if day.is_whole)

    @property
    def static_share(self) -> float:
        """Of all requests."""
        return self._share(sum(day.static_requests for day in self.days))

    @property
    def robot_share(self) -> float:
        """Of all requests, those to the app by programs that say what they are."""
        return self._share(sum(day.robot_requests for day in self.days))

    @property
    def visitors_per_day(self) -> float | None:
        """Mean over the whole days, None when there is none."""
        return fmean(day.visitors for day in self.whole_days) if self.whole_days else None

    @property
    def is_behind_proxy(self) -> bool:
        """Whether all came from one address, so that visitors cannot be told apart by it."""
        return self.addresses_seen == 1 and self.lines - self.malformed > 100

    def _share(self, part: int) -> float:
        total = sum(day.app_requests + day.robot_requests + day.static_requests for day in self.days)
        return part / total if total else 0.0


@dataclass(slots=True)
class _Day:
    minutes: "array[int]" = field(default_factory=lambda: array("L", [0]) * MINUTES_PER_DAY)
    robots: int = 0
    static: int = 0
    visitors: float = 0.0
    sessions: float = 0.0


class VisitCounter:
    """Takes lines one by one, roughly in order of time; `facts` at any moment.

    The visitors are an adaptive sample (Wegman; Flajolet, Computing 43, 1990): of those whose hash ends in so many
    zeros all requests are followed, and each counts as the 2^zeros that it stands for. Off by about 1.2 / sqrt(200,000)
    = 0.3 % when it is needed, and exact until then.
    """

    def __init__(self, visitors_max: int = VISITORS_KEPT_MAX) -> None:
        self._visitors_max = visitors_max
        self._days: dict[int, _Day] = {}
        self._last_seen: dict[int, tuple[float, int]] = {}  # visitor's hash -> (moment, day)
        self._zeros = 0
        self._addresses: set[str] = set()
        self._span: tuple[float, float] | None = None
        self.lines = self.malformed = self.failed = 0
        self.first_malformed: int | None = None

    def take_malformed(self) -> None:
        """A line that could not be read."""
        self.lines += 1
        self.malformed += 1
        if self.first_malformed is None:
            self.first_malformed = self.lines

    def take(self, line: LogLine) -> None:
        """One request."""
        self.lines += 1
        day = self._days.get(line.day)
        if day is None:
            if len(self._days) >= DAYS_MAX:
                self.take_malformed()
                self.lines -= 1
                return
            day = self._days[line.day] = _Day()
            self._forget(line.moment_s)
        low, high = self._span or (line.local_s, line.local_s)
        self._span = min(low, line.local_s), max(high, line.local_s)
        self.failed += line.status >= 500
        if line.is_static:
            day.static += 1
        elif line.is_robot:
            day.robots += 1
        else:
            day.minutes[int(line.local_s % 86_400 // 60)] += 1
        if line.visitor and not line.is_robot:
            self._follow(line, day)

    def facts(self) -> LogFacts:
        """What was seen so far, day by day."""
        days = tuple(self._day_facts(number, day) for number, day in sorted(self._days.items()))
        return LogFacts(
            days=days,
            lines=self.lines,
            malformed=self.malformed,
            first_malformed=self.first_malformed,
            failed=self.failed,
            is_sampled=self._zeros > 0,
            addresses_seen=len(self._addresses),
        )

    def _follow(self, line: LogLine, day: _Day) -> None:
        if len(self._addresses) < 2:
            self._addresses.add(line.visitor.partition(" ")[0])
        place = int.from_bytes(blake2b(line.visitor.encode("utf-8", "replace"), digest_size=8).digest(), "big")
        if place & ((1 << self._zeros) - 1):
            return
        before = self._last_seen.get(place)
        weight = float(1 << self._zeros)
        if before is None or before[1] != line.day:
            day.visitors += weight
        if before is None or abs(line.moment_s - before[0]) > SESSION_GAP_S:
            day.sessions += weight
        latest = line.moment_s if before is None else max(before[0], line.moment_s)
        self._last_seen[place] = (latest, line.day)
        if len(self._last_seen) > self._visitors_max:
            self._thin_out()

    def _thin_out(self) -> None:
        while len(self._last_seen) > self._visitors_max:
            self._zeros += 1
            mask = (1 << self._zeros) - 1
            self._last_seen = {place: seen for place, seen in self._last_seen.items() if not place & mask}

    def _forget(self, now_s: float) -> None:
        """Whoever was not seen for a day will count as new anyway."""
        self._last_seen = {place: seen for place, seen in self._last_seen.items() if now_s - seen[0] < 86_400.0}

    def _day_facts(self, number: int, day: _Day) -> DayFacts:
        hours = [sum(day.minutes[hour * 60 : hour * 60 + 60]) for hour in range(24)]
        busiest = max(range(24), key=hours.__getitem__)
        app = sum(hours)
        minute = max(day.minutes[busiest * 60 : busiest * 60 + 60])
        first_s, last_s = self._span or (0.0, 0.0)
        start_s = number * 86_400.0
        return DayFacts(
            day=number,
            app_requests=app,
            robot_requests=day.robots,
            static_requests=day.static,
            visitors=day.visitors,
            sessions=day.sessions,
            peak_hour=24.0 * hours[busiest] / app if app else 0.0,
            peak_minute=60.0 * minute / hours[busiest] if app else 0.0,
            # A quiet site has no request in the first and the last minutes: an hour at each end may be missing.
            is_whole=first_s < start_s + 3600.0 and last_s >= start_s + 23 * 3600.0,
        )
