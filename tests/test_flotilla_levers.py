"""`seatrial levers` on Flotilla as its trial declares it, in a small town and with few starts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TRIAL = Path(__file__).parent.parent / "trials" / "flotilla"

# Of an app and levers of their own `seatrial levers` is tried with the other tests; this is the whole site, in minutes.
pytestmark = [pytest.mark.linux, pytest.mark.long, pytest.mark.timeout(950)]


def small_trial(folder: Path) -> Path:
    """The trial's file for 200 people, four of them visiting; everything it names is found from elsewhere, too."""
    text = (TRIAL / "seatrial.toml").read_text(encoding="utf-8")
    replaced = {
        'directory = "."': f'directory = "{TRIAL}"',
        'python = "../../.venv/bin/python"': f'python = "{sys.executable}"',
        'journeys = "journeys.py"': f'journeys = "{TRIAL / "journeys.py"}"',
        "size = 10000": "size = 200",
        "people = 30": "people = 4",
    }
    for old, new in replaced.items():
        assert text.count(f"\n{old}\n") == 1, old
        text = text.replace(f"\n{old}\n", f"\n{new}\n")
    path = folder / "seatrial.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_levers_of_flotilla_are_tried_on_the_real_site_and_told_with_the_lines_to_change(tmp_path: Path) -> None:
    options = ["--only", "kept pages,pgbouncer", "--quick", "--allow-noise", "--budget-minutes", "15"]
    done = subprocess.run(
        [sys.executable, "-m", "seatrial", "levers", str(small_trial(tmp_path)), *options, "--json"],
        capture_output=True,
        text=True,
        timeout=920,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    rows = {row["name"]: row for row in found["rows"]}
    assert rows.keys() == {"kept pages", "pgbouncer"}
    for row in rows.values():
        assert row["failure"] == ""
        assert row["effects"]["saturated_rps"]["pairs"] == 2
        assert row["effects"]["saturated_rps"]["low"] < row["effects"]["saturated_rps"]["high"]
        # What another server changes in the app no model knows beforehand.
        assert row["forecast"] is None
    kept = {change["after"] for change in rows["kept pages"]["changes"]}
    assert {'FLOTILLA_CACHE_URL = "{cache_url}"', 'cache = "valkey"'} <= kept
    # A server more is memory more, which was really there: PgBouncer takes some megabytes.
    assert rows["pgbouncer"]["effects"]["memory_bytes"]["pairs"] == 2
