"""What `seatrial tune` can be told, as argparse declares it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["TUNE_EXIT_STATUS", "add_tune"]

TUNE_EXIT_STATUS = """exit status:
  0  found
  1  nothing that was tried meets the objective
  2  wrong usage, or a file that cannot be used
  3  the rig failed, or was not fit to measure
130  interrupted (what was seen is kept in tune.partial.json)
"""


def add_tune(commands: "Commands") -> argparse.ArgumentParser:
    """Adds the command; who calls it sets its function."""
    parser = commands.add_parser(
        "tune",
        help="find the best workers and threads for an app on a plan",
        description="Seeks the kind of worker, the number of workers and of threads with which an app under gunicorn "
        "carries most within the objective, inside a plan's memory and database connections. A model says which "
        "settings are worth a start, starts say which are best, and gunicorn's and Heroku's defaults are tried "
        "beside them. Writes tune.json.",
        epilog=TUNE_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("spec", metavar="FILE", type=Path, help="a seatrial.toml, or the folder it is in")
    parser.add_argument("--plan", metavar="ID", default="", help="a plan of `seatrial plans list`, not the file's")
    parser.add_argument(
        "--budget-minutes", metavar="N", default="10", help="at most about this long (10); it may end sooner"
    )
    parser.add_argument("--quick", action="store_true", help="shorter and fewer starts: a first look, wide intervals")
    parser.add_argument("--json", action="store_true", help="print the same as JSON")
    parser.add_argument("--results", metavar="DIR", type=Path, help="where tune.json goes")
    parser.add_argument(
        "--allow-noise", action="store_true", help="measure on a busy machine too, with a caveat on every number"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    return parser
