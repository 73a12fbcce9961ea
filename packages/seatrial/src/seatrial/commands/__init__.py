"""One function per command; the only place that knows the whole pipeline."""

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
