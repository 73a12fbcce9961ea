"""The program `flotilla` from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from flotilla.store.schema import SCHEMA_VERSION

WAIT_S = 60
FLOTILLA = [sys.executable, "-m", "flotilla.cli"]


def environment(settings, **more):
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FLOTILLA_")}
    urls = {"FLOTILLA_DATABASE_URL": settings.database_url, "FLOTILLA_OWNER_URL": settings.owner_url}
    return kept | urls | {"FLOTILLA_ARGON2_MEMORY_KIB": "64", "FLOTILLA_ARGON2_TIME_COST": "1"} | more


def flotilla(*arguments, **environ):
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FLOTILLA_")}
    command = [*FLOTILLA, *arguments]
    return subprocess.run(command, env=kept | environ, capture_output=True, text=True, timeout=WAIT_S, check=False)


@pytest.mark.parametrize(
    "arguments", [[], ["sink"], ["seed", "--people", "0"], ["seed", "--posts", "many"], ["run", "x"]]
)
def test_wrong_usage_exits_with_2(arguments):
    done = flotilla(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: flotilla" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["migrate", "--help"], ["seed", "--help"], ["run", "--help"]])
def test_help_needs_no_settings_and_fits_a_terminal(arguments):
    done = flotilla(*arguments)
    assert done.returncode == 0
    assert all(len(line) <= 100 for line in done.stdout.splitlines())


@pytest.mark.parametrize("command", ["migrate", "seed", "run"])
def test_a_failure_is_one_message_without_a_traceback_and_exits_with_3(command):
    done = flotilla(command)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("FLOTILLA_DATABASE_URL is not set") == 1
    assert "Traceback" not in done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_migrate_seed_and_run_in_this_order_make_a_site_that_answers(empty_settings):
    port, live_port = free_port(), free_port()
    environ = environment(empty_settings, FLOTILLA_PORT=port, FLOTILLA_LIVE_PORT=live_port, FLOTILLA_WORKERS="2")
    early = flotilla("run", **environ)
    assert (early.returncode, "flotilla migrate" in early.stderr) == (3, True)
    migrated = flotilla("migrate", **environ)
    assert (migrated.returncode, migrated.stderr) == (0, f"The database is at schema version {SCHEMA_VERSION}.\n")
    seeded = flotilla("seed", "--people", "30", "--posts", "100", **environ)
    assert (seeded.returncode, "Sign in as person00001" in seeded.stderr) == (0, True)
    again = flotilla("seed", **environ)
    assert (again.returncode, "not empty" in again.stderr) == (3, True)
    server = subprocess.Popen(
        [*FLOTILLA, "run"], env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        page = answer(f"http://127.0.0.1:{port}/@person00001", deadline_s=time.monotonic() + WAIT_S, server=server)
        assert "person00001" in page
        server.send_signal(signal.SIGTERM)
        output, errors = server.communicate(timeout=WAIT_S)
        assert (server.returncode, "Traceback" in output + errors) == (0, False), output + errors
    finally:
        server.kill()
        server.communicate(timeout=WAIT_S)


def answer(url, *, deadline_s, server):
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.read().decode()
        except OSError:
            assert server.poll() is None, server.communicate()
            assert time.monotonic() < deadline_s, "the site does not answer"
            time.sleep(0.05)
