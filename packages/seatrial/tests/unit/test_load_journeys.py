from pathlib import Path

import pytest

from seatrial.errors import SpecError
from seatrial.load.journeys import Person, load_journeys
from seatrial.load.workload import Workload
from seatrial.spec.workload import OperationSpec, WorkloadSpec

GOOD = """
from seatrial.load.journeys import expect, get
from neighbour import PATH

def home(person):
    response = yield get(PATH)
    expect(response, contains="new")

def write(person):
    yield get("/write")

def not_a_journey(person):
    return get("/home")

number = 3
"""


@pytest.fixture
def journeys(tmp_path: Path) -> Path:
    (tmp_path / "neighbour.py").write_text('PATH = "/home"\n')
    path = tmp_path / "journeys.py"
    path.write_text(GOOD)
    return path


def _person() -> Person:
    import random

    return Person(1, random.Random(1), "t")


def test_journeys_are_read_from_a_users_file(journeys: Path) -> None:
    found = load_journeys(journeys, ["home", "write"])
    assert list(found) == ["home", "write"]
    assert next(found["home"](_person())).path == "/home"
    assert not list(journeys.parent.glob("**/__pycache__/journeys*"))


@pytest.mark.parametrize(
    ("source", "names", "words"),
    [
        (None, [], "there is no such file"),
        ("x = (", [], r"journeys.py, line 1: SyntaxError"),
        ("\n\nimport nowhere_to_be_found\n", [], r"journeys.py, line 3: ModuleNotFoundError: No module named 'nowhere"),
        ("def f():\n    1 / 0\n\nf()\n", [], r"journeys.py, line 2: ZeroDivisionError"),
        ("import sys\nsys.exit('bye')\n", [], r"journeys.py, line 2: SystemExit: bye"),
        (GOOD, ["hom"], r"there is no function 'hom'.\nIts journeys are: home, write."),
        ("x = 1", ["home"], "Its journeys are: none"),
        (GOOD, ["not_a_journey"], r"line 12: 'not_a_journey' is not a journey"),
        (GOOD, ["number"], "'number' is not a journey"),
    ],
)
def test_a_journeys_file_that_cannot_be_used_says_why(
    journeys: Path, source: str | None, names: list[str], words: str
) -> None:
    journeys.unlink()
    if source is not None:
        journeys.write_text(source)
    with pytest.raises(SpecError, match=words):
        load_journeys(journeys, names)


def test_a_workload_of_journeys(journeys: Path) -> None:
    workload = Workload.from_spec(
        WorkloadSpec(journeys=journeys, mix={"home": 3, "write": 1}, sign_in="write", people=5)
    )
    assert set(workload.operations) == {"home", "write"}
    assert workload.weights == {"home": 3, "write": 1}
    assert workload.sign_in is not None
    assert workload.people == 5


def test_a_workload_of_plain_requests_checks_status_and_text() -> None:
    spec = WorkloadSpec(
        operations=(
            OperationSpec("home", "/home", weight=3, expect_text="new"),
            OperationSpec("old", "/old", expect_status=302),
            OperationSpec("write", "/write", "POST", body="a=1"),
        )
    )
    workload = Workload.from_spec(spec)
    assert workload.weights == {"home": 3, "old": 1, "write": 1}
    sent = {name: next(workload.operations[name](_person())) for name in workload.operations}
    assert (sent["home"].method, sent["home"].follow) == ("GET", True)
    assert sent["old"].follow is False
    assert sent["write"].body == b"a=1"
    assert sent["write"].headers == (("Content-Type", "application/x-www-form-urlencoded"),)


@pytest.mark.parametrize(
    "spec",
    [
        WorkloadSpec(mix={"home": 1}),
        WorkloadSpec(sign_in="enter"),
        WorkloadSpec(operations=(OperationSpec("home", "/"),), people=0),
        WorkloadSpec(operations=(OperationSpec("home", "/"),), arrivals="sometimes"),
        WorkloadSpec(operations=(OperationSpec("home", "/"),), timeout_s=0),
    ],
)
def test_a_workload_that_cannot_be_run_is_refused(spec: WorkloadSpec) -> None:
    with pytest.raises(SpecError):
        Workload.from_spec(spec)


def test_a_persons_unique_text_never_repeats() -> None:
    import random

    people = [Person(number, random.Random(number), token) for token in ("a", "b") for number in range(1, 4)]
    made = [person.unique("post") for person in people for _ in range(100)]
    # The same person of a driver that was given the same token by mistake.
    made += [Person(1, random.Random(1), "a").unique("post") for _ in range(100)]
    assert len(set(made)) == len(made)
    assert all(text.isalnum() for text in made)
