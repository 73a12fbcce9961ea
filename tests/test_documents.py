"""What the documents show is what the programs accept."""

import re
from pathlib import Path

import pytest

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
