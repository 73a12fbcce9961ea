"""The jobs process from outside: told to stop it finishes what it does, killed it loses nothing."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from flotilla.social.resets import TELL_PASSWORD_CHANGED

LETTERS = 120
WAIT_S = 60
ADDRESSEE = re.compile(r"^To: (\w+)@", re.MULTILINE)


@pytest.fixture
def work(settings):
    """work(): a jobs process."""
    started = []
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = {
        name: getattr(settings, name) for name in ("database_url", "outbox_folder", "media_folder", "export_folder")
    }
    environment = kept | {f"FLOTILLA_{name.upper()}": str(value) for name, value in told.items()}

    def start():
        started.append(subprocess.Popen([sys.executable, "-m", "flotilla.cli", "run", "jobs"], env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(WAIT_S)


def until(happened):
    deadline_s = time.monotonic() + WAIT_S
    while not happened():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.01)


def left(owner):
    """(letters still to be written, of these taken by somebody)."""
    return owner.execute(
        "SELECT count(*), count(*) FILTER (WHERE attempts > 0) FROM g.job WHERE queue = 'mail'"
    ).fetchone()


@pytest.mark.long
def test_told_to_stop_it_finishes_and_killed_it_loses_nothing(site_with, work, letters, owner):
    site = site_with(jobs=True)
    with site.database.write() as asked:
        for number in range(LETTERS):
            site.background.later(asked, TELL_PASSWORD_CHANGED, handle="ada", email=f"ada{number}@example.org")

    stopped = work()
    until(lambda: letters.count() > 0)
    stopped.send_signal(signal.SIGTERM)
    assert stopped.wait(WAIT_S) == 0
    waiting, taken = left(owner)
    # Each is written or waiting, none is in between.
    assert (waiting + letters.count(), taken) == (LETTERS, 0)
    assert 0 < waiting < LETTERS

    killed = work()
    until(lambda: letters.count() > LETTERS - waiting)
    killed.kill()
    killed.wait(WAIT_S)
    assert left(owner)[0] > 0, "it was done before it could be killed"
    # What it had taken counts as abandoned after its lease; that time is not waited for here.
    owner.execute("UPDATE g.job SET due_at = now() WHERE attempts > 0")
    work()
    until(lambda: left(owner)[0] == 0)
    written = [found[1] for path in letters.folder.glob("*.eml") if (found := ADDRESSEE.search(path.read_text()))]
    assert set(written) == {f"ada{number}" for number in range(LETTERS)}
    # At most the one that was in hand is written twice.
    assert len(written) <= LETTERS + 1
