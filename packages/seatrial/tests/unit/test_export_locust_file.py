"""The folder for Locust as values; that Locust runs it is seen in contract/load/test_load_export_to_locust.py."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial import __version__
from seatrial.errors import SpecError
from seatrial.export.journeys_folder import journeys_folder, socket_steps
from seatrial.export.locust_file import locust_files
from seatrial.export.order import ExportOrder, export_files
from seatrial.spec.workload import OperationSpec, WorkloadSpec

AWKWARD = WorkloadSpec(
    operations=(
        OperationSpec("find 'it'", '/search?q="x"&y=\\', weight=2.5, expect_text='a "quoted"\nline \u2028 ä'),
        OperationSpec("save", "/save", "POST", 1 / 3, '{"a": 1}', "application/json", None, headers=(("X-A", "1"),)),
    ),
    journeys=Path("/elsewhere/my journeys.py"),
    mix={"home": 40.0, "write": 0.1},
    sign_in="sign_in",
    people=200,
    arrivals="constant",
    timeout_s=2.5,
    keep_alive=False,
    arrivals_are="sessions",
    returning=0.25,
    order="random",
)


def written(workload: WorkloadSpec, **more: object) -> dict[str, bytes]:
    settings = {"name": "seatrial.toml", "rate_rps": 40.0, "users": 8, **more}
    return locust_files(workload, {}, **settings)  # type: ignore[arg-type]


def value_of(source: bytes, name: str) -> object:
    """What a name of the written file is, without importing Locust."""
    assigned = next(
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    )
    known = {"HERE": Path("/there"), "WorkloadSpec": WorkloadSpec, "OperationSpec": OperationSpec}
    return eval(compile(ast.Expression(assigned), "locustfile.py", "eval"), known)


@pytest.mark.parametrize("workload", [AWKWARD, WorkloadSpec(operations=(OperationSpec("home", "/"),))])
def test_the_written_workload_is_the_declared_one(workload: WorkloadSpec) -> None:
    found = value_of(written(workload)["locustfile.py"], "WORKLOAD")
    assert isinstance(found, WorkloadSpec)
    moved = None if workload.journeys is None else Path("/there") / workload.journeys.name
    assert {name: getattr(found, name) for name in WorkloadSpec.__slots__} == {
        **{name: getattr(workload, name) for name in WorkloadSpec.__slots__},
        "journeys": moved,
    }


@pytest.mark.parametrize("rate_rps", [40, 33.333333333, 0.05, 1234567])
def test_rate_and_users_are_written_to_the_last_digit(rate_rps: float) -> None:
    source = written(AWKWARD, rate_rps=rate_rps, users=12)["locustfile.py"]
    assert value_of(source, "RATE_RPS") == rate_rps
    assert value_of(source, "USERS") == 12


def test_the_head_says_how_to_start_it_and_that_locusts_users_wait() -> None:
    head = ast.get_docstring(ast.parse(written(AWKWARD, host="http://10.0.0.5:8000")["locustfile.py"])) or ""
    assert "locust --headless --users 8 --spawn-rate 8 --run-time 5m --host http://10.0.0.5:8000" in head
    assert "--expect-workers 2" in head
    assert "closed loop" in head


def test_who_signs_in_is_started_gently_and_the_head_says_what_becomes_of_who_cannot() -> None:
    def head(**fields: object) -> str:
        return ast.get_docstring(ast.parse(written(replace(AWKWARD, **fields), users=500)["locustfile.py"])) or ""

    assert head().count("--users 500 --spawn-rate 10 ") == 2
    assert "lowers the rate" in head()
    assert head(sign_in="").count("--users 500 --spawn-rate 500 ") == 2
    assert "lowers the rate" not in head(sign_in="")


@pytest.mark.parametrize("tool", ["locust", "k6"])
def test_people_who_hold_connections_are_not_exported(tool: str) -> None:
    workload = WorkloadSpec(operations=(OperationSpec("home", "/"),), listeners=5, listener="live")
    with pytest.raises(SpecError, match=r"shop\.toml: workload\.listeners: .*5 are declared"):
        export_files(ExportOrder(tool, workload, "shop.toml", 1.0))


def test_a_name_that_would_end_the_head_does_not(tmp_path: Path) -> None:
    workload = WorkloadSpec(operations=(OperationSpec("home", "/"),))
    name = 'a"""\nimport os\n*/\u2028.toml'
    source = export_files(ExportOrder("locust", workload, name, 1.0))["locustfile.py"]
    assert len(ast.parse(source).body) == len(ast.parse(written(workload)["locustfile.py"]).body)
    script = export_files(ExportOrder("k6", workload, name, 1.0))["workload.js"].decode()
    assert script.splitlines()[0].startswith("// The workload of a____import os")
    assert not any("import os" in line for line in script.splitlines()[1:])


def test_the_requirements_name_this_version_and_look_for_it_beside_them() -> None:
    lines = written(AWKWARD)["requirements.txt"].decode().splitlines()
    assert {f"seatrial=={__version__}", "--find-links ."} <= set(lines)


def test_steps_over_sockets_are_found_where_they_are_imported() -> None:
    sources = {
        "journeys.py": b"import talk\nfrom seatrial.load.journeys import get, expect\nsocketio = 1",
        "talk.py": b"from seatrial.load.journeys import listen, websocket as ws",
        "other.py": b"from elsewhere import socketio",
    }
    assert socket_steps(sources) == ("websocket",)
    assert socket_steps({"journeys.py": sources["journeys.py"]}) == ()


def test_the_journeys_take_along_what_they_import_from_their_folder(tmp_path: Path) -> None:
    for name, text in {
        "journeys.py": "import accounts, json\nfrom shop.carts import fill\n\ndef home(person):\n    import words\n",
        "accounts.py": "from seatrial.load.journeys import get\nimport journeys",
        "words.py": "",
        "unused.py": "",
        "shop/__init__.py": "",
        "shop/carts.py": "from . import prices",
        "shop/deep/prices.py": "",
        "no_package/json.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    folder = journeys_folder(tmp_path / "journeys.py")
    assert set(folder) == {"journeys.py", "accounts.py", "words.py", "shop/__init__.py", "shop/carts.py"} | {
        "shop/deep/prices.py"
    }
    assert folder["accounts.py"] == (tmp_path / "accounts.py").read_bytes()
    files = locust_files(AWKWARD, folder, name="seatrial.toml", rate_rps=1, users=1)
    assert set(files) == {"locustfile.py", "requirements.txt", *folder}


def test_journeys_that_cannot_be_taken_along_are_told(tmp_path: Path) -> None:
    journeys = tmp_path / "journeys.py"
    with pytest.raises(SpecError, match="cannot be read"):
        journeys_folder(journeys)
    journeys.write_text("import broken")
    (tmp_path / "broken.py").write_text("def (:")
    with pytest.raises(SpecError, match=r"broken\.py:1: this is not Python"):
        journeys_folder(journeys)
    with pytest.raises(SpecError, match=r"locustfile\.py, which would stand"):
        locust_files(AWKWARD, {"locustfile.py": b""}, name="seatrial.toml", rate_rps=1, users=1)
