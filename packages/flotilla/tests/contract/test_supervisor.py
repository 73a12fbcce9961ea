"""The supervisor with real processes: what dies comes back, what is told to stop stops, nothing is left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

WAIT_S = 20

PROGRAM = """
import os, pathlib, signal, sys, time
from flotilla import supervisor
from flotilla.supervisor import Part, Supervisor

supervisor.STOP_WAIT_S = 1.0
supervisor.RESTART_FIRST_S = 0.05
folder = pathlib.Path(sys.argv[1])

def note(name):
    number = len(list(folder.glob(name + ".*")))
    (folder / f"{name}.{number}.new").write_text(str(os.getpid()))
    (folder / f"{name}.{number}.new").rename(folder / f"{name}.{number}")

def sleeper():
    note("sleeper")
    time.sleep(60)  # longer than any test

def stubborn():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    note("stubborn")
    time.sleep(60)  # longer than any test

def renewable():
    signal.signal(signal.SIGHUP, lambda *_: note("renewed"))
    note("renewable")
    while True:
        time.sleep(60)  # longer than any test

def broken():
    while not (folder / "sleeper.0").exists():  # it gives up at once, so the other must have had its start
        time.sleep(0.01)
    note("broken")
    raise SystemExit(4)

sys.exit(Supervisor([PARTS], drain=lambda: note("leaving"), drain_s=DRAIN_S).run())
"""


class Running:
    """A supervisor in a process of its own, and the notes its parts write."""

    def __init__(self, folder: Path, parts: str, drain_s: float) -> None:
        self.folder = folder
        program = textwrap.dedent(PROGRAM).replace("PARTS", parts).replace("DRAIN_S", str(drain_s))
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def pid(self, name: str, number: int = 0) -> int:
        """The process that wrote the note of that name and number, once it is there."""
        deadline_s = time.monotonic() + WAIT_S
        while not (self.folder / f"{name}.{number}").exists():
            assert time.monotonic() < deadline_s, f"{name} was not started {number + 1} times"
            time.sleep(0.01)
        return int((self.folder / f"{name}.{number}").read_text())


@pytest.fixture
def supervise(tmp_path):
    started: list[Running] = []

    def start(parts: str, drain_s: float = 0.0) -> Running:
        started.append(Running(tmp_path, parts, drain_s))
        return started[-1]

    yield start
    for running in started:
        running.process.kill()
        # The stubborn one survives even that.
        for note in tmp_path.glob("*.[0-9]"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(note.read_text()), signal.SIGKILL)
        running.process.communicate(timeout=WAIT_S)


def gone(pid: int) -> None:
    wait(lambda: not Path(f"/proc/{pid}").exists() if Path("/proc/self").exists() else not alive(pid))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait(until: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while not until():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.01)


def test_a_process_that_is_killed_comes_back_and_the_others_stay(supervise):
    running = supervise('Part("sleeper", sleeper, essential=True), Part("stubborn", stubborn)')
    first, other = running.pid("sleeper"), running.pid("stubborn")
    os.kill(first, signal.SIGKILL)
    second = running.pid("sleeper", 1)
    assert second != first
    os.kill(second, signal.SIGKILL)
    running.pid("sleeper", 2)
    assert alive(other)


def test_told_to_stop_it_ends_all_and_kills_what_does_not_listen(supervise):
    running = supervise('Part("sleeper", sleeper), Part("stubborn", stubborn)')
    pids = [running.pid("sleeper"), running.pid("stubborn")]
    begun_s = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    output, _ = running.process.communicate(timeout=WAIT_S)
    assert running.process.returncode == 0
    assert time.monotonic() - begun_s < 10
    assert not any(alive(pid) for pid in pids)
    assert "process did not stop in time and was killed" in output


def test_told_to_stop_it_says_so_and_serves_on_for_a_while_unless_told_again(supervise):
    running = supervise('Part("sleeper", sleeper)', drain_s=WAIT_S * 2)
    part = running.pid("sleeper")
    running.process.send_signal(signal.SIGTERM)
    running.pid("leaving")
    assert alive(part)
    running.process.send_signal(signal.SIGTERM)
    running.process.communicate(timeout=WAIT_S)
    assert running.process.returncode == 0
    assert not alive(part)


@pytest.mark.linux
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_is_left_when_the_supervisor_itself_is_killed(supervise):
    running = supervise('Part("sleeper", sleeper)')
    part = running.pid("sleeper")
    running.process.kill()
    running.process.wait(timeout=WAIT_S)
    gone(part)


def test_without_an_essential_part_it_gives_up_at_once(supervise):
    running = supervise('Part("sleeper", sleeper), Part("broken", broken, essential=True)')
    part = running.pid("sleeper")
    output, _ = running.process.communicate(timeout=WAIT_S)
    assert running.process.returncode == 3
    assert "exit status 4" in output
    assert not alive(part)


def test_a_part_that_always_fails_is_tried_ever_more_rarely(supervise):
    running = supervise('Part("sleeper", sleeper), Part("broken", broken)')
    running.pid("broken", 3)
    running.process.send_signal(signal.SIGTERM)
    output, _ = running.process.communicate(timeout=WAIT_S)
    assert [wait_s for wait_s in ("0.05", "0.1", "0.2") if f"restart_in_s={wait_s}" in output] == ["0.05", "0.1", "0.2"]


def test_hanging_up_renews_each_part_in_its_own_way(supervise):
    running = supervise('Part("sleeper", sleeper), Part("renewable", renewable, renew=signal.SIGHUP)')
    first, second = running.pid("sleeper"), running.pid("renewable")
    running.process.send_signal(signal.SIGHUP)
    assert running.pid("sleeper", 1) != first
    assert running.pid("renewed") == second
