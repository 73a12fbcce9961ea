"""What `seatrial plans` and `seatrial calibrate` can be told, as argparse declares it."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.spec.plan_keys import CPU_KINDS

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse has no public name for it

__all__ = ["PLANS_EXIT_STATUS", "add_calibrate", "add_plans"]

PLANS_EXIT_STATUS = """exit status:
  0  told
  2  wrong usage, an unknown plan, or a file that cannot be used
"""

CALIBRATE_EXIT_STATUS = """exit status:
  0  measured, or the file is written
  2  wrong usage, or a file that cannot be written
  3  the Python could not be run
"""


def add_plans(commands: "Commands") -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """Adds `plans list` and `plans show`; who calls it sets the function of each."""
    parser = commands.add_parser(
        "plans",
        help="look up hosting plans: size, price, how fast, whose word it is",
        description="Hosting plans with where and when each price was read. A file of your own may change and add to "
        "them.",
        epilog=PLANS_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inner = parser.add_subparsers(dest="what", required=True, metavar="WHAT", help="list or show")
    listing = inner.add_parser(
        "list",
        help="the plans an app can be put on, cheapest first",
        description="The plans that an app and its database can be put on, cheapest first.",
    )
    listing.add_argument("--provider", metavar="NAME", help="only of this provider, such as hetzner")
    listing.add_argument("--cpu", choices=CPU_KINDS, help="only with vCPUs of this kind")
    listing.add_argument("--max-usd", metavar="USD", help="at most this price a month")
    listing.add_argument("--min-memory-mb", metavar="MB", help="at least this much memory")
    listing.add_argument("--databases", action="store_true", help="database services instead")
    listing.add_argument("--all", action="store_true", help="also those whose size or price is not known")
    show = inner.add_parser(
        "show",
        help="everything known of one plan",
        description="Everything known of one plan: size, price, where it was read and how far to trust that, what a "
        "burst plan gives for ever, how fast and how steady such servers were measured to be.",
    )
    show.add_argument("id", metavar="ID", help="the plan's id, as plans list tells it")
    for each in (listing, show):
        each.add_argument(
            "--plans", metavar="FILE", type=Path, help="a TOML file of your own plans, which change and add to these"
        )
        each.add_argument("--json", action="store_true", help="print all facts as JSON instead")
    return listing, show


def add_calibrate(commands: "Commands") -> argparse.ArgumentParser:
    """Adds the command; who calls it sets its function."""
    parser = commands.add_parser(
        "calibrate",
        help="time web-like work here, or write the file that times it on a server",
        description="Times web-like work (JSON, templates, objects, regular expressions, signatures, SQLite, threads) "
        "for about 22 seconds. Done here and on the server, it tells how much slower the app will be there. With "
        "--write it only writes the file for the server, which needs nothing but Python 3.8 or newer: "
        "python3 calibrate.py --plan ID --out there.json",
        epilog=CALIBRATE_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--write", metavar="FILE", type=Path, help="write the file to be copied to the server, no more")
    parser.add_argument("--out", metavar="FILE", type=Path, help="also keep the figures in FILE, as JSON")
    parser.add_argument(
        "--python",
        metavar="PATH",
        type=Path,
        help="the Python to time: the app's own (the one of Seatrial if not said)",
    )
    parser.add_argument("--plan", metavar="ID", help="the plan of the machine, to be kept with the figures")
    parser.add_argument("--slices", metavar="N", default="40", help="half-seconds of work")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of text")
    return parser
