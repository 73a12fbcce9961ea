"""An app whose data is a file in its folder: every start finds it as it was prepared, and the folder is untouched."""

import http.client
import sqlite3

import pytest

from seatrial.errors import TestbedError
from seatrial.testbed import project_copy
from seatrial.testbed.project_copy import ProjectCopy
from seatrial.testbed.testbed import Testbed

APP = """
import sqlite3
def app(environ, start_response):
    with sqlite3.connect("visits.db") as database:
        database.execute("INSERT INTO visits DEFAULT VALUES")
        (count,) = database.execute("SELECT count(*) FROM visits").fetchone()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(count).encode()]
"""
MAKE = "import sqlite3; sqlite3.connect('visits.db').execute('CREATE TABLE visits (id INTEGER PRIMARY KEY)')"


def visits(testbed: Testbed) -> int:
    connection = http.client.HTTPConnection(testbed.url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/")
        return int(connection.getresponse().read())
    finally:
        connection.close()


def test_a_file_in_the_project_is_as_prepared_at_every_start_and_never_the_original(trial_of, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "counting.py").write_text(APP)
    with sqlite3.connect(project / "original.db") as database:
        database.execute("CREATE TABLE kept (id int)")
    trial = trial_of(
        app="counting:app", directory=project, is_copied=True, prepare=(("{python}", "-c", MAKE),), health_path="/"
    )
    with Testbed(trial) as testbed:
        testbed.prepare()
        testbed.start(1, 1, fresh_data=True)
        first = visits(testbed)
        assert visits(testbed) == first + 1
        testbed.start(1, 1, fresh_data=True)
        assert visits(testbed) == first
        assert any("copy of its folder" in caveat for caveat in testbed.caveats)
    assert sorted(path.name for path in project.iterdir()) == ["counting.py", "original.db"]


def test_environments_and_what_git_keeps_are_not_copied(tmp_path):
    project = tmp_path / "project"
    for folder in (".git", "node_modules", "myenv", "templates"):
        (project / folder).mkdir(parents=True)
        (project / folder / "file").write_text("x")
    (project / "myenv" / "pyvenv.cfg").write_text("")
    (tmp_path / "run").mkdir()
    copy = ProjectCopy(project, tmp_path / "run")
    assert [path.name for path in copy.path.iterdir()] == ["templates"]


def test_a_folder_too_large_to_be_copied_is_refused_before_anything_is_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(project_copy, "BYTES_MAX", 10)
    project = tmp_path / "project"
    project.mkdir()
    (project / "data").write_text("more than ten bytes")
    with pytest.raises(TestbedError, match="too large to be copied") as caught:
        ProjectCopy(project, tmp_path / "run")
    assert "subject.copied" in str(caught.value)
    assert not (tmp_path / "run").exists()
