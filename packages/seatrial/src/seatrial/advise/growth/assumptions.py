"""What no study can know of a larger site: people's habits, a few facts of machines. Each a range with its basis."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from seatrial.errors import SpecError
from seatrial.model.carrying import UNKNOWN_FASTER, UNKNOWN_SLOWER
from seatrial.model.draws import Quantiles
from seatrial.model.population import DEFAULT_HABITS, HABIT_BASIS
from seatrial.spec.habits import USUAL_HABITS

__all__ = ["ASSUMPTIONS", "GROWTH_HABITS", "Assumption", "assumptions_with"]

GROWTH_HABITS = (*DEFAULT_HABITS, "peak_minute", "daily_share", "requests_at_once")
"""Those of `spec.habits` that growth hangs on."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """low, typical, high: 5, 50 and 95 % of what it may be. is_habit: of people; otherwise of machines or the app.

    source: "default", "yours" (the owner said so), "study" or "access log" (seen in it).
    """

    name: str
    low: float
    typical: float
    high: float
    is_habit: bool
    basis: str
    source: str = "default"

    @property
    def span(self) -> Quantiles:
        """Low, typical and high."""
        return self.low, self.typical, self.high


_PEOPLE = {
    "reads_per_write": (
        (10.0, 25.0, 100.0),
        "Requests that only read for each that changes something. Social sites report from 92:8 (all actions) to 50:1 "
        "(Twitter 2013, timelines).",
    ),
    "jobs_per_write": (
        (0.2, 2.0, 100.0),
        "Background jobs (mail, notices, copies) that a write leaves behind. High: federated servers of Mastodon, some "
        "300 jobs a day for each active person.",
    ),
    "objects_per_daily_user": (
        (2.0, 10.0, 150.0),
        "Things that are looked at, such as posts of the last month: 0.05 to 5 posts a day for each daily user.",
    ),
    "zipf_exponent": (
        (0.7, 0.85, 1.0),
        "How much more often the favourites are looked at: rank r as often as 1 / r to this power.",
    ),
}

_MACHINES = {
    "utilization_limit": (
        (0.5, 0.55, 0.6),
        "Share of a fleet's CPUs that the busiest hour may fill: the busiest minute asks for more (peak_minute).",
    ),
    "apply_cost_share": (
        (0.3, 0.5, 0.8),
        "CPU of repeating a write on a replica over that of the write itself. An assumption: it was not measured here.",
    ),
    "object_bytes": (
        (500.0, 2000.0, 20_000.0),
        "Memory of one thing in a cache. An assumption: a row with its text to a rendered fragment.",
    ),
    "cpu_speed": (
        (UNKNOWN_SLOWER, 1.0, UNKNOWN_FASTER),
        "Speed of the rented CPU over that of the machine the study was made on, of plans of whose CPU nothing is "
        "known. Calibrations and published figures go before it; what you say goes before them.",
    ),
}

ASSUMPTIONS: Mapping[str, Assumption] = {
    name: Assumption(name, *span, is_habit=is_habit, basis=basis)
    for is_habit, known in (
        (True, {name: (USUAL_HABITS[name], HABIT_BASIS[name]) for name in GROWTH_HABITS}),
        (True, _PEOPLE),
        (False, _MACHINES),
    )
    for name, (span, basis) in known.items()
}
"""Every assumption by name."""

_AT_MOST = {"utilization_limit": 0.95, "daily_share": 1.0}


def assumptions_with(overrides: Mapping[str, Quantiles], source: str = "yours") -> Mapping[str, Assumption]:
    """All assumptions, with these in place of the defaults.

    Raises SpecError for an unknown name, or a range that is not above 0, in order and possible.
    """
    found = dict(ASSUMPTIONS)
    for name, (low, typical, high) in overrides.items():
        if name not in found:
            raise _refused(f"there is no assumption {name!r}; there are {', '.join(found)}.")
        if not 0 < low <= typical <= high or not math.isfinite(high):
            raise _refused(f"{name}: low, typical and high must be above 0 and in that order.")
        if high > _AT_MOST.get(name, math.inf):
            raise _refused(f"{name}: at most {_AT_MOST[name]:g}.")
        old = found[name]
        found[name] = Assumption(name, low, typical, high, old.is_habit, old.basis, source)
    return found


def _refused(why: str) -> SpecError:
    return SpecError(why, where="--assume")
