"""The file of web-like work, run as on a server: copied away, by a Python that knows nothing of Seatrial."""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from seatrial.errors import SpecError
from seatrial.measure.calibrating import run_calibration, work_file
from seatrial.measure.calibration_result import (
    CalibrationResult,
    calibration_of,
    check_same_machine,
    read_calibration,
)
from seatrial.measure.environment import describe_environment

SYSTEM_PYTHON = shutil.which("python3", path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin")


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("server") / "calibrate.py"
    path.write_bytes(work_file())
    return path


@pytest.mark.skipif(SYSTEM_PYTHON is None, reason="no python3 of the system is there")
def test_the_copied_file_runs_by_itself_and_writes_what_seatrial_reads(copied: Path) -> None:
    out = copied.with_name("there.json")
    command = [
        str(SYSTEM_PYTHON),
        "-W",
        "error",
        copied.name,
        "--slices",
        "3",
        "--plan",
        "lightsail-5",
        "--out",
        out.name,
    ]
    done = subprocess.run(command, cwd=copied.parent, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"Python 3\.\d+\.\d+: \d+\.\d units a CPU second \(slowest tenth \d+\.\d\)", done.stdout)
    assert sorted(path.name for path in copied.parent.iterdir()) == ["calibrate.py", "there.json"]
    found = read_calibration(out)
    assert (found.plan_id, len(found.slices), found.is_short) == ("lightsail-5", 3, True)
    assert found.cpus_seen == psutil.cpu_count()
    # What is told follows from the slices: of three, the slowest is the tenth percentile.
    by_cpu = sorted(each.units / each.cpu_s for each in found.slices)
    assert (found.units_per_cpu_s.p10, found.units_per_cpu_s.median) == pytest.approx(by_cpu[:2])
    by_clock = sorted(each.units / each.wall_s for each in found.slices)
    assert (found.units_per_wall_s.p10, found.units_per_wall_s.median) == pytest.approx(by_clock[:2])
    # The pieces are the whole of a unit but for the reading of clocks between them.
    units, cpu_s = sum(each.units for each in found.slices), sum(each.cpu_s for each in found.slices)
    assert sum(found.part_cpu_s.values()) * units == pytest.approx(cpu_s, rel=0.02)
    assert all(0.5 <= each.wall_s < 5 for each in found.slices)


@pytest.fixture(scope="module")
def here() -> CalibrationResult:
    return run_calibration(Path(sys.executable), 1)


@pytest.mark.skipif(SYSTEM_PYTHON is None, reason="no python3 of the system is there")
def test_two_runs_that_do_the_same_work_end_with_the_same_result(here: CalibrationResult, copied: Path) -> None:
    command = [str(SYSTEM_PYTHON), str(copied), "--slices", "1", "--json"]
    there = calibration_of(subprocess.check_output(command, timeout=60), "there")
    assert (here.work_version, here.work_checksum) == (there.work_version, there.work_checksum)


def test_the_file_needs_nothing_but_the_standard_library_of_python_3_8() -> None:
    tree = ast.parse(work_file(), feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
    # Methods and classes of later versions that are easily taken.
    assert not re.search(rb"removeprefix|removesuffix|zoneinfo|tomllib|\bmatch \w+:|strict=|datetime\.UTC", work_file())


def test_what_the_study_calls_the_cpu_is_what_the_calibration_calls_it(here: CalibrationResult) -> None:
    check_same_machine(here, describe_environment()["cpu_model"])
    with pytest.raises(SpecError, match=r"(?s)measured on \"Another CPU\".*seatrial calibrate --out here\.json"):
        check_same_machine(here, "Another CPU")


def good() -> dict[str, object]:
    speed = {"median": 100.0, "p10": 90.0}
    return {
        "schema": "seatrial.calibration/1", "work_version": 1, "work_checksum": 1, "measured_at": "2026-11-28",
        "python_version": "3.11.7", "python_implementation": "CPython", "system": "Linux", "architecture": "x86_64",
        "cpu_model": "A CPU", "cpus_seen": 2, "cpus_allowed": 2, "units_per_cpu_s": speed, "units_per_wall_s": speed,
        "part_cpu_s": {"json": 0.01}, "slices": [{"units": 50, "cpu_s": 0.5, "wall_s": 0.5}],
    }  # fmt: skip


def test_a_file_with_what_a_system_does_not_tell_left_out_is_read_with_none_for_it() -> None:
    found = calibration_of(json.dumps(good()).encode(), "there.json")
    assert (found.steal_share, found.throttled_s, found.cpu_quota, found.others_share) == (None, None, None, None)
    assert found.usable_cpus == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"schema": "seatrial.calibration/9"}, "this Seatrial reads 'seatrial.calibration/1'"),
        ({"units_per_cpu_s": {"median": 0.0, "p10": 0.0}}, "units_per_cpu_s"),
        ({"units_per_cpu_s": {"median": "fast", "p10": 1.0}}, "units_per_cpu_s"),
        ({"slices": []}, "slices"),
        ({"cpus_allowed": 0}, "cpus_allowed"),
        ({"steal_share": 1.5}, "steal_share"),
        ({"cpu_model": None}, "cpu_model"),
    ],
)
def test_a_calibration_with_a_value_that_cannot_be_is_refused_by_its_name(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(SpecError, match=r"there\.json") as refused:
        calibration_of(json.dumps({**good(), **wrong}).encode(), "there.json")
    assert says in str(refused.value)
    assert "Make it again" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"42 units"])
def test_a_truncated_or_foreign_file_is_refused_as_no_calibration(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "there.json"
    path.write_bytes(content)
    with pytest.raises(SpecError, match=r"there\.json: this is no calibration"):
        read_calibration(path)
    with pytest.raises(SpecError, match=r"(?s)gone\.json: the calibration cannot be read.*--out gone\.json"):
        read_calibration(tmp_path / "gone.json")
