"""`seatrial advise STUDY --users N` or `--rps N`: which plan, read, reckoned, told."""

import argparse
import json
from collections.abc import Mapping

from seatrial.advise.need import RATE_MAX_RPS, USERS_MAX
from seatrial.command_line.quantities import number, share
from seatrial.commands import advise_plan
from seatrial.errors import SpecError
from seatrial.report.advice_document import advice_json
from seatrial.report.advice_terminal import advice_text

__all__ = ["run_advise_plan"]


def run_advise_plan(options: argparse.Namespace, habits: Mapping[str, tuple[float, float, float]]) -> int:
    """Runs the command; the exit status is 1 when something was asked for and no plan holds.

    habits: said on the command line, before all others.
    """
    if options.users is not None and options.rps is not None:
        raise SpecError(
            "people and a rate are both given.",
            where="--users, --rps",
            try_this="Give one of them: the other follows from people's habits.",
        )
    users = rate_rps = headroom = None
    if options.users is not None:
        users = number("--users", options.users, at_most=USERS_MAX, example="20000")
    if options.rps is not None:
        rate_rps = number("--rps", options.rps, at_most=RATE_MAX_RPS, example="50")
    if options.headroom is not None:
        headroom = share("--headroom", options.headroom, example="0.3")
    advice = advise_plan(
        options.study,
        users=users,
        rate_rps=rate_rps,
        headroom=headroom,
        habits=habits,
        access_logs=options.access_log or (),
        own_plans=options.plans,
        calibration_here=options.calibration_here,
        calibration_there=options.calibration_there,
    )
    text = f"{json.dumps(advice_json(advice), indent=2)}\n" if options.json else advice_text(advice)
    print(text, end="")  # noqa: T201 - the command line's own output
    return 0 if advice.need is None or advice.chosen is not None else 1
