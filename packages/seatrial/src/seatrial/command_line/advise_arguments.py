"""What `seatrial advise` can be told, as argparse declares it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["ADVISE_EXIT_STATUS", "add_advise"]

ADVISE_EXIT_STATUS = """exit status:
  0  the advice is told
  2  wrong usage, or a study that cannot be used
"""


def add_advise(commands: "Commands") -> argparse.ArgumentParser:
    """Adds the command; who calls it sets its function."""
    parser = commands.add_parser(
        "advise",
        help="reckon from a study.json what more people would need",
        description="Reads a study and reckons what it means for more people than were there: machines, databases, "
        "their cost, and what changes first. Nothing is measured. Every number is a range, since nobody knows people's "
        "habits beforehand.",
        epilog=ADVISE_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", metavar="STUDY", type=Path, help="a study.json")
    parser.add_argument(
        "--growth", action="store_true", help="what 1 thousand to 10 million daily users need, step by step"
    )
    parser.add_argument(
        "--users", metavar="N[,N...]", help="these counts of daily users instead, such as 5000 or 5000,200000"
    )
    parser.add_argument(
        "--assume",
        metavar="NAME=LOW,TYPICAL,HIGH",
        action="append",
        default=None,
        help="what you know better than the defaults, such as sessions_per_day=2,4,9; one number stands for all three. "
        "May be given several times; --growth prints all names",
    )
    parser.add_argument("--json", action="store_true", help="print the same as JSON")
    return parser
