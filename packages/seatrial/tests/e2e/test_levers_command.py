"""`seatrial levers` on an app that knows nothing of levers, from its own checkout to the table."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "levers-json.md"

SPEC = """
[subject]
name = "plain"
app = "hello:application"
[database]
kind = "none"
[plan]
name = "one CPU"
cpus = 1
memory_mb = 512
[[workload.operations]]
name = "time"
path = "/time"
[[levers]]
name = "broken"
about = "A server that ends at once."
server = { command = "{python} -c 'raise SystemExit(7) # {port}'" }
"""

WORK = """
import time

def application(environ, start_response):
    until = time.thread_time() + 0.02
    while time.thread_time() < until:
        pass
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"done"]
"""
"""Whose pages take 20 ms of CPU each."""

pytestmark = pytest.mark.linux


def names_of(value: Any, below: str = "") -> set[str]:
    """The dotted names in a JSON document as its reference writes them: effects and changes have names of their own."""
    if isinstance(value, list):
        return {name for each in value for name in names_of(each, f"{below}[]")}
    if not isinstance(value, dict):
        return set()
    below = "EFFECT" if "ratio" in value and "pairs" in value else "CHANGE" if "elsewhere" in value else below
    found = set()
    for name, each in value.items():
        path = f"{below}.NAME" if below in {"refused", "combination.tried"} else f"{below}.{name}".lstrip(".")
        found |= {path} | names_of(each, path)
    return found


def test_two_levers_of_an_app_that_knows_nothing_of_them_are_tried_and_told_as_a_table_and_as_json(
    sample_app, run_seatrial
) -> None:
    folder = sample_app("plain")
    (folder / "seatrial.toml").write_text(SPEC)
    results = folder / "found"
    options = ("--only", "workers-2,broken", "--quick", "--allow-noise", "--budget-minutes", "2")
    ended = run_seatrial("levers", folder, *options, "--results", results)
    assert ended.status == 0, ended.err
    assert all(len(line) <= 80 for line in ended.out.splitlines())
    assert re.search(r"^workers-2 +(better|worse|no effect|cannot tell) +[\d,]+ +x\d", ended.out, re.MULTILINE), (
        ended.out
    )
    assert re.search(r"^broken +does not work", ended.out, re.MULTILINE), ended.out
    found = json.loads((results / "levers.json").read_text())
    rows = {row["name"]: row for row in found["rows"]}
    assert rows["workers-2"]["effects"]["saturated_rps"]["pairs"] == 2
    # One process of the app became two, and what they do not share has its memory twice.
    assert rows["workers-2"]["effects"]["memory_bytes"]["ratio"] > 1.05
    assert rows["workers-2"]["changes"][0]["after"] == "workers = 2"
    assert rows["broken"]["failure"]
    documented = set(re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert names_of(found) <= documented
    page = (results / "levers.html").read_text()
    assert "workers-2" in page
    assert "does not work" in page


@pytest.mark.long
@pytest.mark.quiet
def test_a_second_host_of_a_busy_app_carries_twice_as_much_and_each_host_is_told(sample_app, run_seatrial) -> None:
    folder = sample_app("plain")
    (folder / "work.py").write_text(WORK)
    spec = SPEC[: SPEC.index("[[levers]]")].replace("cpus = 1", "cpus = 0.3\nusd_month = 4")
    (folder / "seatrial.toml").write_text(spec.replace("hello:", "work:"))
    results = folder / "found"
    options = ("--only", "hosts-2", "--quick", "--allow-noise", "--budget-minutes", "3")
    ended = run_seatrial("levers", folder, *options, "--results", results)
    assert ended.status == 0, ended.err
    found = json.loads((results / "levers.json").read_text())
    (row,) = found["rows"]
    # Twice, less what the balancer takes of the first host, which the app alone has not: under 1.5 ms for each of both.
    assert 1.6 < row["effects"]["saturated_rps"]["ratio"] < 2.1
    assert row["forecast"] is None
    assert row["costs"].startswith("Another 4 USD a month")
    (with_two,) = found["hosts"]
    assert with_two["levers"] == ["hosts-2"]
    assert [host["name"] for host in with_two["hosts"]] == ["host 1", "host 2"]
    assert "gives way first" in ended.out or "give way together" in ended.out.replace("\n", " ")
    assert names_of(found) <= set(re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(), re.MULTILINE))
    assert any("control groups of one machine" in caveat["text"] for caveat in found["caveats"])
