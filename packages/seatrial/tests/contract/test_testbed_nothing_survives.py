"""Nothing survives a test bed: no process, no control group, no folder, no shared memory, however Seatrial ends."""

import json
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from seatrial.testbed.warden import MARK

LONG = pytest.mark.long

pytestmark = [
    pytest.mark.linux,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for left-overs in Linux's /proc"),
]
HOLDER = Path(__file__).parent / "subjects" / "testbed_holder.py"


@dataclass(frozen=True)
class Held:
    process: "subprocess.Popen[str]"
    token: str
    folder: Path
    caveats: list[str]
    services: list[str]


@contextmanager
def holder(stage: str, *prefix: str, python: str = sys.executable) -> Iterator[Held]:
    process = subprocess.Popen(
        # A shell's background job ignores SIGINT, and so would all it starts: tests may run in one.
        ["env", "--default-signal=INT", *prefix, python, str(HOLDER), stage],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=with_packages(),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"the holder ended: {process.communicate(timeout=10)[1]}")
        told = json.loads(line)
        yield Held(process, told["token"], Path(told["folder"]), told["caveats"], told["services"])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=10)


def groups(token: str) -> list[Path]:
    """Control groups named after the token, wherever they are mounted."""
    return [Path(place, name) for place, names, _ in os.walk("/sys/fs/cgroup") for name in names if token in name]


def processes(held: Held) -> set[int]:
    """Processes that carry the token, run in its groups or run in its folder."""
    found = {int(p) for g in groups(held.token) for p in (g / "cgroup.procs").read_text().split()}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                words = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
                here = str((place / "cwd").readlink())
            except OSError:
                continue
            if f"{MARK}={held.token}".encode() in words or held.token.encode() in words or held.token in here:
                found.add(int(place.name))
    # In a delegated group of version 2 everything beside the subject moves to a leaf, this test's process among it.
    return found - {os.getpid()}


def segments(pids: set[int]) -> set[str]:
    found: set[str] = set()
    for pid in pids:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            if "/dev/shm/PostgreSQL" in line:
                found.add(line.split()[-1])
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still run (and not only wait to be reaped)."""
    found = set()
    for pid in pids:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX":
                found.add(pid)
        except OSError:
            continue
    return found


@pytest.mark.parametrize(
    "how", [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGTERM, marks=LONG)], ids=lambda how: how.name
)
def test_nothing_is_left_when_seatrial_is_ended_with_everything_running(how, eventually):
    with holder("ready") as held:
        running = processes(held)
        made = groups(held.token)
        memory = segments(running)
        assert {"valkey-server", "caddy"} <= {Path(program).name for program in held.services}
        assert len(running) >= 10, "two servers with a worker each, services, PostgreSQL, its helpers and the warden"
        assert held.folder.exists()
        assert memory
        assert made or os.geteuid() != 0
        # As the terminal does on Ctrl-C: the whole foreground group at once.
        os.killpg(held.process.pid, how)
        held.process.wait(timeout=30)

        def left() -> object:
            return (alive(running), groups(held.token), held.folder.exists(), [m for m in memory if Path(m).exists()])

        eventually(lambda: not any(left()), left=left)  # type: ignore[arg-type]
        assert not processes(held)


@pytest.mark.parametrize(
    "stage",
    ["starting PostgreSQL", "looking for gunicorn", pytest.param("taking a snapshot", marks=LONG), "starting held"],
)
def test_nothing_is_left_when_seatrial_is_killed_in_the_middle_of_a_step(stage, eventually):
    with holder(stage) as held:
        held.process.kill()
        held.process.wait(timeout=10)
        eventually(
            lambda: not held.folder.exists() and not groups(held.token) and not alive(processes(held)),
            left=lambda: (held.folder, groups(held.token), processes(held)),
        )


def test_ctrl_c_reaches_seatrial_alone_because_the_subject_has_its_own_sessions():
    with holder("ready") as held:
        own = os.getsid(held.process.pid)
        subject = processes(held) - {held.process.pid}
        assert subject
        assert all(os.getsid(pid) != own for pid in subject)


def python_for_nobody(drop: tuple[str, ...]) -> str:
    """An interpreter of the same version that the user nobody may start, with this one's packages; or a skip."""
    probe = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import psycopg, seatrial'], check=True)"
    said = ""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if Path(python).exists():
            tried = subprocess.run(
                [*drop, python, "-c", probe],
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
                env=with_packages(),
            )
            said = tried.stderr.strip()[-200:]
            if tried.returncode == 0:
                return python
    pytest.skip(f"the user nobody cannot use this Python: {said}")


def with_packages() -> dict[str, str]:
    return {
        **os.environ,
        "TMPDIR": "/tmp",
        "PYTHONPATH": os.pathsep.join(part for part in sys.path if "packages" in part),
    }


def test_it_works_and_cleans_up_without_any_rights(eventually):
    if os.geteuid() != 0:
        pytest.skip("this is how every other test of this run works")
    nobody = pwd.getpwnam("nobody")
    drop = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    with holder("ready", *drop, python=python_for_nobody(drop)) as held:
        running = processes(held)
        assert len(running) >= 6
        assert not groups(held.token)
        assert any("may not make control groups" in caveat for caveat in held.caveats)
        held.process.kill()
        held.process.wait(timeout=10)
        eventually(lambda: not held.folder.exists() and not alive(running), left=lambda: alive(running))
