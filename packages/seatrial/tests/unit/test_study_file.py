"""study.json: everything comes back, secrets do not go in, and a failed write loses nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import StudyError
from seatrial.measure.prediction_check import PredictionCheck
from seatrial.measure.study import Study
from seatrial.measure.study_file import earlier_checks, read_study, write_study, write_whole
from seatrial.spec.subject import Database

# In a process of its own: the limit holds for every file, also for the one that the tests' own output may go to.
WRITE_WITH_SMALL_FILES_ONLY = """
import resource, sys
from pathlib import Path
from seatrial.errors import StudyError
from seatrial.measure.study_file import write_whole

# The kernel refuses to let any file of this process grow above 4 kB, as a full disk would.
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    write_whole(Path(sys.argv[1]), b"x" * 100_000)
except StudyError as error:
    print(error)
"""


def test_a_study_comes_back_from_its_file_as_it_went_in(a_study: Callable[[], Study], tmp_path: Path) -> None:
    study = a_study()
    write_study(study, tmp_path / "results" / "study.json")
    assert read_study(tmp_path / "results" / "study.json") == study


def test_values_of_environment_variables_are_not_kept_since_they_may_be_secrets(
    a_study: Callable[[], Study], tmp_path: Path
) -> None:
    study = a_study()
    subject = replace(
        study.spec.subject,
        environment={"SECRET_KEY": "swordfish"},
        database=Database("url", "postgresql://shop:swordfish@127.0.0.1/shop"),
        prepare=(("load", "--to=postgresql://shop:swordfish@127.0.0.1/shop"),),
    )
    write_study(replace(study, spec=replace(study.spec, subject=subject)), tmp_path / "study.json")
    text = (tmp_path / "study.json").read_text()
    assert "swordfish" not in text
    assert "SECRET_KEY" in text


def test_when_the_disk_is_full_the_old_study_stays_whole_and_no_piece_is_left(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    write_whole(path, b"the old study")
    ended = subprocess.run(
        [sys.executable, "-c", WRITE_WITH_SMALL_FILES_ONLY, str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert "unchanged" in ended.stdout
    assert str(path) in ended.stdout
    assert path.read_bytes() == b"the old study"
    assert [p.name for p in tmp_path.iterdir()] == ["study.json"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{]", "not a study"),
        ('{"schema": "seatrial.study/99"}', "written by a newer Seatrial: it has format seatrial.study/99"),
        ('{"schema": "seatrial.findings/1"}', "this Seatrial reads seatrial.study/1, seatrial.study/2"),
        ('{"schema": "seatrial.study/2", "created_at": "2026-0', "cut off: the file ends in the middle"),
        ("", "cut off"),
        ('{"schema": "seatrial.study/1", "created_at": 3}', "created_at"),
        ("[1, 2]", "not a study"),
    ],
)
def test_a_file_that_is_no_study_is_refused_with_the_reason(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "study.json").write_text(content)
    with pytest.raises(StudyError, match=said):
        read_study(tmp_path / "study.json")


def test_a_study_of_the_first_format_is_read_with_what_it_lacks_unknown(a_study, tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    write_study(a_study(), path)
    document = json.loads(path.read_text())
    assert document["schema"] == "seatrial.study/2"
    document["schema"] = "seatrial.study/1"
    for name in ("demands", "memory_growth"):
        del document[name]
    for operation in document["operations"]:
        for name in ("database_wait_s", "lock_wait_s", "external_wait_s", "connection_hold_s", "unattributed_s"):
            del operation[name]
    path.write_text(json.dumps(document))
    assert read_study(path) == a_study()


def test_a_missing_study_is_named_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"nowhere\.json"):
        read_study(tmp_path / "nowhere.json")


def test_checks_are_carried_over_from_a_study_of_the_same_app_that_can_be_read(
    a_study: Callable[[], Study], tmp_path: Path
) -> None:
    path = tmp_path / "study.json"
    assert earlier_checks(path, "shop") == ()
    checks = (PredictionCheck("2026-01-01", 2, 4, "gthread", 1.0, 120.0, 110.0, 130.0).against(118.0),)
    write_study(replace(a_study(), checks=checks), path)
    assert earlier_checks(path, "shop") == checks
    assert earlier_checks(path, "another shop") == ()
    path.write_text("{")
    assert earlier_checks(path, "shop") == ()
