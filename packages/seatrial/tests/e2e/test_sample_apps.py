"""Apps as their frameworks' documentation teaches them, each in an environment of its own: `init`, then `measure`.

What `init` wrote is used as it is; only the lengths of the trials are added, so that seven of them take no more time
than one. How well it measures is tested elsewhere.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

APPS = Path(__file__).parent.parent / "apps"
UV = Path(sys.executable).parent / "uv"

SHORT = """
[measure]
allow_noise = true
restarts = 1
brief_starts = 0
plan_starts = 0
inside = false
warm_up_max_s = 3
half_load_s = 1
saturation_s = 1.5
confirm_s = 1.5
search_trial_s = 2

[slo]
latency_max_ms = 200
"""

pytestmark = [pytest.mark.linux, pytest.mark.timeout(400)]

CASES = {
    "blog": (["--sign-up"], {"front", "posts_one", "drafts", "create"}),
    "noticeboard": (["--sign-up"], {"front", "notices_one", "mine"}),
    "library": (["--user", "reader", "--password", "a-quiet-room"], {"front", "books_one", "loans", "suggest"}),
    "tracker": (["--user", "demo", "--password", "demo-password"], {"tasks", "tasks_one", "users_me"}),
    "weather": ([], {"front", "stations_one", "strongest"}),
    "plain": ([], {"front", "time"}),
    "faulty": ([], {"front", "customers_one"}),
}


@pytest.fixture
def project(tmp_path):
    """A copy of the app with an environment that holds what its requirements.txt names, and nothing of Seatrial's."""

    def made(name):
        folder = Path(shutil.copytree(APPS / name, tmp_path / name))
        python = folder / ".venv" / "bin" / "python"
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / ".venv"], check=True, timeout=60)
        if (folder / "requirements.txt").read_text().strip():
            install = [UV, "pip", "install", "--quiet", "--python", python, "-r", folder / "requirements.txt"]
            subprocess.run(install, check=True, timeout=300)
        return folder

    return made


@pytest.mark.parametrize(("name", "options", "operations"), [(n, *rest) for n, rest in CASES.items()], ids=CASES)
def test_init_and_measure_give_an_answer(project, run_seatrial, name, options, operations):
    folder = project(name)
    begun = run_seatrial("init", folder, *options, "--json")
    assert begun.status == 0, begun.err
    assert operations <= {operation["name"] for operation in begun.findings["operations"]}
    with (folder / "seatrial.toml").open("a") as file:
        file.write(SHORT)
    ended = run_seatrial("measure", folder, "--json")
    # Whether the objective is met, and the machine quiet enough to say so, is not what is asked here.
    assert ended.status in {0, 1, 3}, ended.err
    found = ended.findings
    assert operations <= set(found["demand_ms"]["by_operation"])
    for name_of_it in operations:
        assert found["demand_ms"]["by_operation"][name_of_it]["app"] > 0.0
    if name == "faulty":
        assert {fault["code"] for fault in found["faults"]} == {
            "connection-per-request",
            "missing-index",
            "n-plus-one",
        }
        told = {clue["what"].partition("  ")[0] for clue in begun.findings["found"]}
        assert "debugging is on" in told
        assert any("served by the app" in what for what in told)
    else:
        assert "missing-index" not in {fault["code"] for fault in found["faults"]}
