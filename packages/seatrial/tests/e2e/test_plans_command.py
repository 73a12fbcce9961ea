"""`seatrial plans` and `seatrial calibrate` from outside."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

LINES_MAX = 80


def seatrial(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "seatrial", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def told(*arguments: str, folder: Path) -> str:
    done = seatrial(*arguments, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_list_is_a_tidy_table_of_all_machines_with_the_cheapest_first(tmp_path: Path) -> None:
    lines = told("plans", "list", folder=tmp_path).splitlines()
    assert max(map(len, lines)) <= LINES_MAX
    assert lines[0].split() == ["id", "vCPU", "memory", "USD/month", "as", "of"]
    assert lines[1].split() == ["fly-shared-cpu-1x-256mb", "1", "burst", "256", "MB", "2.02", "2026-09-05"]
    everything = told("plans", "list", "--all", folder=tmp_path).splitlines()
    assert max(map(len, everything)) <= LINES_MAX
    assert "140 of 140 plans" in "\n".join(everything)
    assert any("not known" in line for line in everything if line.startswith("cloudrun-request"))


def test_conditions_narrow_the_list_and_none_left_is_told_in_words(tmp_path: Path) -> None:
    found = told(
        "plans", "list", "--provider", "hetzner", "--cpu", "shared", "--min-memory-mb", "8192", folder=tmp_path
    )
    ids = [line.split()[0] for line in found.splitlines() if line.startswith("hetzner")]
    assert "hetzner-cx33" in ids
    assert not {"hetzner-cx23", "hetzner-ccx13"} & set(ids)
    assert "None of the 140 plans is so" in told("plans", "list", "--max-usd", "0.5", folder=tmp_path)
    databases = told("plans", "list", "--databases", "--max-usd", "6", folder=tmp_path)
    assert "heroku-pg-essential-0" in databases
    assert "do-s-1vcpu" not in databases


@pytest.mark.parametrize(
    ("plan_id", "says"),
    [
        (
            "lightsail-5",
            ["0.1 CPU for ever", "5 % of each of 2", "100 a", "documentation", "not known when this price"],
        ),
        ("fly-shared-cpu-1x-256mb", ["lasts 8.9 minutes", "5 s on a new machine", "copied from the provider"]),
        ("ec2-t3.micro", ["look up its baseline", "PassMark single-thread 1437", "CC BY-SA 4.0", "Spare Cores"]),
        ("heroku-pg-essential-0", ["at most 20 to the database", "memory       not known", "vCPUs        not known"]),
        ("do-s-1vcpu-512mb-10gb", ["4 USD a month", "2022-07-01", "years ago: look it up", "23% to 83%"]),
        ("cloudrun-request", ["price        not known", "0.000024 USD for a vCPU used for a second"]),
    ],
)
def test_show_tells_everything_of_a_plan_within_the_width_of_a_terminal(
    plan_id: str, says: list[str], tmp_path: Path
) -> None:
    page = told("plans", "show", plan_id, folder=tmp_path)
    assert max(map(len, page.splitlines())) <= LINES_MAX
    words = " ".join(page.split())
    for expected in says:
        assert " ".join(expected.split()) in words


def test_a_file_of_ones_own_counts_in_both_and_as_json(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[[plan]]\nid = "hetzner-cx23"\nusd_month = 1\nas_of = "2026-11-28"\n'
        '[[plan]]\nid = "office"\nprovider = "us"\ncpu = "own"\nvcpus = 2\nram_mb = 2048\n'
    )
    first = told("plans", "list", "--plans", "mine.toml", folder=tmp_path).splitlines()[1]
    assert first.split() == ["hetzner-cx23", "2", "shared", "4", "GB", "1", "2026-11-28"]
    assert "from your own file: usd_month, as_of" in told(
        "plans", "show", "hetzner-cx23", "--plans", "mine.toml", folder=tmp_path
    )
    document = json.loads(told("plans", "show", "office", "--plans", "mine.toml", "--json", folder=tmp_path))
    (plan,) = document["plans"]
    assert (plan["id"], plan["usd_month"], plan["disk_gb"], plan["memory_bytes"]) == ("office", None, None, 2**31)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["plans", "show", "hetzner_cx23"], "Did you mean hetzner-cx23?"),
        (["plans", "list", "--provider", "digitalocaen"], "Did you mean digitalocean?"),
        (["plans", "list", "--max-usd", "cheap"], "--max-usd: 'cheap' is not a number."),
        (["plans", "list", "--min-memory-mb", "-1"], "out of range"),
        (["plans", "list", "--cpu", "fast"], "invalid choice: 'fast'"),
        (["plans", "list", "--plans", "gone.toml"], "there is no such file"),
        (["plans", "show", "office", "--plans", "bad.toml"], "bad.toml:3"),
        (["plans"], "WHAT"),
        (["calibrate", "--slices", "0"], "out of range"),
        (["calibrate", "--write", "a.py", "--out", "b.json"], "Leave one of the two out"),
        (["calibrate", "--write", "bad.toml"], "something else, which would be replaced"),
        (["calibrate", "--write", "bad.toml/calibrate.py"], "cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_in_words_with_status_2(arguments: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('[[plan]]\nid = "office"\ncpu = "quick"\n')
    done = seatrial(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_calibrate_tells_and_keeps_what_it_found(tmp_path: Path) -> None:
    page = told("calibrate", "--slices", "1", "--out", "results/here.json", "--plan", "office", folder=tmp_path)
    assert max(map(len, page.splitlines())) <= LINES_MAX
    for label in ("machine", "Python", "speed", "by clock", "may use", "withheld"):
        assert f"\n  {label} " in "\n" + page
    assert "a short one (1 slices): run it in full" in " ".join(page.split())
    kept = json.loads((tmp_path / "results" / "here.json").read_text())
    assert (kept["schema"], kept["plan_id"], len(kept["slices"])) == ("seatrial.calibration/1", "office", 1)


def test_a_written_file_may_be_written_again_over_itself(tmp_path: Path) -> None:
    for _ in range(2):
        assert "python3 calibrate.py --plan ID --out there.json" in told(
            "calibrate", "--write", "calibrate.py", folder=tmp_path
        )


def test_a_python_that_does_not_run_is_the_rigs_fault_and_told_with_status_3(tmp_path: Path) -> None:
    for name in ("gone/python", "/bin/false"):
        done = seatrial("calibrate", "--python", name, "--slices", "1", folder=tmp_path)
        assert done.returncode == 3
        assert "Give the Python that runs your app" in done.stderr
