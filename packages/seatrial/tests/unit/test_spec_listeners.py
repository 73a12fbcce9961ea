"""What a seatrial.toml says of listeners, and what plain loads do not pay for them."""

import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.errors import SpecError
from seatrial.load.workload import Workload
from seatrial.spec.reading import read_trial_spec
from seatrial.spec.workload import OperationSpec, WorkloadSpec

FILE = """[subject]
app = "shop:app"
[workload]
journeys = "journeys.py"
mix = { browse = 3 }
listeners = 500
listener = "live"
"""
JOURNEYS = """from seatrial.load.journeys import get, listen, socketio
def browse(person):
    yield get("/")
def live(person):
    yield listen((yield socketio()))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "journeys.py").write_text(JOURNEYS)
    return tmp_path / "seatrial.toml"


def test_listeners_are_read_and_their_journey_is_found(path: Path) -> None:
    path.write_text(FILE)
    spec = read_trial_spec(path).workload
    assert (spec.listeners, spec.listener) == (500, "live")
    workload = Workload.from_spec(spec)
    assert workload.listeners == 500
    assert workload.listener is not None
    assert workload.listener.__name__ == "live"
    # It is not part of the mix.
    assert list(workload.operations) == ["browse"]


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ('listener = "live"\n', "", ":6: workload.listeners", "follow no journey"),
        ("listeners = 500\n", "", ":6: workload.listener", "followed by nobody"),
        ('"live"', '"liv"', ":7: workload.listener", "names no function of journeys.py"),
        ("500", "-1", ":6: workload.listeners", "at least 0"),
        ("500", "1000000", ":6: workload.listeners", "at most 100000"),
        ("500", "1.5", ":6: workload.listeners", "whole number"),
    ],
)
def test_listeners_that_cannot_be_are_told_with_key_and_line(
    path: Path, old: str, new: str, at: str, words: str
) -> None:
    path.write_text(FILE.replace(old, new))
    with pytest.raises(SpecError) as caught:
        read_trial_spec(path)
    assert f"seatrial.toml{at}" in str(caught.value)
    assert words in str(caught.value)


def test_a_listener_needs_a_journeys_file(path: Path) -> None:
    path.write_text(
        FILE.replace('journeys = "journeys.py"\nmix = { browse = 3 }\n', "")
        + '[[workload.operations]]\nname = "front"\npath = "/"\n'
    )
    with pytest.raises(SpecError, match="names a function of no file"):
        read_trial_spec(path)
    with pytest.raises(SpecError, match="there is no journeys file"):
        Workload.from_spec(WorkloadSpec(operations=(OperationSpec("a", "/"),), listeners=1, listener="live"))


def test_a_plain_load_imports_nothing_of_what_sockets_need() -> None:
    code = (
        "import sys\nimport seatrial.load.generator.member, seatrial.load.journeys\n"
        "print([name for name in ('websockets', 'socketio', 'engineio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
