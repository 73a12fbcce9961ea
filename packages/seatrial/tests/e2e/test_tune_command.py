"""`seatrial tune` on an app whose requests mostly wait: more at once is better, by arithmetic."""

import json
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "tune-json.md"

pytestmark = pytest.mark.linux


def names_of(value: object, below: str = "") -> set[str]:
    """The dotted names in a JSON document as its reference writes them; a row is a row wherever it stands."""
    if isinstance(value, list):
        return {name for each in value for name in names_of(each, f"{below}[]")}
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for name, each in value.items():
        path = f"{below}.NAME" if below in {"refused", "not_tried"} else f"{below}.{name}".lstrip(".")
        found |= {path} | names_of(each, "rows[]" if path == "best" else path)
    return found - {"refused", "not_tried"}


@pytest.mark.long
def test_one_slot_that_waits_nine_tenths_of_the_time_is_found_to_want_more_of_them(
    declare, run_seatrial, tmp_path: Path
) -> None:
    # 5 ms of CPU and 45 ms of waiting: one slot answers 20 a second, and two workers twice as much, on any machine.
    spec = declare(subject={"environment": {"CPU_MS": "5", "WAIT_MS": "45"}}, plan={"memory_mb": 512})
    options = ("--quick", "--allow-noise", "--budget-minutes", "0.6", "--json")
    ended = run_seatrial("tune", spec, *options)
    assert ended.status == 0, ended.err
    found = json.loads(ended.out)
    rows = {row["server"]: row for row in found["rows"]}
    assert rows["sync 1"]["names"] == ["as declared", "gunicorn's default"]
    assert rows["sync 1"]["capacity_rps"] < 20.5
    best = found["best"]
    assert best["workers"] * (best["threads"] or 40) >= 4
    assert found["ratio"] > 1.5
    assert {change["after"].split(" = ")[0] for change in found["changes"]} & {"workers", "threads", "worker_class"}
    documented = set(re.findall(r"`([^` ]+)`", "".join(re.findall(r"^\|([^|]+)\|", PAGE.read_text(), re.MULTILINE))))
    assert names_of(found) <= documented
    assert json.loads((tmp_path / "results" / "tune.json").read_text()) == found


def test_an_app_that_somebody_else_starts_cannot_be_tuned(declare, run_seatrial) -> None:
    ended = run_seatrial("tune", declare(subject={"url": "http://127.0.0.1:9/"}))
    assert ended.status == 2
    assert "subject.url" in ended.err
    assert "which it does with gunicorn" in ended.err
