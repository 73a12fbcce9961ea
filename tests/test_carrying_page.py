"""How to carry a measurement to another CPU: every command that the page shows runs, in the order of the page."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatrial.measure.calibration_result import read_calibration
from seatrial.model.carrying import BENCHMARK_RATIO, BENCHMARK_RATIO_ACROSS, MEASURED_THERE, SAME_MODEL_RATIO, carry
from seatrial.spec.catalog import catalog

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "how-to" / "carry-to-another-cpu.md").read_text(encoding="utf-8")


def run(words: list[str], folder: Path) -> str:
    if words[0] == "seatrial":
        words = [sys.executable, "-m", *words]
    shorter = ["--slices", "2"] if "--out" in words else []
    done = subprocess.run([*words, *shorter], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_the_pages_commands_run_in_their_order_and_give_a_factor_in_the_end(tmp_path: Path) -> None:
    (plans,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "my-plans.toml").write_text(plans, encoding="utf-8")
    lines = re.findall(r"^(?:    (seatrial .*)|(python3 .*))$", PAGE, re.MULTILINE)
    told = {}
    for line in ("".join(each) for each in lines):
        told[line] = run(shlex.split(line.replace(".venv/bin/python", sys.executable)), tmp_path)
    assert len(told) == 7
    assert "0.1 CPU for ever" in told["seatrial plans show lightsail-5"]
    assert "5.49 USD a month" in told["seatrial plans show hetzner-cx23 --plans my-plans.toml"]
    here, there = (read_calibration(tmp_path / name) for name in ("here.json", "there.json"))
    found = carry(catalog().plan("hetzner-cx23"), here, there, catalog())
    assert found.confidence == MEASURED_THERE
    assert found.low < found.factor < found.high


def test_the_pages_widths_are_those_that_are_used() -> None:
    for ratio in (SAME_MODEL_RATIO, BENCHMARK_RATIO, BENCHMARK_RATIO_ACROSS):
        assert f"{ratio:.2f}" in PAGE
        assert f"{ratio:.2f}" in next(ROOT.glob("docs/decisions/0014-*.md")).read_text(encoding="utf-8")


def names_of(value: Any, path: str = "") -> Iterator[str]:
    """Every name of a JSON value, as the references write them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            name = f"{path}.{'PIECE' if path == 'part_cpu_s' else key}".lstrip(".")
            yield name
            if key != "more":  # its names are those of the catalogue's rows
                yield from names_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from names_of(inner, f"{path}[]")


def documented(name: str) -> list[str]:
    page = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    return re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)


def test_the_references_of_the_json_name_what_is_printed_and_nothing_else(tmp_path: Path) -> None:
    for line, page in (
        ("seatrial plans list --all --json", "plans-json.md"),
        ("seatrial calibrate --slices 1 --json", "calibration-json.md"),
    ):
        printed = set(names_of(json.loads(run(shlex.split(line), tmp_path))))
        names = documented(page)
        assert len(names) == len(set(names))
        assert printed == set(names)
