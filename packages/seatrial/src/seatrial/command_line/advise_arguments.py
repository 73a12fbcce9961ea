"""What `seatrial advise` can be told, as argparse declares it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["ADVISE_EXIT_STATUS", "add_advise"]

ADVISE_EXIT_STATUS = """exit status:
  0  a plan holds, or nothing was asked for; with --growth: told
  1  no plan of the catalogue surely holds
  2  wrong usage, or a file that cannot be used
"""


def add_advise(commands: "Commands") -> argparse.ArgumentParser:
    """Adds the command; who calls it sets its function."""
    parser = commands.add_parser(
        "advise",
        help="reckon from a study.json which plan is enough, and what more people would need",
        description="Reads a study and reckons which hosting plan is enough for so many people, why no cheaper one is, "
        "what gives way first and what would help most; with --growth, what many more people would need: machines, "
        "databases, their cost. Nothing is measured. Every number is a range, since nobody knows people's habits "
        "beforehand.",
        epilog=ADVISE_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", metavar="STUDY", type=Path, help="a study.json")
    parser.add_argument(
        "--growth", action="store_true", help="what 1 thousand to 10 million daily users need, step by step"
    )
    parser.add_argument(
        "--users",
        metavar="N[,N...]",
        help="people who come on a day, such as 20000; with --growth these counts instead, such as 5000,200000 "
        "(default: the study's own target, else what each plan carries is told)",
    )
    parser.add_argument("--rps", metavar="R", help="instead of people, requests per second of the busiest hour")
    parser.add_argument(
        "--headroom",
        metavar="SHARE",
        help="the share of the capacity to keep free (default: the study's own, else 0.3)",
    )
    parser.add_argument(
        "--access-log",
        metavar="FILE",
        type=Path,
        action="append",
        default=None,
        help="what people did, in the place of guesses: a web server's log, combined or common or JSON lines, packed "
        "or not. May be given several times",
    )
    parser.add_argument(
        "--plans",
        metavar="FILE",
        type=Path,
        help="a TOML file of your own plans, which change and add to the catalogue",
    )
    parser.add_argument(
        "--calibration-here", metavar="FILE", type=Path, help="what calibrate wrote on the machine that measured"
    )
    parser.add_argument(
        "--calibration-there", metavar="FILE", type=Path, help="what it wrote on a server that could be rented"
    )
    parser.add_argument(
        "--assume",
        metavar="NAME=LOW,TYPICAL,HIGH",
        action="append",
        default=None,
        help="what you know better than the defaults, such as sessions_per_day=2,4,9; one number stands for all three. "
        "May be given several times; the names are those of [habits], and of what --growth prints",
    )
    parser.add_argument("--json", action="store_true", help="print the same as JSON")
    return parser
