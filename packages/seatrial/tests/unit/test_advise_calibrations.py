"""Calibrations beside a study: whose they must be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.commands import advise_plan
from seatrial.errors import SpecError
from seatrial.measure.study import Study
from seatrial.measure.study_file import write_study

MakeStudy = Callable[..., Study]


def a_calibration(path: Path, cpu_model: str, plan_id: str = "") -> Path:
    speed = {"median": 100.0, "p10": 90.0}
    told = {
        "schema": "seatrial.calibration/1", "work_version": 1, "work_checksum": 1, "measured_at": "2026-11-28",
        "python_version": "3.11.7", "python_implementation": "CPython", "system": "Linux", "architecture": "x86_64",
        "cpu_model": cpu_model, "cpus_seen": 2, "cpus_allowed": 2, "units_per_cpu_s": speed, "units_per_wall_s": speed,
        "part_cpu_s": {"json": 0.01}, "slices": [{"units": 50, "cpu_s": 0.5, "wall_s": 0.5}], "plan_id": plan_id,
    }  # fmt: skip
    path.write_text(json.dumps(told))
    return path


@pytest.fixture
def study_path(a_study: MakeStudy, tmp_path: Path) -> Path:
    write_study(a_study(), tmp_path / "study.json")
    return tmp_path / "study.json"


def test_a_calibration_of_another_machine_than_the_studys_is_refused(study_path: Path, tmp_path: Path) -> None:
    other = a_calibration(tmp_path / "here.json", "Another CPU")
    with pytest.raises(SpecError, match=r'(?s)here\.json: the study was measured on .* taken on "Another CPU"'):
        advise_plan(study_path, rate_rps=10, calibration_here=other)


def test_a_calibration_of_a_server_must_say_of_which_plan(study_path: Path, tmp_path: Path) -> None:
    unnamed = a_calibration(tmp_path / "there.json", "A CPU")
    with pytest.raises(SpecError, match=r"(?s)there\.json: .*does not say of which plan.*--plan ID"):
        advise_plan(study_path, rate_rps=10, calibration_there=unnamed)
    misnamed = a_calibration(tmp_path / "there.json", "A CPU", plan_id="hetzner_cx23")
    with pytest.raises(SpecError, match=r"Did you mean hetzner-cx23\?"):
        advise_plan(study_path, rate_rps=10, calibration_there=misnamed)
