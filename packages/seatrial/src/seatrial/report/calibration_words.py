"""What a calibration found, for a terminal."""

from seatrial.measure.calibration_result import CalibrationResult
from seatrial.model.carrying import calibration_warnings
from seatrial.report.numbers import percent, rounded
from seatrial.report.text_blocks import filled, listed

__all__ = ["calibration_page"]

LABEL_WIDTH = 11


def calibration_page(found: CalibrationResult, width: int = 80) -> str:
    """Speed by CPU time and by the clock, what may be used, what was withheld, and what makes it worth less."""
    cpu, wall = found.units_per_cpu_s, found.units_per_wall_s
    quota = "no quota" if found.cpu_quota is None else f"a quota of {found.cpu_quota:g} CPUs"
    withheld = [
        "" if found.steal_share is None else f"{percent(found.steal_share)} of the CPU time by the host",
        "" if found.throttled_s is None else f"{found.throttled_s:.1f} s by a quota",
    ]
    rows = [
        ("machine", f"{found.cpu_model}, {found.architecture}, {found.system}"),
        ("Python", f"{found.python_implementation} {found.python_version}"),
        (
            "speed",
            f"{rounded(cpu.median, 3)} units of web-like work a CPU second (slowest tenth {rounded(cpu.p10, 3)})",
        ),
        ("by clock", f"{rounded(wall.median, 3)} units a second (slowest tenth {rounded(wall.p10, 3)})"),
        ("may use", f"{found.cpus_allowed} of {found.cpus_seen} CPUs, {quota}"),
        ("withheld", ", ".join(part for part in withheld if part) or "not known: this system does not tell"),
    ]
    lines = [filled(text, width, f"  {label:<{LABEL_WIDTH}}", " " * (LABEL_WIDTH + 2)) for label, text in rows]
    warnings = calibration_warnings(found, "here")
    return "\n".join([*lines, *(["", listed("Beware:", warnings, width)] if warnings else [])]) + "\n"
