"""What a project's own file leaves out, told before anything is measured."""

import pytest

from seatrial.discover.checkup import Check, check_project, checkup
from seatrial.errors import SpecError

FILE = """
[subject]
app = "shop:app"
python = "{python}"
{more}

[[workload.operations]]
name = "front"
path = "/"
"""


def verdicts(folder):
    return {check.topic: check.verdict for check in check_project(folder)}


@pytest.fixture
def project(tmp_path):
    def write(more="", python="/bin/sh", end=""):
        (tmp_path / "seatrial.toml").write_text(FILE.format(more=more, python=python) + end)
        return tmp_path

    return write


def test_nothing_that_fills_the_database_is_told(project):
    assert verdicts(project())["data"] == "could be better"
    assert "data" not in verdicts(project('prepare = ["make data"]'))
    assert "data" not in verdicts(project(end='[database]\nkind = "none"\n'))


def test_debugging_that_is_switched_on_is_told(project):
    assert verdicts(project('environment = { FLASK_DEBUG = "1" }'))["debugging"] == "could be better"
    assert "debugging" not in verdicts(project('environment = { FLASK_DEBUG = "0" }'))


def test_tables_that_nothing_fills_are_told(project):
    assert verdicts(project('prepare = ["flask --app shop db upgrade"]'))["data"] == "could be better"
    assert verdicts(project('prepare = ["python manage.py migrate"]'))["data"] == "could be better"
    assert "data" not in verdicts(project('prepare = ["python manage.py migrate", "python manage.py fill"]'))


def test_debugging_in_the_code_is_told_with_its_line_unless_the_trial_has_settings_of_its_own(project):
    (project() / "settings.py").write_text("import os\nDEBUG = True\n")
    (check,) = [check for check in check_project(project()) if check.topic == "debugging"]
    assert (check.verdict, check.what) == ("could be better", "debugging is on (settings.py, line 2)")
    own = 'environment = { DJANGO_SETTINGS_MODULE = "seatrial_settings" }'
    assert "debugging" not in verdicts(project(own))


def test_a_server_for_development_and_noise_that_is_allowed_are_told(project):
    found = verdicts(project(end='[server]\ncommand = "flask run --port {port}"\n[measure]\nallow_noise = true\n'))
    assert (found["server"], found["allow_noise"]) == ("could be better", "could be better")
    assert not {"server", "allow_noise"} & set(verdicts(project()))


def test_noise_that_the_file_allows_stops_nothing(project, monkeypatch):
    noisy = Check("noise", "stops", "fixed work takes 9.00 times its own CPU time")
    monkeypatch.setattr("seatrial.discover.checkup.check_machine", lambda _: iter([noisy]))
    assert [check.verdict for check in checkup(project(), print) if check.topic == "noise"] == ["stops"]
    allowed = project(end="[measure]\nallow_noise = true\n")
    assert [check.verdict for check in checkup(allowed, print) if check.topic == "noise"] == ["could be better"]


def test_too_few_restarts_for_an_interval_are_told(project):
    assert verdicts(project(end="[measure]\nrestarts = 2\n"))["restarts"] == "could be better"
    assert "restarts" not in verdicts(project())


def test_a_folder_without_a_file_is_sent_to_init(tmp_path):
    (tmp_path / "shop.py").write_text("from flask import Flask\napp = Flask('x')\n")
    (check,) = check_project(tmp_path)
    assert ("shop:app" in check.what, check.try_this) == (True, "Run: seatrial init")


def test_a_file_that_cannot_be_used_is_refused_with_its_line(project):
    with pytest.raises(SpecError, match=r"seatrial.toml:\d+"):
        list(check_project(project("nonsense = 1")))
