"""What `seatrial levers` can be told, as argparse declares it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["LEVERS_EXIT_STATUS", "add_levers"]

LEVERS_EXIT_STATUS = """exit status:
  0  tried and told
  2  wrong usage, or a file that cannot be used
  3  the rig failed, or was not fit to measure
130  interrupted (what was seen is kept in levers.partial.json)
"""


def add_levers(commands: "Commands") -> argparse.ArgumentParser:
    """Adds the command; who calls it sets its function."""
    parser = commands.add_parser(
        "levers",
        help="try every setting that may carry more people, and tell what each is worth",
        description="Changes one thing at a time (workers, threads, kind of worker, servers beside the app, the "
        "levers of your own file), starts the app without and with it in turn on the same data, and tells what each "
        "did: better, worse, no effect, or cannot tell. Then it tries together what helps. Writes levers.json and "
        "levers.html.",
        epilog=LEVERS_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("spec", metavar="FILE", type=Path, help="a seatrial.toml, or the folder it is in")
    parser.add_argument(
        "--budget-minutes",
        metavar="N",
        default="20",
        help="at most about this long; the less there is, the fewer levers are tried and the wider are the intervals",
    )
    parser.add_argument("--only", metavar="NAME,...", help="try these levers alone, such as threads-16,workers-2")
    parser.add_argument(
        "--quick", action="store_true", help="two short pairs of starts for each lever: a first look, wide intervals"
    )
    parser.add_argument("--json", action="store_true", help="print the same as JSON")
    parser.add_argument("--results", metavar="DIR", type=Path, help="where levers.json and levers.html go")
    parser.add_argument(
        "--allow-noise", action="store_true", help="measure on a busy machine too, with a caveat on every number"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    return parser
