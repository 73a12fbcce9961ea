"""How to time the server one would rent: the page's commands run in their order, and the advice takes the files."""

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.cli import main
from seatrial.commands import advising
from seatrial.measure.study_file import write_study
from seatrial.measure.web_work import cpu_model
from seatrial.spec.catalog import catalog

PAGE = (Path(__file__).parents[4] / "docs" / "how-to" / "time-the-rented-server.md").read_text(encoding="utf-8")
PLAN = "do-s-1vcpu-512mb-10gb"


@pytest.fixture
def folder(tmp_path, a_study, monkeypatch):
    """With a study of this machine. One plan only, and short simulations: they have tests of their own."""
    study = a_study(plan_saturated=None)
    here = {**study.environment, "cpu_model": cpu_model()}
    write_study(replace(study, environment=here), tmp_path / "results" / "study.json")
    found = catalog()
    known = replace(found, by_id={PLAN: found.by_id[PLAN], "do-pg-db-s-1vcpu-1gb": found.by_id["do-pg-db-s-1vcpu-1gb"]})
    monkeypatch.setattr(advising, "plans", lambda _own=None: known)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown():
    """The page's commands in their order; those of a connection to a server run here, copying left out."""
    for line in re.findall(r"^(?:    (seatrial .*)|ssh \S+ (python3 .*))$", PAGE, re.MULTILINE):
        yield shlex.split("".join(line).replace(".venv/bin/python", sys.executable))


def test_the_commands_of_the_page_run_and_the_advice_is_of_a_cpu_that_was_timed(folder, capsys):
    told = []
    for words in shown():
        shorter = ["--slices", "1"] if "--out" in words else []
        if words[0] == "python3":
            done = subprocess.run([sys.executable, *words[1:], *shorter], capture_output=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            continue
        assert main([*words[1:], *shorter]) in {0, 1}, words
        told.append(" ".join(capsys.readouterr().out.split()))
    assert len(told) == 4
    advice, growth = told[2:]
    assert "web-like work was timed on both machines" in advice
    assert "nothing is known of the CPU there" not in advice
    # Of the two plans of this catalogue only the timed one is a machine, so all hosts are known.
    assert "how fast the rented CPU is against this one is not known" not in growth


def test_the_refusals_that_the_page_explains_are_those_that_are_told(folder, capsys):
    for path, options in (("here.json", ["--out"]), ("there.json", ["--plan", PLAN, "--out"])):
        assert main(["calibrate", "--slices", "1", *options, path]) == 0
    here, there = (Path(name).read_text() for name in ("here.json", "there.json"))
    Path("other.json").write_text(here.replace(cpu_model(), "Another CPU"))
    Path("unnamed.json").write_text(there.replace(PLAN, ""))
    Path("unknown.json").write_text(there.replace(PLAN, "no-such-plan"))
    Path("older.json").write_text(re.sub(r'"work_version": ?(\d+)', r'"work_version": 9\1', there))
    for files, words in (
        (("other.json", "there.json"), "the study was measured on "),
        (("here.json", "unnamed.json"), "does not say of which plan it is"),
        (("here.json", "unknown.json"), "which is not known"),
        (("here.json", "older.json"), "did different work"),
    ):
        options = ["--users", "10", "--calibration-here", files[0], "--calibration-there", files[1]]
        capsys.readouterr()
        assert main(["advise", "results/study.json", *options]) == 2
        assert words in " ".join(capsys.readouterr().err.split())
        assert words in " ".join(PAGE.split())
