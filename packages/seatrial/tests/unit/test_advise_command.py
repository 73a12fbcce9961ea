"""`seatrial advise` with people or a rate, as its page shows it; the study is arithmetic: 8 ms of CPU a request."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from seatrial.cli import main
from seatrial.commands import advising
from seatrial.measure.calibration_result import CALIBRATION_SCHEMA, CalibrationResult, CalibrationSlice, Speed
from seatrial.measure.study import Study
from seatrial.measure.study_file import write_study
from seatrial.spec.catalog import Catalog, catalog

PAGE = (Path(__file__).parents[4] / "docs" / "how-to" / "which-plan-for-my-users.md").read_text(encoding="utf-8")

OWN_PLAN = (
    '[[plan]]\nid = "office-server"\nprovider = "our office"\ncpu = "own"\nvcpus = 2\nram_mb = 4096\n'
    'usd_month = 3\nas_of = "2026-11-28"\n'
)

FEW = ("do-s-1vcpu-512mb-10gb", "linode-g6-nanode-1", "lightsail-5", "hetzner-cx23", "do-pg-db-s-1vcpu-1gb")


@pytest.fixture
def folder(tmp_path: Path, a_study: Callable[..., Study], monkeypatch: pytest.MonkeyPatch) -> Path:
    """With results/study.json in it. A few plans only, and short simulations: their rates have tests of their own."""
    write_study(a_study(plan_saturated=None), tmp_path / "results" / "study.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(advising, "plans", few_plans)
    return tmp_path


def few_plans(own: Path | None = None) -> Catalog:
    from seatrial.spec.catalog import catalog_with

    found = catalog() if own is None else catalog_with(own)
    names = (*FEW, *(name for name in found.by_id if name not in catalog().by_id))
    return replace(found, by_id={name: found.by_id[name] for name in names})


def a_calibration(path: Path, units_per_s: float, cpu_model: str = "test") -> None:
    speed = Speed(units_per_s, 0.98 * units_per_s)
    result = CalibrationResult(
        schema=CALIBRATION_SCHEMA,
        work_version=1,
        work_checksum=7,
        measured_at="2026-01-01",
        python_version="3.12.1",
        python_implementation="CPython",
        system="Linux",
        architecture="x86_64",
        cpu_model=cpu_model,
        cpus_seen=1,
        cpus_allowed=1,
        units_per_cpu_s=speed,
        units_per_wall_s=speed,
        part_cpu_s={"json": 1.0 / units_per_s},
        slices=(CalibrationSlice(100, 0.5, 0.5),) * 40,
        plan_id="do-s-1vcpu-512mb-10gb" if cpu_model == "server" else "",
    )
    path.write_bytes(msgspec.json.encode(result))


def a_log(requests: int) -> str:
    """A week of 40 people, each with 2 visits of so many requests."""
    rows = []
    for day in range(1, 8):
        for visit, hour in enumerate((0, 12)):
            for request in range(requests):
                rows += [
                    f"192.0.2.{person} - - [{day:02d}/May/2026:{hour:02d}:{request:02d}:{visit:02d} +0000] "
                    '"GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0"'
                    for person in range(40)
                ]
    return "\n".join(rows) + "\n"


def advised(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    status = main(shlex.split(line)[1:])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_every_command_of_the_page_gives_an_answer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "access.log").write_text(a_log(12))
    (folder / "access.log.1.gz").write_text(a_log(48).replace("/May/", "/Apr/"))
    (folder / "my-plans.toml").write_text(OWN_PLAN)
    a_calibration(folder / "here.json", 100.0)
    a_calibration(folder / "there.json", 80.0, "server")
    lines = re.findall(r"^    (seatrial advise .*)$", PAGE, re.MULTILINE)
    told = {line: answer for line in lines if (answer := advised(capsys, line)[1])}
    assert len(told) == len(lines) == 7
    assert all(len(row) <= 80 for answer in told.values() for row in answer.splitlines())
    by_word = {word: next(answer for line, answer in told.items() if word in line) for word in FOUND}
    for word, found in FOUND.items():
        assert found in " ".join(by_word[word].split())


FOUND = {
    "--headroom": "With 40 % kept free, a plan must carry 83/s.",
    # The geometric mean of seven days of 48 and six of 12: the last day ends at noon, so it is not whole.
    "--access-log": "requests per session 25.3",
    "--assume": "sessions per day 2 (1 to 4, yours)",
    "--calibration-here": "A request costs 1.25 times the CPU time there",
    "--plans": "office-server",
}


KNOWN = "--assume sessions_per_day=3 --assume requests_per_session=20 --assume peak_factor=3"
"""180 requests of each person in a day three times as busy in its busiest hour: N x 180 / 86,400 s."""


@pytest.mark.parametrize(
    ("options", "plan", "capacity_rps"),
    [
        # 20,000 people ask 41.7/s, with 30 % free 59.5. One CPU of 8 ms a request carries some 122, or 0.6 of it.
        ("--users 20000", FEW[0], 122.0),
        # 30,000 ask 62.5/s, with room 89: one CPU surely carries 73 only, two at least 145.
        ("--users 30000", "hetzner-cx23", 244.0),
        # On a server that was timed to need 1.25 times the CPU, not more than 1.15 times that: 98, at least 85.
        ("--users 20000 --calibration-here here.json --calibration-there there.json", FEW[0], 98.0),
        # With half of it free 83 is too much for one CPU of unknown speed.
        ("--users 20000 --headroom 0.5", "hetzner-cx23", 244.0),
        ("--users 30000 --plans my-plans.toml", "office-server", 244.0),
    ],
)
def test_growth_names_the_plan_that_users_names_and_the_capacity(
    folder: Path, capsys: pytest.CaptureFixture[str], options: str, plan: str, capacity_rps: float
) -> None:
    (folder / "my-plans.toml").write_text(OWN_PLAN)
    a_calibration(folder / "here.json", 100.0)
    a_calibration(folder / "there.json", 80.0, "server")
    line = f"seatrial advise results/study.json {options} {KNOWN} --json"
    chosen = json.loads(advised(capsys, line)[1])["chosen"]
    (row,) = json.loads(advised(capsys, f"{line} --growth")[1])["rows"]
    assert (row["shape"], row["host_plan"], chosen["plan"]["id"]) == ("one machine", plan, plan)
    told = [row["capacity"][name] for name in ("low", "typical", "high")]
    assert told == pytest.approx([chosen[name] for name in ("low_rps", "capacity_rps", "high_rps")], rel=1e-9)
    assert told[1] == pytest.approx(capacity_rps, rel=0.04)
    assert row["numbers"]["usd_month"]["typical"] == chosen["usd_month"]
    assert row["numbers"]["workers"]["typical"] == chosen["workers"]
    assert row["numbers"]["connections"]["typical"] == chosen["connections"]["total"]
    assert row["speed_confidence"] == chosen["speed_confidence"]


def test_growth_takes_habits_from_an_access_log_as_users_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "access.log").write_text(a_log(48))
    line = "seatrial advise results/study.json --users 2000 --access-log access.log"
    need = json.loads(advised(capsys, f"{line} --json")[1])["need"]
    growth = json.loads(advised(capsys, f"{line} --growth --json")[1])
    assert growth["rows"][0]["numbers"]["peak_rps"]["typical"] == pytest.approx(need["rate_rps"], rel=1e-6)
    logged = {each["name"]: each for each in growth["assumptions"] if each["source"] == "access log"}
    assert {"sessions_per_day", "requests_per_session", "peak_factor"} <= set(logged)
    # Each visit of a person had 48 requests.
    assert logged["requests_per_session"]["typical"] == pytest.approx(48.0)
    assert growth["log"]["visitors_per_day"] == 40
    told = advised(capsys, f"{line} --growth")[1]
    assert "Access log: 26,880 lines of 7 days" in " ".join(told.split())
    assert max(map(len, told.splitlines())) <= 80


def test_the_exit_status_and_the_json_say_whether_a_plan_holds(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = advised(capsys, "seatrial advise results/study.json --rps 20 --json")
    held = json.loads(out)
    assert (status, held["schema"], held["chosen"]["plan"]["id"]) == (0, "seatrial.advice/1", FEW[0])
    assert held["is_cheapest"] is True
    # Its price is of July 2022, the study of January 2026.
    assert {"old-price", "hours"} <= {caveat["code"] for caveat in held["caveats"]}
    status, out, _ = advised(capsys, "seatrial advise results/study.json --users 1e9 --json")
    none = json.loads(out)
    assert (status, none["chosen"]) == (1, None)
    # What may be used for ever binds the burst plan, the CPU every other.
    assert {refusal["plan_id"]: refusal["reason"] for refusal in none["refused"]} == {
        "do-s-1vcpu-512mb-10gb": "cpu",
        "linode-g6-nanode-1": "cpu",
        "lightsail-5": "burst",
        "hetzner-cx23": "cpu",
    }


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ("--users -5", "--users: '-5' is out of range"),
        ("--users 2e10", "--users: '2e10' is out of range"),
        ("--users many", "--users: 'many' is not a number"),
        ("--rps 0", "--rps: '0' is out of range"),
        ("--users 10 --rps 10", "people and a rate are both given"),
        ("--users 10 --headroom 1", "a headroom of 1 cannot be"),
        ("--users 10 --assume sesions_per_day=2", "there is no habit"),
        ("--users 10 --access-log gone.log", "gone.log: there is no such file"),
        ("--users 10 --plans gone.toml", "gone.toml"),
        ("--users 10 --plans short.toml", "must say its provider and cpu"),
        ("--users 10 --calibration-here other.json", 'the study was measured on "test"'),
    ],
)
def test_what_cannot_be_asked_ends_with_2_and_says_what(
    folder: Path, capsys: pytest.CaptureFixture[str], options: str, what: str
) -> None:
    a_calibration(folder / "other.json", 100.0, "another processor")
    (folder / "short.toml").write_text('[[plan]]\nid = "office-server"\nvcpus = 2\n')
    status, out, err = advised(capsys, f"seatrial advise results/study.json {options}")
    assert (status, out) == (2, "")
    assert what in err


def of_another_format(study: str) -> str:
    return study.replace('"seatrial.study/', '"seatrial.study/9')


def cut_in_half(study: str) -> str:
    return study[: len(study) // 2]


def with_an_operation_never_answered(study: str) -> str:
    document = json.loads(study)
    document["operations"][0]["requests"] = 0
    return json.dumps(document)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (of_another_format, "written by a newer Seatrial"),
        (cut_in_half, "this study is cut off"),
        (with_an_operation_never_answered, "nothing can be predicted from this study: no answer of read"),
    ],
)
def test_a_study_that_cannot_be_used_gives_no_number(
    folder: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[str], str], what: str
) -> None:
    path = folder / "results" / "study.json"
    path.write_text(spoil(path.read_text()))
    status, out, err = advised(capsys, "seatrial advise results/study.json --users 20000")
    assert (status, out) == (2, "")
    assert what in err
