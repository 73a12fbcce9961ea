"""The arguments of `seatrial init` and `seatrial doctor`."""

import argparse
from collections.abc import Callable
from pathlib import Path

__all__ = ["add_doctor", "add_init"]

DESCRIPTION = """\
Looks at a project, starts its app with a private database, opens its pages, and
writes what it found into a seatrial.toml (and a journeys.py, when somebody signs
in). Your files are not changed, and only requests that change nothing are sent,
unless you allow --sign-up.
"""
EPILOG = """\
Then:  seatrial measure seatrial.toml
"""


def add_init(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", function: Callable[[argparse.Namespace], int]
) -> None:
    """Adds the command to the command line."""
    init = commands.add_parser(
        "init",
        help="look at a project and write a seatrial.toml for it",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    init.add_argument("path", metavar="PATH", type=Path, nargs="?", default=Path(), help="the project's folder (here)")
    init.add_argument(
        "--app", metavar="MODULE:NAME", default="", help="the app, such as shop:app or 'shop:create_app()'"
    )
    init.add_argument("--command", metavar="LINE", default="", dest="start", help="your own command line, with {port}")
    init.add_argument("--python", metavar="FILE", type=Path, help="the Python that has the app's packages")
    init.add_argument(
        "--prepare", metavar="LINE", action="append", default=[], help="a command that makes data or people, run once"
    )
    init.add_argument("--user", metavar="NAME", default="", help="somebody who can sign in")
    init.add_argument("--password", metavar="WORD", default="", help="of --user")
    init.add_argument(
        "--sign-up", action="store_true", help="make people by the app's own form or Django's command, in private data"
    )
    init.add_argument("--log", metavar="FILE", type=Path, action="append", default=[], help="an access log of the app")
    init.add_argument("--openapi", metavar="FILE", type=Path, help="an OpenAPI description of the app, as JSON")
    init.add_argument("--locust", metavar="FILE", type=Path, help="a Locust file, for how often what is asked for")
    init.add_argument("--har", metavar="FILE", type=Path, help="a visit recorded by a browser, as the workload")
    init.add_argument("--overwrite", action="store_true", help="replace files that are there already")
    init.add_argument("--json", action="store_true", help="print what was found as JSON instead of a table")
    init.add_argument("--quiet", action="store_true", help="no progress on standard error")
    init.set_defaults(function=function)


def add_doctor(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", function: Callable[[argparse.Namespace], int]
) -> None:
    """Adds the command to the command line."""
    doctor = commands.add_parser(
        "doctor",
        help="look whether this machine and project would give a good answer",
        description="Looks at CPUs, limits, noise, disk and the project's seatrial.toml; says what would make the "
        "answer better. Measures nothing.",
        epilog="exit status: 0 when it can be measured, 2 for a file that cannot be used, 3 when something stops it",
    )
    doctor.add_argument(
        "path", metavar="PATH", type=Path, nargs="?", default=Path(), help="the project's folder (here)"
    )
    doctor.add_argument("--json", action="store_true", help="print the checks as JSON instead of text")
    doctor.set_defaults(function=function)
