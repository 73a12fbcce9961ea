"""`seatrial levers`: try, tell."""

import argparse
import json

from seatrial.command_line.progress import Progress, near
from seatrial.command_line.quantities import number
from seatrial.commands import levers
from seatrial.measure.progress import Report
from seatrial.report.levers_document import levers_json
from seatrial.report.levers_terminal import levers_answer

__all__ = ["run_levers"]

BUDGET_MINUTES_MAX = 24 * 60


def run_levers(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    minutes = number("--budget-minutes", options.budget_minutes, at_most=BUDGET_MINUTES_MAX, example="20")
    only = [name.strip() for name in options.only.split(",") if name.strip()] if options.only else []
    with Progress(quiet=options.quiet) as progress:

        def tell(report: Report) -> None:
            left = f"about {max(1, round(report.remaining_s / 60))} min left" if report.remaining_s > 45 else "soon"
            progress.step(f"[{progress.elapsed_s:4.0f} s, {left}] {report.text}")

        found = levers(
            options.spec,
            tell=tell,
            budget_s=60.0 * minutes,
            only=only,
            quick=options.quick,
            results=options.results,
            allow_noise=options.allow_noise,
        )
        progress.line(f"[{progress.elapsed_s:4.0f} s] wrote {near(found.json_path)} and {near(found.page_path)}")
    if options.json:
        print(json.dumps(levers_json(found.findings), indent=2))  # noqa: T201 - the command line's own output
    else:
        print(levers_answer(found.findings), end="")  # noqa: T201
    return 0
