"""`plans` and `calibrate`: what can be had, and how fast this machine is beside it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seatrial.commands.files import keep
from seatrial.errors import SpecError

if TYPE_CHECKING:  # what only one command needs is imported by it: the others start sooner
    from seatrial.measure.calibration_result import CalibrationResult
    from seatrial.spec.catalog import Catalog

__all__ = ["calibrate", "hand_out_calibration", "plans"]


def plans(own: Path | None = None) -> "Catalog":
    """The catalogue of hosting plans, with the rows of the user's file when one is named.

    Raises:
        SpecError: that file cannot be used.
    """
    from seatrial.spec.catalog import catalog, catalog_with

    return catalog() if own is None else catalog_with(own)


def calibrate(python: Path, *, slices: int = 40, plan_id: str = "") -> "CalibrationResult":
    """Times web-like work on this machine with that Python, `slices` half-seconds long.

    plan_id: the plan that this machine is, when it is one; kept with the figures as it is said.

    Raises:
        TestbedError: the Python cannot be run.
    """
    from seatrial.measure.calibrating import run_calibration

    return replace(run_calibration(python, slices), plan_id=plan_id)


def hand_out_calibration(path: Path) -> None:
    """Writes the file that does the same on another machine.

    Raises:
        SpecError: something else is there, or it cannot be written.
    """
    from seatrial.measure.calibrating import work_file

    content = work_file()
    head = content.splitlines()[:2]
    if path.exists() and (path.is_dir() or path.read_bytes().splitlines()[:2] != head):
        raise SpecError(
            "there is something else, which would be replaced.", where=str(path), try_this="Name another file."
        )
    keep(path, content)
