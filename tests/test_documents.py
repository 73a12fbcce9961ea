"""What the documents show is what the programs accept."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatrial.report.load_words import ERROR_CAUSES
from seatrial.spec.reading import read_trial_spec

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["README.md", "docs/reference/seatrial-toml.md"])
def test_the_seatrial_toml_that_a_page_shows_first_is_accepted_as_it_stands(name: str, tmp_path: Path) -> None:
    shown = re.search(r"```toml\n(\[subject\].*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    path = tmp_path / "seatrial.toml"
    path.write_text(shown[1], encoding="utf-8")
    spec = read_trial_spec(path)
    assert spec.subject.app == "shop:create_app()"
    assert {operation.name for operation in spec.workload.operations} >= {"front page"}


def test_the_trial_of_flotilla_that_comes_with_the_repository_is_accepted() -> None:
    spec = read_trial_spec(ROOT / "trials" / "flotilla")
    assert spec.subject.name == "flotilla"
    assert spec.plan.id == "do-s-1vcpu-512mb-10gb"
    assert spec.subject.python == ROOT / ".venv" / "bin" / "python"
    assert spec.workload.mix


def test_the_commands_of_the_first_screen_are_targets_of_the_makefile() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("## ")[0]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"^    make (\w+) ", readme, re.MULTILINE)
    assert commands == ["trial", "test"]
    for command in commands:
        assert re.search(rf"^{command}: setup$", makefile, re.MULTILINE)


def seatrial(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seatrial", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def shown_loads() -> list[str]:
    page = (ROOT / "docs" / "how-to" / "load-one-url.md").read_text(encoding="utf-8")
    return re.findall(r"^    seatrial (load .*)$", page, re.MULTILINE)


@pytest.mark.parametrize("line", shown_loads())
def test_the_loads_that_the_how_to_shows_run_as_they_stand_only_shorter(line: str, app: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "load-one-url.md").read_text(encoding="utf-8")
    (journeys,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "journeys.py").write_text(journeys, encoding="utf-8")
    words = shlex.split(line.replace("http://127.0.0.1:8000", app))
    done = seatrial(*words, "--duration", "1", "--no-self-check", folder=tmp_path)
    # Whether the generator was on time is the machine's affair.
    assert done.returncode in (0, 3), done.stderr
    answered = json.loads(done.stdout)["errors"] == {} if "--json" in words else "were answered rightly" in done.stdout
    assert answered, done.stdout
    assert "  failed:" not in done.stdout


def names_of(value: Any, path: str = "") -> Iterator[str]:
    """Every name of a JSON value, as the reference writes them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            shown = {"operations": "NAME", "errors": "CAUSE"}.get(path.rpartition(".")[2], key)
            name = f"{path}.{shown}" if path else shown
            yield name
            # Said once for all, above.
            if not re.search(r"NAME\.(response_time_s|time_from_send_s)$", name):
                yield from names_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from names_of(inner, f"{path}[]")


def test_the_reference_of_the_json_names_what_a_real_load_prints_and_nothing_else(app: str, tmp_path: Path) -> None:
    (tmp_path / "visits.py").write_text(
        "from seatrial.load.journeys import get\ndef visit(person):\n    yield get('/broken')\n    yield get('/')\n"
    )
    sessions = ("--journeys", "visits.py", "--sessions", "--rate", "10", "--duration", "1", "--timeout", "2")
    done = seatrial("load", app, *sessions, "--json", folder=tmp_path)
    assert done.returncode in (0, 3), done.stderr
    printed = set(names_of(json.loads(done.stdout)))
    page = (ROOT / "docs" / "reference" / "load-json.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(documented) == len(set(documented))
    assert printed - {"operations.NAME"} == set(documented)


def test_every_cause_of_errors_is_explained_alike_in_the_reference_and_in_the_terminal() -> None:
    page = (ROOT / "docs" / "reference" / "load-json.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([a-z]+) \| (.+) \|$", page.partition("## Causes of errors")[2], re.MULTILINE))
    del rows["cause"]
    assert {cause: words.replace("`", "") for cause, words in rows.items()} == ERROR_CAUSES
