"""`seatrial load`: plan, load, tell, exit status."""

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.report.load_figures import LoadFigures

__all__ = ["run_load"]

_WIDTH_MAX = 100


def run_load(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status, see LOAD_EXIT_STATUS."""
    from seatrial.command_line.load_plan import load_plan
    from seatrial.command_line.load_progress import progress_line
    from seatrial.command_line.progress import Progress
    from seatrial.commands import load
    from seatrial.report.load_figures import load_figures
    from seatrial.report.load_words import in_words
    from seatrial.report.numbers import time_words

    plan = load_plan(options)
    started_at = datetime.now(UTC)
    try:
        with Progress(quiet=options.quiet) as progress:
            if not progress.is_renewed:
                progress.line(f"seatrial: {time_words(plan.lead_in_s + plan.duration_s)} of load on {plan.base_url}")
            show = (lambda glance: progress.renew(progress_line(glance, plan))) if progress.is_watched else None
            result = load(plan, tell=progress.renew, show=show)
    except KeyboardInterrupt:
        print("\nseatrial: interrupted before anything was measured.", file=sys.stderr)  # noqa: T201
        return 130
    figures = load_figures(result, options.url, started_at)
    if not progress.is_renewed:
        # On a terminal the figures themselves follow at the same place.
        failed = f", {figures.requests - figures.answered:,} failed" if figures.errors else ""
        took = time_words(progress.elapsed_s)
        progress.line(f"seatrial: {in_words(figures.requests, 'request')} in {took}{failed}")
    _print(figures, as_json=options.json)
    if figures.requests and not figures.answered:
        first = f" The first: {figures.failures[0]}" if figures.failures else ""
        print(f"seatrial: every request failed.{first}", file=sys.stderr)  # noqa: T201
    return _status(figures)


def _print(figures: "LoadFigures", *, as_json: bool) -> None:
    from seatrial.report.load_document import load_json
    from seatrial.report.load_terminal import load_answer

    if as_json:
        # Flushed here, so that a reader who has seen enough, such as `head`, is noticed here.
        print(json.dumps(load_json(figures), indent=2), flush=True)  # noqa: T201 - the command line's own output
        return
    on_terminal = sys.stdout.isatty()
    width = min(_WIDTH_MAX, shutil.get_terminal_size().columns) if on_terminal else 80
    answer = load_answer(
        figures,
        width,
        styled=on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb",
        blocks=_can_show_blocks(),
    )
    print(answer, end="", flush=True)  # noqa: T201


def _can_show_blocks() -> bool:
    try:
        "▁".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _status(figures: "LoadFigures") -> int:
    if figures.interrupted:
        return 130
    if figures.requests and not figures.answered:
        return 1
    return 0 if figures.generator.valid else 3
