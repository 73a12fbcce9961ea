"""Runs the file of web-like work here, or hands it out to be run elsewhere."""

import subprocess
from importlib.resources import files
from pathlib import Path

from seatrial.errors import TestbedError
from seatrial.measure.calibration_result import CalibrationResult, calibration_of

__all__ = ["run_calibration", "work_file"]

SECONDS_PER_SLICE_MAX = 10.0
"""A unit of work takes about 10 ms; on a throttled tenth of a CPU the half-second is still kept."""


def work_file() -> bytes:
    """The file itself: one file, nothing but the standard library, Python 3.8 and newer."""
    return (files("seatrial.measure") / "web_work.py").read_bytes()


def run_calibration(python: Path, slices: int) -> CalibrationResult:
    """Does the work with that Python in a process of its own.

    Raises:
        TestbedError: that Python does not start, fails, or takes longer than any machine needs.
    """
    # Isolated: neither this folder's modules nor the user's settings may stand in for the standard library's.
    command = [str(python), "-I", str(files("seatrial.measure") / "web_work.py"), "--json", "--slices", str(slices)]
    give_another = "Give the Python that runs your app: --python .venv/bin/python (3.8 or newer)."
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            timeout=60 + slices * SECONDS_PER_SLICE_MAX,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise TestbedError(
            f"this Python does not start: {error.strerror or error}.", where=str(python), try_this=give_another
        ) from error
    except subprocess.TimeoutExpired as error:
        raise TestbedError(
            "the work did not end in time.", where=str(python), try_this="Is the machine busy?"
        ) from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-12:]
        raise TestbedError("the work failed.", where=str(python), try_this=give_another, details="\n".join(last))
    return calibration_of(done.stdout, str(python))
