"""`seatrial load` at a terminal, and broken off there."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.linux


class Terminal:
    """A terminal of 80 columns; what is written to it is in `text`."""

    def __init__(self) -> None:
        self._mine, self.its = pty.openpty()
        self.text = ""

    def close(self) -> None:
        os.close(self.its)
        os.close(self._mine)

    def wait_for(self, pattern: str, within_s: float = 30.0) -> None:
        """Read until the pattern is there."""
        deadline = time.monotonic() + within_s
        while not re.search(pattern, self.text):
            ready = select.select([self._mine], [], [], max(0.0, deadline - time.monotonic()))[0]
            assert ready, f"{pattern!r} did not come: {self.text!r}"
            self.text += os.read(self._mine, 65536).decode()

    def drain(self) -> None:
        """Read what is there."""
        while select.select([self._mine], [], [], 0.2)[0]:
            self.text += os.read(self._mine, 65536).decode()


@pytest.fixture
def terminal():
    it = Terminal()
    yield it
    it.close()


def started(*arguments: str, stdout, terminal: Terminal, environment=None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        # A shell's background job ignores SIGINT, and so would all it starts: tests may run in one.
        ["env", "--default-signal=INT", sys.executable, "-m", "seatrial", "load", *arguments],
        stdout=stdout,
        stderr=terminal.its,
        text=True,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", **(environment or {})},
    )


def test_breaking_it_off_prints_what_was_seen_until_then(town, terminal) -> None:
    arguments = (f"{town}/", "--rate", "40", "--duration", "60", "--arrivals", "constant", "--no-self-check", "--json")
    process = started(*arguments, stdout=subprocess.PIPE, terminal=terminal)
    try:
        terminal.wait_for(r"2 of 60 s, \d+/s due, \d+/s answered, p95 \S+ ms, ")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate(timeout=10)
    assert process.returncode == 130
    found = json.loads(out)
    assert found["interrupted"] is True
    assert 1.5 < found["duration_s"] < 30
    assert found["errors"] == {}
    assert found["requests"] == pytest.approx(40 * found["duration_s"], abs=5)
    assert "interrupted" in {each["code"] for each in found["caveats"]}


def test_breaking_it_off_before_anything_was_measured_says_so(town, terminal) -> None:
    arguments = (f"{town}/", "--rate", "40", "--warm-up", "60", "--no-self-check")
    process = started(*arguments, stdout=subprocess.PIPE, terminal=terminal)
    try:
        terminal.wait_for("warm-up, 5[0-9] s left")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate(timeout=10)
    terminal.drain()
    assert process.returncode == 130
    assert out == ""
    assert "interrupted before anything was measured" in terminal.text
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize("no_color", [False, True])
def test_bold_type_is_for_terminals_that_want_it(town, terminal, no_color: bool) -> None:
    arguments = (f"{town}/", "--rate", "20", "--duration", "0.5", "--no-self-check", "--quiet")
    environment = {"NO_COLOR": "1"} if no_color else {}
    process = started(*arguments, stdout=terminal.its, terminal=terminal, environment=environment)
    try:
        terminal.wait_for(r"[Ff]it\s+to\s+measure")
        process.wait(timeout=30)
    finally:
        process.kill()
        process.wait(timeout=10)
    assert ("\x1b[1m  response time" in terminal.text) is not no_color
    assert ("\x1b" in terminal.text) is not no_color
