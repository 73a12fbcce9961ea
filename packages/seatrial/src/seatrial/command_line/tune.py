"""`seatrial tune`: seek, tell."""

import argparse
import json

from seatrial.command_line.progress import Progress, near
from seatrial.command_line.quantities import number
from seatrial.commands import tune
from seatrial.measure.progress import Report
from seatrial.report.tune_document import tune_json
from seatrial.report.tune_terminal import tune_answer

__all__ = ["run_tune"]

BUDGET_MINUTES_MAX = 24 * 60


def run_tune(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    minutes = number("--budget-minutes", options.budget_minutes, at_most=BUDGET_MINUTES_MAX, example="10")
    with Progress(quiet=options.quiet) as progress:

        def tell(report: Report) -> None:
            left = f"at most {max(1, round(report.remaining_s / 60))} min left" if report.remaining_s > 45 else "soon"
            progress.step(f"[{progress.elapsed_s:4.0f} s, {left}] {report.text}")

        found = tune(
            options.spec,
            tell=tell,
            budget_s=60.0 * minutes,
            plan=options.plan,
            quick=options.quick,
            results=options.results,
            allow_noise=options.allow_noise,
        )
        progress.line(f"[{progress.elapsed_s:4.0f} s] wrote {near(found.json_path)}")
    if options.json:
        print(json.dumps(tune_json(found.findings), indent=2))  # noqa: T201 - the command line's own output
    else:
        print(tune_answer(found.findings), end="")  # noqa: T201
    return 0 if found.findings.best is not None else 1
