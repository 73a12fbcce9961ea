"""`seatrial advise`: read, reckon, tell."""

import argparse
import json
from collections.abc import Mapping, Sequence

from seatrial.command_line.quantities import number, share
from seatrial.errors import SpecError

__all__ = ["assumptions_of", "run_advise", "user_counts"]

USERS_MAX = 10_000_000_000
COUNTS_MAX = 10
VALUE_MAX = 1e12


def run_advise(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    assumed = assumptions_of(options.assume or ())
    if not options.growth:
        from seatrial.command_line.advise_plan import run_advise_plan

        return run_advise_plan(options, assumed)
    if options.rps is not None:
        raise SpecError("it says nothing to --growth.", where="--rps", try_this="Leave one of the two out.")
    from seatrial.commands import advise_growth
    from seatrial.report.document import plain
    from seatrial.report.growth_terminal import growth_answer

    growth = advise_growth(
        options.study,
        user_counts(options.users),
        assumed,
        headroom=None if options.headroom is None else share("--headroom", options.headroom, example="0.3"),
        access_logs=options.access_log or (),
        own_plans=options.plans,
        calibration_here=options.calibration_here,
        calibration_there=options.calibration_there,
    )
    print(  # noqa: T201 - the command line's own output
        json.dumps(plain(growth), indent=2) if options.json else growth_answer(growth)
    )
    return 0


def user_counts(text: str | None) -> Sequence[float]:
    """Counts of daily users: `5000,200000`; none for None. SpecError for what is none, or for too many."""
    if text is None:
        return ()
    counts = [number("--users", part, at_most=USERS_MAX, example="5000,200000") for part in text.split(",")]
    if len(counts) > COUNTS_MAX:
        raise SpecError(f"{len(counts)} counts are more than {COUNTS_MAX}.", where="--users")
    return counts


def assumptions_of(given: Sequence[str]) -> Mapping[str, tuple[float, float, float]]:
    """`NAME=LOW,TYPICAL,HIGH` or `NAME=VALUE` each; SpecError for what is not so, or is said twice."""
    found: dict[str, tuple[float, float, float]] = {}
    example = "sessions_per_day=2,4,9"
    for text in given:
        name, equals, values = text.partition("=")
        parts = values.split(",")
        if not name.strip() or not equals or len(parts) not in {1, 3}:
            raise SpecError(
                f"{text!r} is not NAME=LOW,TYPICAL,HIGH.", where="--assume", try_this=f"Write it so: --assume {example}"
            )
        if name.strip() in found:
            raise SpecError(f"{name.strip()} is said twice.", where="--assume")
        numbers = [number("--assume", part, at_most=VALUE_MAX, example=example) for part in parts]
        low, typical, high = numbers if len(numbers) == 3 else numbers * 3
        found[name.strip()] = (low, typical, high)
    return found
