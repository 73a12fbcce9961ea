"""`seatrial export`: read, write, tell."""

import argparse
import sys
import urllib.parse
from pathlib import Path

from seatrial.command_line.load_workload import workload_of_file
from seatrial.command_line.quantities import number, seconds, whole_number
from seatrial.errors import SpecError
from seatrial.export.journeys_folder import journeys_folder, socket_steps
from seatrial.export.order import ExportOrder
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.slo import SLO

__all__ = ["export_order", "run_export"]

_OF_ANOTHER_TOOL = {"locust": ("duration", "k6"), "k6": ("users", "Locust")}


def run_export(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from seatrial.commands import export

    order = export_order(options)
    folder: Path = options.out or Path(f"load-{order.tool}")
    written = export(order, folder, overwrite=options.overwrite)
    for path in written:
        print(path)  # noqa: T201 - the command line's own output
    print(f"\nThe head of {written[0]} says how to start it.")  # noqa: T201
    journeys = order.workload.journeys
    if journeys is not None and (steps := socket_steps(journeys_folder(journeys))):
        print(  # noqa: T201
            f"seatrial: {journeys.name} uses {' and '.join(f'{step}()' for step in steps)}, which is not exported: a "
            "journey that comes to it fails there. Leave such journeys out with --mix.",
            file=sys.stderr,
        )
    return 0


def export_order(options: argparse.Namespace) -> ExportOrder:
    """What is asked for; SpecError for what cannot be."""
    tool: str = options.tool
    option, other = _OF_ANOTHER_TOOL[tool]
    if getattr(options, option) is not None:
        raise SpecError(f"is of {other}.", where=f"--{option}", try_this="Leave it out.")
    path: Path = options.journeys
    workload = workload_of_file(options)
    slo, target_rps = SLO(), None
    if path.suffix == ".toml" or path.is_dir():
        spec = read_trial_spec(path, allow_remote=True)
        slo, target_rps = spec.slo, spec.target_rps
    users = workload.people
    if options.users is not None:
        users = whole_number("--users", options.users, at_most=1_000_000, example="30")
    duration_s = 300.0
    if options.duration is not None:
        duration_s = seconds("--duration", options.duration, at_most_s=7 * 86_400, at_least_s=1, example="5m")
    return ExportOrder(
        tool=tool,
        workload=workload,
        name="seatrial.toml" if path.is_dir() else path.name,
        rate_rps=_rate_rps(options.rate, target_rps),
        users=users,
        slo=slo,
        duration_s=duration_s,
        host=_host(options.host),
    )


def _rate_rps(given: str | None, target_rps: float | None) -> float:
    if given is not None:
        return number("--rate", given, at_most=1_000_000, example="200")
    if target_rps is None:
        raise SpecError(
            "at which rate? Nothing says it.",
            where="seatrial export",
            try_this="Say how many journeys or operations begin per second: --rate 200. Or write it in seatrial.toml: "
            "[target] with rate_rps = 200.",
        )
    return target_rps


def _host(given: str | None) -> str:
    if given is None:
        return ""
    text = given.strip().rstrip("/")
    try:
        parts = urllib.parse.urlsplit(text)
        is_address = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        is_address = False
    if not is_address or text != f"{parts.scheme}://{parts.netloc}" or parts.username is not None or not text.isascii():
        raise SpecError(
            f"{given!r} is no address.", where="--host", try_this="Write it so, without a path: http://10.0.0.5:8000"
        )
    return text
