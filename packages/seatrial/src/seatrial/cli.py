"""Arguments -> one function -> exit status; the only place that prints an error or exits."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial import __version__
from seatrial.command_line.advise_arguments import add_advise
from seatrial.command_line.export_arguments import add_export
from seatrial.command_line.init_arguments import add_doctor, add_init
from seatrial.command_line.levers_arguments import add_levers
from seatrial.command_line.load_arguments import add_load
from seatrial.command_line.plans_arguments import add_calibrate, add_plans
from seatrial.command_line.tune_arguments import add_tune
from seatrial.errors import SeatrialError

if TYPE_CHECKING:  # the pipeline is imported by the command that needs it: --help stays fast
    from seatrial.advise.findings import Findings
    from seatrial.measure.progress import Report

__all__ = ["build_parser", "main"]

EXIT_STATUS = """exit status:
  0  the objective is met
  1  the objective is not met
  2  wrong usage, or a file that cannot be used
  3  the rig failed, or was not fit to measure
130  interrupted (what was seen is kept in study.partial.json)
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="seatrial",
        description="How many requests can one worker of your Python web app handle, and is the cheapest plan enough?",
        epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"seatrial {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    add_init(commands, _init)
    add_doctor(commands, _doctor)
    measure = commands.add_parser(
        "measure",
        help="measure an app as its seatrial.toml declares it",
        description="Starts the app and its database inside the plan's limits, drives it, and tells what one worker "
        "and the whole plan can carry. Writes study.json and report.html.",
        epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    measure.add_argument("spec", metavar="FILE", type=Path, help="a seatrial.toml, or the folder it is in")
    measure.add_argument("--json", action="store_true", help="print the findings as JSON instead of text")
    measure.add_argument("--quick", action="store_true", help="one start, short trials: a first look, no interval")
    measure.add_argument(
        "--sizes",
        metavar="N,N,N",
        help="three or more amounts of data, such as 1000,10000,100000, in place of measure.sizes",
    )
    measure.add_argument(
        "--allow-noise", action="store_true", help="measure on a busy machine too, with a caveat on every number"
    )
    measure.add_argument("--results", metavar="DIR", type=Path, help="where study.json and report.html go")
    measure.add_argument("--quiet", action="store_true", help="no progress on standard error")
    measure.add_argument(
        "--allow-remote", action="store_true", help="allow subject.url to be on another machine, which you may load"
    )
    measure.set_defaults(function=_measure)

    report = commands.add_parser(
        "report",
        help="draw the conclusions again from a study.json",
        description="Reads a study and tells its findings again; nothing is measured.",
    )
    report.add_argument("study", metavar="STUDY", type=Path, help="a study.json")
    report.add_argument("--json", action="store_true", help="print the findings as JSON instead of text")
    report.add_argument("--html", metavar="PATH", type=Path, help="also write the page to PATH")
    report.set_defaults(function=_report)

    add_advise(commands).set_defaults(function=_advise)
    add_levers(commands).set_defaults(function=_levers)
    add_tune(commands).set_defaults(function=_tune)
    add_load(commands).set_defaults(function=_load)
    add_export(commands).set_defaults(function=_export)
    plans_list, plans_show = add_plans(commands)
    plans_list.set_defaults(function=_plans_list)
    plans_show.set_defaults(function=_plans_show)
    add_calibrate(commands).set_defaults(function=_calibrate)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    options = build_parser().parse_args(arguments)
    function: Callable[[argparse.Namespace], int] = options.function
    try:
        return function(options)
    except SeatrialError as error:
        print(f"\nseatrial: {error}", file=sys.stderr)  # noqa: T201 - the command line's own output
        return error.exit_status
    except KeyboardInterrupt:
        print(  # noqa: T201
            "\nseatrial: interrupted; everything it started has been ended. What was seen, if anything, is in "
            "study.partial.json, levers.partial.json or tune.partial.json in the results folder.",
            file=sys.stderr,
        )
        return 130
    except BrokenPipeError:
        # Whoever read the answer has seen enough, such as `head`; the interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:  # noqa: BLE001 - the last line of defence: a fault of ours must not look like a verdict
        traceback.print_exc()
        print(  # noqa: T201
            "\nseatrial: this is a fault of Seatrial itself, not of your app; the lines above say where.",
            file=sys.stderr,
        )
        return 3


def _measure(options: argparse.Namespace) -> int:
    from seatrial.command_line.progress import Progress, near
    from seatrial.command_line.quantities import whole_numbers
    from seatrial.commands import measure

    with Progress(quiet=options.quiet) as progress:

        def tell(report: "Report") -> None:
            left = f"about {_words(report.remaining_s)} left" if report.remaining_s >= 1 else "nearly done"
            progress.step(f"[{progress.elapsed_s:4.0f} s, {left}] {report.text}")

        measured = measure(
            options.spec,
            tell=tell,
            quick=options.quick,
            results=options.results,
            allow_remote=options.allow_remote,
            allow_noise=options.allow_noise,
            sizes=whole_numbers("--sizes", options.sizes, at_most=1_000_000_000, example="1000,10000,100000"),
        )
        written = f"{near(measured.study_path)} and {near(measured.report_path)}"
        progress.line(f"[{progress.elapsed_s:4.0f} s] wrote {written}")
    return _told(measured.findings, as_json=options.json)


def _report(options: argparse.Namespace) -> int:
    from seatrial.commands import report

    return _told(report(options.study, options.html), as_json=options.json)


def _advise(options: argparse.Namespace) -> int:
    from seatrial.command_line.advise import run_advise

    return run_advise(options)


def _levers(options: argparse.Namespace) -> int:
    from seatrial.command_line.levers import run_levers

    return run_levers(options)


def _tune(options: argparse.Namespace) -> int:
    from seatrial.command_line.tune import run_tune

    return run_tune(options)


def _load(options: argparse.Namespace) -> int:
    from seatrial.command_line.load import run_load

    return run_load(options)


def _export(options: argparse.Namespace) -> int:
    from seatrial.command_line.export import run_export

    return run_export(options)


def _plans_list(options: argparse.Namespace) -> int:
    from seatrial.command_line.plans import run_plans_list

    return run_plans_list(options)


def _plans_show(options: argparse.Namespace) -> int:
    from seatrial.command_line.plans import run_plans_show

    return run_plans_show(options)


def _doctor(options: argparse.Namespace) -> int:
    from seatrial.command_line.doctor import run_doctor

    return run_doctor(options)


def _init(options: argparse.Namespace) -> int:
    from seatrial.command_line.init import run_init

    return run_init(options)


def _calibrate(options: argparse.Namespace) -> int:
    from seatrial.command_line.calibrate import run_calibrate

    return run_calibrate(options)


def _told(findings: "Findings", *, as_json: bool) -> int:
    from seatrial.report.document import findings_json
    from seatrial.report.terminal import answer

    print(json.dumps(findings_json(findings), indent=2) if as_json else answer(findings))  # noqa: T201
    return {"sustained": 0, "violated": 1}.get(findings.verdict, 3)


def _words(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
