"""One function per command; the only place that knows the whole pipeline."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seatrial.commands.advising import advise_growth, advise_plan
    from seatrial.commands.catalog import calibrate, hand_out_calibration, plans
    from seatrial.commands.discovering import doctor, init
    from seatrial.commands.driving import export, load
    from seatrial.commands.files import keep
    from seatrial.commands.levering import Levered, levers
    from seatrial.commands.measuring import Measured, measure, report
    from seatrial.commands.tuning import Tuned, tune

__all__ = [
    "Levered",
    "Measured",
    "Tuned",
    "advise_growth",
    "advise_plan",
    "calibrate",
    "doctor",
    "export",
    "hand_out_calibration",
    "init",
    "keep",
    "levers",
    "load",
    "measure",
    "plans",
    "report",
    "tune",
]

_PLACES = {
    "advising": {"advise_growth", "advise_plan"},
    "catalog": {"calibrate", "hand_out_calibration", "plans"},
    "discovering": {"doctor", "init"},
    "driving": {"export", "load"},
    "files": {"keep"},
    "levering": {"Levered", "levers"},
    "measuring": {"Measured", "measure", "report"},
    "tuning": {"Tuned", "tune"},
}


def __getattr__(name: str) -> object:
    """A command's module is imported when it is asked for: to list plans needs no generator."""
    for place, names in _PLACES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{place}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
