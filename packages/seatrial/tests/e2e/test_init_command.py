"""`seatrial init` from outside, on a copy of an app that knows nothing of Seatrial."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from seatrial.spec.reading import read_trial_spec

APPS = Path(__file__).parent.parent / "apps"

pytestmark = pytest.mark.linux


@pytest.fixture
def project(tmp_path):
    def copied(name):
        return Path(shutil.copytree(APPS / name, tmp_path / name))

    return copied


def test_a_single_file_app_comes_to_operations_people_and_data_without_a_word(project, run_seatrial):
    folder = project("noticeboard")
    ended = run_seatrial("init", folder, "--sign-up", "--python", sys.executable, "--json")
    assert ended.status == 0, ended.err
    found = ended.findings
    assert {o["name"]: o["signed_in"] for o in found["operations"]} == {
        "front": True,
        "mine": True,
        "notices_one": True,
        "login": True,
        "register": True,
    }
    assert set(found["environment"]) == {"SECRET_KEY", "DATABASE_URL"}
    (left,) = [clue for clue in found["found"] if clue["topic"] == "left out"]
    assert {"POST /register", "POST /login"} <= set(left["doubt"].removeprefix("Not sent: ").rstrip(".").split(", "))
    spec = read_trial_spec(folder)
    assert spec.subject.app == "noticeboard:app"
    assert [" ".join(command[1:]) for command in spec.subject.prepare] == ["-m flask --app noticeboard:app init-db"]
    assert spec.workload.sign_in == "sign_in"
    again = run_seatrial("init", folder, "--python", sys.executable)
    assert (again.status, "would be replaced" in again.err) == (2, True)


HAR = [
    ("GET", "/register", None),
    ("POST", "/register", {"username": "recorded", "password": "as it was"}),
    ("GET", "/notices/7", None),
    ("GET", "/", None),
]


@pytest.mark.long
def test_a_visit_that_a_browser_recorded_is_replayed_with_fresh_people(project, run_seatrial, tmp_path):
    folder, har = project("noticeboard"), tmp_path / "visit.har"
    entries = []
    for number, (method, path, fields) in enumerate(HAR):
        request = {"method": method, "url": f"http://127.0.0.1:5000{path}", "headers": []}
        if fields:
            params = [{"name": name, "value": value} for name, value in fields.items()]
            request["postData"] = {"mimeType": "application/x-www-form-urlencoded", "params": params}
        response = {"status": 200, "content": {"mimeType": "text/html"}, "redirectURL": ""}
        entries.append({"startedDateTime": f"2026-11-28T10:00:0{number}Z", "request": request, "response": response})
    har.write_text(json.dumps({"log": {"entries": entries}}))
    options = ["--har", har, "--user", "trial", "--password", "trial-password", "--python", sys.executable, "--json"]
    ended = run_seatrial("init", folder, *options)
    assert ended.status == 0, ended.err
    (clue,) = [clue for clue in ended.findings["found"] if clue["topic"] == "visit"]
    assert (clue["doubt"], clue["what"].startswith("4 requests")) == (None, True)
    assert read_trial_spec(folder).workload.mix == {"visit": 1}
    assert "as it was" not in (folder / "journeys.py").read_text()


def test_what_an_app_writes_beside_itself_is_written_into_a_copy_from_then_on(project, run_seatrial):
    folder = project("plain")
    with (folder / "hello.py").open("a") as file:
        file.write("\n\nopen('visits.db', 'w').write('none yet')\n")
    before = sorted(folder.iterdir())
    ended = run_seatrial("init", folder, "--python", sys.executable)
    assert ended.status == 0, ended.err
    assert sorted(folder.iterdir()) == sorted([*before, folder / "seatrial.toml"])
    assert read_trial_spec(folder).subject.is_copied


def test_an_app_that_cannot_be_started_is_told_in_its_own_words(project, run_seatrial):
    folder = project("noticeboard")
    (folder / "noticeboard.py").write_text("import no_such_package\nfrom flask import Flask\napp = Flask('x')\n")
    ended = run_seatrial("init", folder, "--python", sys.executable)
    assert ended.status == 3
    assert "`no_such_package` is not installed" in ended.err
    assert not (folder / "seatrial.toml").exists()


def test_a_folder_without_an_app_says_how_to_name_one(tmp_path, run_seatrial):
    (tmp_path / "notes.py").write_text("print('hello')\n")
    ended = run_seatrial("init", tmp_path)
    assert (ended.status, "--app" in ended.err) == (2, True)
    assert json.dumps(ended.out) == '""'


def test_the_doctor_looks_at_machine_and_project_and_measures_nothing(project, run_seatrial):
    folder = project("noticeboard")
    ended = run_seatrial("doctor", folder, "--json")
    checks = {check["topic"]: check for check in ended.findings["checks"]}
    assert {"CPUs", "PostgreSQL", "limits", "noise", "generator", "disk", "project"} <= set(checks)
    assert checks["PostgreSQL"]["verdict"] == "good"
    assert "noticeboard:app" in checks["project"]["what"]
    # 3 only where something stops it: on a machine this busy, for instance.
    assert ended.status == (3 if any(check["verdict"] == "stops" for check in checks.values()) else 0)
    assert not (folder / "seatrial.toml").exists()
