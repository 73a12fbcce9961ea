"""What was seen of levers: all that their answer is concluded from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrial.measure.experiment import Seen
from seatrial.measure.measurement import Caveat
from seatrial.spec.lever import Lever

__all__ = ["Comparison", "Forecast", "LeverRecord"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Starts without and with something, in pairs that followed each other.

    base, tried: names of the levers that were pulled in each. pairs: numbers of the starts (without, with).
    """

    base: tuple[str, ...]
    tried: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the model says of a lever before it is measured: highest throughput with it over that without it."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LeverRecord:
    """levers: all that were thought of, those that are none for this app with their refusal.

    forecasts: by the lever's name. fixed_rate_rps: what every start was sent besides being saturated. left_out: names
    of those for which there was no time. failures: name (or names with + between) -> why the app did not work so.
    combined: the levers that were pulled together in the end, in that order.
    """

    created_at: str
    levers: tuple[Lever, ...]
    budget_s: float
    forecasts: Mapping[str, Forecast] = field(default_factory=dict)
    fixed_rate_rps: float | None = None
    starts: tuple[Seen, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    left_out: tuple[str, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)
    combined: tuple[str, ...] = ()
    spent_s: float = 0.0
    complete: bool = False
    caveats: tuple[Caveat, ...] = ()
