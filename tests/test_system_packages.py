import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "system_packages.py"
SERVERS = ("pgbouncer", "haproxy", "nginx")


def run(path: Path) -> str:
    command = [sys.executable, str(SCRIPT)]
    done = subprocess.run(command, env={"PATH": str(path)}, capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def program(path: Path, name: str, script: str) -> None:
    path.joinpath(name).write_text(f"#!{shutil.which('sh')}\n{script}\n")
    path.joinpath(name).chmod(stat.S_IRWXU)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    if any(Path(name).exists() for name in ("/Applications/Chromium.app", "/Applications/Google Chrome.app")):
        pytest.skip("a browser outside the PATH is always found on this machine")
    return tmp_path


def test_nothing_is_installed_when_all_is_there(path: Path) -> None:
    names = ("chromium", *SERVERS)
    for name in names:
        program(path, name, "exit 0")
    program(path, "apt-get", f"echo called >> {path}/calls")
    assert run(path) == f"system packages: there are {' and '.join(str(path / name) for name in names)}\n"
    assert not (path / "calls").exists()


def test_without_a_package_manager_it_says_what_to_install(path: Path) -> None:
    for name in SERVERS:
        program(path, name, "exit 0")
    told = run(path)
    assert told.count("\n") == 1
    assert "no chromium" in told
    assert "pgbouncer" not in told
    assert "Try: " in told


def test_a_failed_installation_is_told_in_one_line_and_is_no_failure(path: Path) -> None:
    for name in SERVERS:
        program(path, name, "exit 0")
    program(path, "apt-get", "echo 'E: no network' >&2; exit 100")
    told = run(path)
    assert told.count("\n") == 1
    assert "no chromium" in told or told == "system packages: chromium not installed: E: no network\n"
