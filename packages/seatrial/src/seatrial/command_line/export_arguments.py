"""What `seatrial export` can be told, as argparse declares it."""

import argparse
from pathlib import Path

from seatrial.command_line.workload_arguments import Commands, add_journeys

__all__ = ["EXPORT_EXIT_STATUS", "add_export"]

EXPORT_EXIT_STATUS = """exit status:
  0  the files are written
  2  wrong usage, or a file that cannot be used
"""


def add_export(commands: "Commands[argparse.ArgumentParser]") -> argparse.ArgumentParser:
    """Adds the command; who calls it sets its function."""
    parser = commands.add_parser(
        "export",
        help="write the same workload for Locust or k6, to drive it from several machines",
        description="Writes the workload of a seatrial.toml or of a file of journeys for another load generator, which "
        "can drive it from several machines: the same operations in the same shares. Locust runs journeys as they are, "
        "k6 plain operations only. The head of what is written says how to start it and how to read what it tells.",
        epilog=EXPORT_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("tool", metavar="TOOL", choices=("locust", "k6"), help="locust or k6")
    parser.add_argument(
        "journeys", metavar="FILE", type=Path, help="a seatrial.toml (or the folder it is in), or a file of journeys"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="the folder to write (load-locust or load-k6 if not said)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    parser.add_argument(
        "--rate", metavar="RPS", help="journeys or operations begun per second (if not said: target.rate_rps of FILE)"
    )
    parser.add_argument("--host", metavar="URL", help="the address that will be loaded, such as http://10.0.0.5:8000")
    parser.add_argument(
        "--users",
        metavar="N",
        help="Locust: how many users share the rate; each waits for their answers (if not said: as many as people)",
    )
    parser.add_argument("--duration", metavar="TIME", help="k6: how long the load takes (5 minutes if not said)")
    add_journeys(parser)
    return parser
