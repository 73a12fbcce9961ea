"""What is concluded from trying levers: all that the table, the page and the JSON show."""

from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.advise.levers.effect import Effect
from seatrial.advise.levers.hosts import HostsSeen
from seatrial.measure.experiment import Seen
from seatrial.measure.lever_record import Comparison, Forecast
from seatrial.measure.measurement import Caveat

__all__ = ["SCHEMA", "Change", "Combination", "LeverFindings", "LeverRow", "Now"]

SCHEMA = "seatrial.levers/1"


@dataclass(frozen=True, slots=True)
class Now:
    """The app as declared: means over its starts; None where nothing was read."""

    saturated_rps: float | None
    cpu_ms: float | None
    response_time_ms: float | None
    memory_mb: float | None
    starts: int


@dataclass(frozen=True, slots=True)
class Change:
    """One line of seatrial.toml. line: where it stands now, None where it is new. before: its text there, "" if new.
    elsewhere: the same where the app really runs, "" where Seatrial does not know."""

    section: str
    line: int | None
    before: str
    after: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class LeverRow:
    """One lever that was tried.

    outcome: of the highest throughput, as in `Effect`; "does not work" when the app did not. effects: by the names of
    `MEASURES`, None where it was not seen. forecast: before anything was measured; None where the model cannot know.
    """

    name: str
    about: str
    costs: str
    risk: str
    is_own: bool
    outcome: str
    effects: Mapping[str, Effect | None]
    forecast: Forecast | None
    changes: tuple[Change, ...]
    failure: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True)
class Combination:
    """Levers pulled together. tried: each further one, in the order of trying -> what it added. total: all of them
    against the app as declared; None where there was no time."""

    levers: tuple[str, ...]
    tried: Mapping[str, Effect | None]
    total: Mapping[str, Effect | None]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class LeverFindings:
    """rows: best first. hosts: of all that ran on several, how full each was. refused: name -> why it is none for
    this app. left_out: no time for them. quantile: of the response time. margins: by measure, how large a change is
    called none. seen, comparisons: what it is concluded from."""

    subject: str
    plan: str
    server: str
    objective: str
    created_at: str
    now: Now
    fixed_rate_rps: float | None
    quantile: float
    rows: tuple[LeverRow, ...]
    combination: Combination | None
    refused: Mapping[str, str]
    left_out: tuple[str, ...]
    budget_s: float
    spent_s: float
    starts: int
    margins: Mapping[str, float]
    complete: bool
    caveats: tuple[Caveat, ...] = ()
    schema: str = SCHEMA
    confidence: float = 0.95
    seen: tuple[Seen, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    hosts: tuple[HostsSeen, ...] = ()
