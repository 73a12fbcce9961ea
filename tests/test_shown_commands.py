"""Every command line that a page shows is one that the program takes; the README's are run."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seatrial.cli import build_parser

ROOT = Path(__file__).parent.parent
# The page of the command line is made from the parser itself.
GENERATED = {ROOT / "docs" / "reference" / "cli.md"}
PAGES = [page for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))) if page not in GENERATED]

QUICKER_ON_ANY_MACHINE = """
[slo]
latency_max_ms = 100

[measure]
allow_noise = true
warm_up_max_s = 4
half_load_s = 1
saturation_s = 2
confirm_s = 2
within_s = 11
plan_starts = 0
"""


def shown_in(page: Path) -> list[str]:
    """The lines `seatrial ...` of a page's code blocks, without what comes after `#`."""
    lines = re.findall(r"^    (?:\.venv/bin/)?(seatrial [a-z].*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [line.partition("  #")[0].strip() for line in lines]


SHOWN = [(page, line) for page in PAGES for line in shown_in(page)]


@pytest.mark.parametrize(
    ("page", "line"), [pytest.param(page, line, id=f"{page.name}: {line}") for page, line in SHOWN]
)
def test_every_command_line_that_a_page_shows_is_understood(page: Path, line: str) -> None:
    options = build_parser().parse_args(shlex.split(line)[1:])
    assert callable(options.function)


def test_the_readme_shows_measuring_as_text_and_as_json_and_a_load_without_a_file() -> None:
    assert shown_in(ROOT / "README.md") == [
        "seatrial measure path/to/seatrial.toml",
        "seatrial measure path/to/seatrial.toml --json",
        "seatrial load http://127.0.0.1:8000/ --rate 50 --duration 20",
    ]


def seatrial(line: str, *more: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *shlex.split(line), *more]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)


@pytest.mark.long
def test_the_readmes_measure_measures_the_shop_that_its_seatrial_toml_declares(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"```toml\n(\[subject\].*?)```", readme, re.DOTALL)
    assert shown
    folder = tmp_path / "path" / "to"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "subjects" / "shop.py", folder)
    (folder / "seatrial.toml").write_text(shown[1] + QUICKER_ON_ANY_MACHINE, encoding="utf-8")
    done = seatrial(shown_in(ROOT / "README.md")[1], "--quick", folder=tmp_path)
    # Whether the objective is met, and the generator was on time, is the machine's affair.
    assert done.returncode in (0, 1, 3), done.stderr
    found = json.loads(done.stdout)
    assert set(found["demand_ms"]["by_operation"]) == {"front page", "search"}
    if found["verdict"] != "invalid":
        # Ten front pages without a query for each search with one.
        assert found["queries_per_request"] == pytest.approx(1 / 11)


def test_the_readmes_load_drives_an_app_that_runs(app: str, tmp_path: Path) -> None:
    line = shown_in(ROOT / "README.md")[-1].replace("http://127.0.0.1:8000", app)
    done = seatrial(line, "--duration", "1", "--no-self-check", folder=tmp_path)
    assert done.returncode in (0, 3), done.stderr
    assert "were answered rightly" in done.stdout
