"""What `seatrial calibrate` found on one machine, and its file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec

from seatrial.errors import SpecError

__all__ = [
    "CALIBRATION_SCHEMA",
    "CalibrationResult",
    "CalibrationSlice",
    "Speed",
    "calibration_of",
    "check_same_machine",
    "read_calibration",
]

CALIBRATION_SCHEMA = "seatrial.calibration/1"

FULL_RUN_SLICES = 40

Positive = Annotated[float, msgspec.Meta(gt=0, lt=1e12)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Speed:
    """Units of work per second over the slices: the median, and the 10th percentile (a tenth were slower)."""

    median: Positive
    p10: Positive


@dataclass(frozen=True, slots=True)
class CalibrationSlice:
    """About half a second: units done, CPU time of the process, time on the clock."""

    units: Count
    cpu_s: Positive
    wall_s: Positive


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """One run of the work of `measure/web_work.py`, which writes it.

    work_version, work_checksum: which work was done, and that it was done; only equal ones may be compared.
    cpus_seen: of the machine; cpus_allowed: this process may run on; cpu_quota: CPUs' time the control groups allow.
    part_cpu_s: CPU seconds for each piece of a unit. steal_share, busy_share: of the machine's CPU time, that the host
    took, and that was used by everything together. throttled_periods, throttled_s: by a quota, in the run.
    What the system does not tell is None. plan_id: the plan of the server, "" when it was not said.
    """

    schema: str
    work_version: int
    work_checksum: int
    measured_at: str
    python_version: str
    python_implementation: str
    system: str
    architecture: str
    cpu_model: str
    cpus_seen: Count
    cpus_allowed: Count
    units_per_cpu_s: Speed
    units_per_wall_s: Speed
    part_cpu_s: Annotated[dict[str, Positive], msgspec.Meta(min_length=1)]
    slices: Annotated[tuple[CalibrationSlice, ...], msgspec.Meta(min_length=1)]
    cpu_quota: Positive | None = None
    steal_share: Share | None = None
    busy_share: Share | None = None
    throttled_periods: float | None = None
    throttled_s: float | None = None
    plan_id: str = ""

    @property
    def python(self) -> str:
        """Implementation and version without the patch level: what changes the speed."""
        return f"{self.python_implementation} {'.'.join(self.python_version.split('.')[:2])}"

    @property
    def usable_cpus(self) -> float:
        """CPUs whose time the process could really have."""
        return float(min(self.cpus_allowed, self.cpu_quota or self.cpus_allowed))

    @property
    def others_share(self) -> float | None:
        """Share of the machine's CPU time that other programs used meanwhile; None when the system does not tell."""
        if self.busy_share is None:
            return None
        own = sum(each.cpu_s for each in self.slices) / sum(each.wall_s for each in self.slices) / self.cpus_seen
        return max(0.0, self.busy_share - own - (self.steal_share or 0.0))

    @property
    def is_short(self) -> bool:
        """Whether it is a quick look instead of a whole run."""
        return len(self.slices) < FULL_RUN_SLICES


def read_calibration(path: Path) -> CalibrationResult:
    """Reads what calibrate wrote.

    Raises:
        SpecError: missing, not JSON, of another schema, or with a value that cannot be.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError(
            f"the calibration cannot be read: {error.strerror or error}.",
            where=str(path),
            try_this=f"Make it on that machine: seatrial calibrate --out {path.name}, or python3 calibrate.py --out "
            f"{path.name}",
        ) from error
    return calibration_of(content, str(path))


def calibration_of(content: bytes, where: str) -> CalibrationResult:
    """The result that JSON text holds; SpecError as for `read_calibration`."""
    again = "Make it again: python3 calibrate.py --out FILE (the file comes from seatrial calibrate --write)."
    try:
        document: Mapping[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
        if document.get("schema") != CALIBRATION_SCHEMA:
            raise SpecError(
                f"this calibration has schema {document.get('schema')!r}; this Seatrial reads {CALIBRATION_SCHEMA!r}.",
                where=where,
                try_this=again,
            )
        return msgspec.convert(document, CalibrationResult)
    except msgspec.MsgspecError as error:
        raise SpecError(f"this is no calibration: {error}.", where=where, try_this=again) from error


def check_same_machine(here: CalibrationResult, cpu_model: str, where: str = "") -> None:
    """Refuses a calibration of another machine than the one a study was measured on.

    cpu_model: that of the study's environment.

    Raises:
        SpecError: the CPU models differ.
    """
    if here.cpu_model != cpu_model:
        raise SpecError(
            f'the study was measured on "{cpu_model}", but this calibration was taken on "{here.cpu_model}".',
            where=where,
            try_this="Run seatrial calibrate --out here.json on the machine that measured, or measure again here.",
        )
