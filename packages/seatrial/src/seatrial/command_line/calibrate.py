"""`seatrial calibrate`: measure or hand out, keep, tell."""

import argparse
import sys
from pathlib import Path

import msgspec

from seatrial.command_line.quantities import whole_number
from seatrial.commands import calibrate, hand_out_calibration, keep
from seatrial.errors import SpecError
from seatrial.report.calibration_words import calibration_page

__all__ = ["run_calibrate"]


def run_calibrate(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    slices = whole_number("--slices", options.slices, at_most=10_000, example="40")
    if options.write is not None:
        if options.out is not None:
            raise SpecError("measures, but --write only writes.", where="--out", try_this="Leave one of the two out.")
        hand_out_calibration(options.write)
        print(  # noqa: T201 - the command line's own output
            f"{options.write}: copy it to the server and run it there with the Python of your app:\n"
            f"    python3 {options.write.name} --plan ID --out there.json"
        )
        return 0
    found = calibrate(options.python or Path(sys.executable), slices=slices, plan_id=options.plan or "")
    text = msgspec.json.format(msgspec.json.encode(found), indent=1)
    if options.out is not None:
        keep(options.out, text + b"\n")
    print(text.decode() if options.json else calibration_page(found), end="\n" if options.json else "")  # noqa: T201
    return 0
