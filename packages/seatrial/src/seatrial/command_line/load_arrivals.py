"""How much load, when and for how long: the schedule that the arguments of `seatrial load` ask for."""

import argparse
import math
from dataclasses import replace

from seatrial.command_line.quantities import number, seconds, whole_number
from seatrial.errors import LoadError, SpecError
from seatrial.load.arrivals.day import Day
from seatrial.load.arrivals.profile import Profile
from seatrial.load.arrivals.recorded import read_recorded
from seatrial.load.arrivals.shapes import Arrivals, Constant, Poisson

__all__ = ["load_arrivals", "load_concurrency", "load_duration_s", "load_warm_up_s"]

DURATION_S = 10.0
DURATION_MAX_S = 7 * 86_400.0
CONCURRENCY_MAX = 20_000
_RATE_MAX_RPS = 1_000_000.0
_WAYS = ("rate", "profile", "day", "replay", "concurrency")
_POINTS = '"0:10,60:200"'


def load_concurrency(options: argparse.Namespace) -> int | None:
    """Requests on their way in a closed loop; None for an open loop. SpecError unless exactly one way is asked for."""
    given = [name for name in _WAYS if getattr(options, name) is not None]
    if not given:
        raise SpecError(
            "how much load? Nothing says it.",
            try_this="At a rate, as visitors come: --rate 50. Or as much as fits, a number of requests always on their "
            "way: --concurrency 8.",
        )
    if len(given) > 1:
        raise SpecError(
            f"--{given[0]} and --{given[1]} stand side by side.",
            try_this="Each says how much load there is: leave one of them out.",
        )
    if options.replay_speed is not None and options.replay is None:
        raise SpecError("is about --replay.", where="--replay-speed", try_this="Name a file: --replay times.txt")
    if options.arrivals is not None and given[0] in {"replay", "concurrency"}:
        raise SpecError(
            f"nothing is left to choose with --{given[0]}: when requests begin follows from it.",
            where="--arrivals",
            try_this="Leave it out.",
        )
    if options.concurrency is None:
        return None
    return whole_number("--concurrency", options.concurrency, at_most=CONCURRENCY_MAX, example="8")


def load_arrivals(options: argparse.Namespace, spacing: str, warm_up_s: float) -> tuple[Arrivals, float]:
    """When requests begin, and for how many seconds after the warm-up; spacing: "poisson" or "constant"."""
    if options.rate is not None:
        rate_rps = number("--rate", options.rate, at_most=_RATE_MAX_RPS, example="200")
        steady = Constant if spacing == "constant" else Poisson
        return steady(rate_rps), load_duration_s(options, DURATION_S)
    if options.profile is not None:
        profile = _profile(options.profile, spacing)
        # The whole schedule begins with the warm-up: at the profile's first rate.
        points = [(at_s + warm_up_s, rate_rps) for at_s, rate_rps in profile.points]
        shifted = replace(profile, points=((0.0, points[0][1]), *points)) if warm_up_s else profile
        return shifted, load_duration_s(options, profile.length_s or DURATION_S)
    if warm_up_s:
        name = "--day" if options.day is not None else "--replay"
        raise SpecError(f"there is none before {name}.", where="--warm-up", try_this="Leave it out.")
    if options.day is not None:
        peak_rps = number("--day", options.day, at_most=_RATE_MAX_RPS, example="100")
        if options.duration is None:
            raise SpecError(
                "how long does the day take?",
                where="--day",
                try_this="Squeeze it, --duration 5m: rates stay, their changes come faster. Or run it whole: 24h.",
            )
        duration_s = load_duration_s(options, DURATION_S)
        return Day(peak_rps, day_s=duration_s, spacing=spacing), duration_s
    speed = 1.0
    if options.replay_speed is not None:
        speed = number("--replay-speed", options.replay_speed, at_most=1e6, example="2")
    recorded = read_recorded(options.replay, speed=speed)
    return recorded, load_duration_s(options, min(recorded.length_s, DURATION_MAX_S))


def load_duration_s(options: argparse.Namespace, unless_said_s: float) -> float:
    """How long the load takes, without its warm-up."""
    if options.duration is None:
        return unless_said_s
    return seconds("--duration", options.duration, at_most_s=DURATION_MAX_S, example="20")


def load_warm_up_s(options: argparse.Namespace) -> float:
    """How long load goes before that is not counted."""
    return 0.0 if options.warm_up is None else seconds("--warm-up", options.warm_up, at_most_s=3600.0, example="5")


def _profile(text: str, spacing: str) -> Profile:
    points = []
    for part in text.split(","):
        at, colon, rate = part.partition(":")
        try:
            point = (float(at), float(rate)) if colon else None
        except ValueError:
            point = None
        if point is None or not all(map(math.isfinite, point)):
            raise SpecError(
                f"{part.strip()!r} is no point of a profile.",
                where="--profile",
                try_this=f"A point is seconds:rate, and points are parted by commas: --profile {_POINTS}",
            )
        points.append(point)
    try:
        return Profile(tuple(points), spacing)
    except LoadError as error:
        raise SpecError(error.what, where="--profile", try_this=f"Write it so: --profile {_POINTS}") from None
