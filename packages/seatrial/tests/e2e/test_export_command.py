"""`seatrial export` from outside: which files it writes, and what it refuses in which words."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunSeatrial = Callable[..., Any]
Declare = Callable[..., Path]

JOURNEYS = """from accounts import PASSWORD
from seatrial.load.journeys import get

MIX = {"home": 3, "find": 1}


def sign_in(person):
    yield get("/login")


def home(person):
    yield get("/")


def find(person):
    yield get("/find")
"""


@pytest.fixture
def journeys(tmp_path: Path) -> Path:
    path = tmp_path / "people.py"
    path.write_text(JOURNEYS)
    (tmp_path / "accounts.py").write_text("PASSWORD = 'x'\n")
    return path


def test_a_file_of_journeys_becomes_a_folder_for_locust(
    tmp_path: Path, journeys: Path, run_seatrial: RunSeatrial
) -> None:
    out = tmp_path / "out"
    asked = (
        "export",
        "locust",
        journeys,
        "--rate",
        "50",
        "--users",
        "25",
        "--out",
        out,
        "--host",
        "http://10.0.0.5:80",
    )
    done = run_seatrial(*asked)
    assert done.status == 0, done.err
    assert done.out.splitlines()[0] == str(out / "locustfile.py")
    assert {path.name for path in out.iterdir()} == {"locustfile.py", "requirements.txt", "people.py", "accounts.py"}
    assert (out / "people.py").read_text() == JOURNEYS
    text = (out / "locustfile.py").read_text()
    ast.parse(text)
    for line in ("RATE_RPS = 50", "USERS = 25", "    journeys=HERE / 'people.py',", "        'home': 3,"):
        assert f"{line}\n" in text
    assert "--host http://10.0.0.5:80" in text
    assert "sign_in='sign_in'" in text

    assert done.err == ""

    # What is there is not replaced, unless that is asked for.
    (out / "locustfile.py").write_text("mine")
    again = run_seatrial(*asked)
    assert again.status == 2
    assert "would be replaced" in again.err
    assert (out / "locustfile.py").read_text() == "mine"
    assert run_seatrial(*asked, "--overwrite").status == 0
    assert (out / "locustfile.py").read_text() == text


def test_journeys_over_sockets_are_written_with_a_warning(
    tmp_path: Path, journeys: Path, run_seatrial: RunSeatrial
) -> None:
    with (journeys.parent / "accounts.py").open("a") as file:
        file.write("from seatrial.load.journeys import socketio\n")
    done = run_seatrial("export", "locust", journeys, "--rate", "5", "--out", tmp_path / "out")
    assert done.status == 0
    assert "people.py uses socketio(), which is not exported" in done.err


def test_operations_of_a_seatrial_toml_become_a_script_for_k6(
    tmp_path: Path, declare: Declare, run_seatrial: RunSeatrial
) -> None:
    path = declare(
        workload={"operations": [{"name": "work", "path": "/?n=1"}]},
        slo={"latency_max_ms": 250, "latency_quantile": 0.99},
        target={"rate_rps": 120},
    )
    done = run_seatrial("export", "k6", path.parent, "--out", tmp_path / "out", "--duration", "90s")
    assert done.status == 0, done.err
    text = (tmp_path / "out" / "workload.js").read_text()
    # The rate is the target's, the limit the objective's.
    for line in ("rate: 120,", "__ENV.DURATION || '90s'", "['p(99)<250']", 'path: "/?n=1"'):
        assert line in text
