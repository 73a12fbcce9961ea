"""Apps as their frameworks' documentation teaches them, each in its own environment, from a checkout to an answer.

Most are measured as a how-to page says it, word for word. The one with every fault needs a quiet machine:
test_sample_apps_measured.py.
"""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to"

PAGES = {
    "blog": "measure-a-flask-app.md",
    "library": "measure-a-django-app.md",
    "tracker": "measure-a-fastapi-app.md",
    "weather": "measure-an-app-with-its-own-start-command.md",
    "noticeboard": "take-the-workload-from-an-access-log.md",
}
OPERATIONS = {
    "blog": {"front", "posts_one", "drafts", "create"},
    "library": {"front", "books_one", "loans", "suggest"},
    "tracker": {"tasks", "tasks_one", "users_me"},
    "weather": {"front", "stations_one", "strongest"},
    "noticeboard": {"front", "notices_one", "mine"},
    "plain": {"front", "time"},
}

SHORTER = """
[measure]
allow_noise = true
brief_starts = 0
plan_starts = 0
inside = false
faults = false
warm_up_max_s = 2
half_load_s = 0.5
saturation_s = 1
confirm_s = 1
within_s = 11

[slo]
latency_max_ms = 100
"""
"""What is looked at is that there is an answer, not how sure it is."""

LOGGED = 40 * ["/"] + [f"/notices/{number}" for number in range(1, 51)] + 10 * ["/mine"]

RIG = {"generator-late", "generator-busy"}
"""Why an answer on a machine that is busy with other tests may be that there is none; noise itself is allowed here."""

OVERLOADED = {"timeout", "unfinished", "cap"}
"""What a right app may answer to more requests than it can take. Any other error is a wrong answer."""

REQUESTS_LEAST = 8
"""Of each operation, one at a time."""

pytestmark = [pytest.mark.linux, pytest.mark.long, pytest.mark.timeout(400)]


def commands_for(name: str) -> list[list[str]]:
    """The words of `seatrial init` and `seatrial measure`, as the app's page shows them where it has one."""
    if name not in PAGES:
        return [["init"], ["measure", "seatrial.toml", "--quick"]]
    shown = re.findall(r"^    seatrial (.*)$", (HOW_TO / PAGES[name]).read_text(encoding="utf-8"), re.MULTILINE)
    return [shlex.split(line) for line in shown[:2]]


@pytest.mark.parametrize("name", OPERATIONS)
def test_two_commands_lead_from_a_checkout_to_an_answer(sample_app, run_seatrial, name: str) -> None:
    folder = sample_app(name)
    page = (HOW_TO / PAGES[name]).read_text(encoding="utf-8") if name in PAGES else ""
    if (line := re.search(r"^\S+ - - \[.*GET (\S+) .*$", page, re.MULTILINE)) is not None:
        (folder / "access.log").write_text("\n".join(line[0].replace(line[1], path) for path in LOGGED))
    looking, measuring = commands_for(name)
    assert (looking[0], measuring[0]) == ("init", "measure")

    begun = run_seatrial(*looking, "--json", folder=folder)
    assert begun.status == 0, begun.err
    found = {operation["name"]: operation["weight"] for operation in begun.findings["operations"]}
    assert set(found) >= OPERATIONS[name]
    told = {clue["what"] for clue in begun.findings["found"]}
    assert ("debugging is on" in told) is (name == "library")
    assert not any("served by the app" in what for what in told)
    if name == "tracker":
        # The ids of its tasks are drawn anew with the data of each start.
        assert "person.memory['tasks_one']" in (folder / "journeys.py").read_text()
    (headers,) = [clue["what"] for clue in begun.findings["found"] if clue["topic"] == "headers"] or [""]
    assert ("X-Forwarded-Proto: https" in headers and "Host: weather.example.org" in headers) is (name == "weather")
    if line is not None:
        assert found == {"notices_one": 50.0, "front": 40.0, "mine": 10.0}

    with (folder / "seatrial.toml").open("a") as file:
        file.write(SHORTER)
    ended = run_seatrial(*measuring, "--json", folder=folder)
    assert_an_answer(folder, ended, begun.findings["operations"])
    assert ("sign_in" in (folder / "seatrial.toml").read_text()) is any(
        operation["signed_in"] for operation in begun.findings["operations"]
    )


def assert_an_answer(folder: Path, ended, operations: list[dict[str, Any]]) -> None:
    """Every operation was measured and answered rightly; where no rate came of it, it says that the generator was why.

    Whether the objective is met, and the generator was on time, is the machine's affair.
    """
    assert ended.status in {0, 1, 3}, ended.err
    answer, study = ended.findings, json.loads((folder / "results" / "study.json").read_text())
    names = {operation["name"] for operation in operations}
    assert set(answer["demand_ms"]["by_operation"]) == {one["operation"] for one in study["operations"]} == names
    for one in study["operations"]:
        assert one["requests"] >= REQUESTS_LEAST, one
    wrong = [(m["label"], m["errors"], m["failures"]) for m in study["measurements"] if set(m["errors"]) - OVERLOADED]
    assert not wrong, wrong
    assert "half load" in {m["label"] for m in study["measurements"] if m["throughput_rps"] > 0.0}
    spoiled = [m for m in study["measurements"] if m["verdict"] == "invalid"]
    for m in spoiled:
        codes = {caveat["code"] for caveat in m["caveats"]}
        assert codes & RIG, (m["label"], sorted(codes))
        assert "journey-raised" not in codes
    if answer["verdict"] == "invalid":
        assert ended.status == 3
        assert spoiled
    else:
        assert ended.status in {0, 1}
        capacity = answer["worker_capacity"]
        assert capacity["pass_rps"] or capacity["fail_rps"], json.dumps(capacity)
