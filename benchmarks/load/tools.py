"""What a load generator is to this comparison: how it is told to do each thing, and where it says what it saw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from processes import Ended

__all__ = ["SCRIPTS", "Command", "Load", "Quantiles", "Tool", "quantiles_of"]

SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of a tool. url: without a slash at its end. rate_rps: 0 for as fast as it goes.

    seconds: whole, since wrk and Locust know no others.
    """

    url: str
    seconds: int
    connections: int = 32
    rate_rps: float = 0.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Command:
    """What comes after the program's own name, and what the environment adds. accept: right exit statuses."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    accept: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Response times in milliseconds as a tool tells them; about: the tool tells neighbours of p95 only."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    p999_ms: float
    about: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """One way to run one program; None for what it cannot do.

    plain: the small page by 32 connections; journey: 32 signed-in people; paced: the small page at a rate. seen: the
    quantiles of a paced run, from how it ended and from the files it left in its folder. pace: how it keeps a rate.
    """

    name: str
    program: str
    plain: Callable[[Load], Command] | None = None
    journey: Callable[[Load], Command] | None = None
    paced: Callable[[Load], Command] | None = None
    seen: Callable[[Ended, Path], Quantiles] | None = None
    pace: str = ""


def quantiles_of(samples_ms: Sequence[float]) -> Quantiles:
    """The quantiles of single response times: the smallest value that so many are not above."""
    if not samples_ms:
        raise ValueError("the tool told no response time")
    ordered = sorted(samples_ms)

    def at(share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Quantiles(at(0.5), at(0.95), at(0.99), at(0.999))
