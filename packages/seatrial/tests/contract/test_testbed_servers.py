"""Servers that Seatrial starts by name, for real."""

import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from seatrial.errors import TestbedError
from seatrial.spec.subject import Server
from seatrial.testbed.testbed import Testbed

NAP_S = 0.2


def seconds_of(url: str, requests: int) -> float:
    """How long so many requests at once take together."""

    def get(url: str) -> bytes:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bytes(answer.read())

    began = time.perf_counter()
    with ThreadPoolExecutor(requests) as pool:
        assert set(pool.map(get, [url] * requests)) == {b"ok"}
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("server", "app", "path", "workers"),
    [
        (Server("uvicorn", worker_class="asgi", threads=40), "testbed_asgi:make()", "/wait", 2),
        (Server("hypercorn", worker_class="asgi", threads=40), "testbed_asgi:make()", "/wait", 2),
        (Server("granian", worker_class="asgi", threads=40), "testbed_asgi:make()", "/wait", 1),
        (Server("granian", threads=3), "testbed_app:make_napping()", "/", 2),
        (Server("waitress", threads=3), "testbed_app:make_napping()", "/", 1),
    ],
    ids=lambda value: f"{value.kind}-{value.worker_class}" if isinstance(value, Server) else "",
)
def test_a_server_by_name_works_on_as_many_requests_at_once_as_was_said(trial_of, server, app, path, workers):
    with Testbed(trial_of(app=app, server=server, health_path="/health")) as testbed:
        testbed.prepare()
        testbed.start(workers, server.threads, fresh_data=False)
        # With three threads in each process, so many come in three rounds; an event loop takes all in one.
        requests = 3 * workers * server.threads if server.threads == 3 else 40
        rounds = 3 if server.threads == 3 else 1
        assert rounds * NAP_S <= seconds_of(f"{testbed.url}{path}", requests) < rounds * NAP_S + 2.0
        assert testbed.readings().processes >= workers


def test_a_server_that_the_apps_python_lacks_is_named_with_how_to_install_it(trial_of, tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    trial = trial_of(python=python, server=Server("waitress"))
    with Testbed(trial) as testbed, pytest.raises(TestbedError) as caught:
        testbed.prepare()
    assert "waitress is not installed in" in caught.value.what
    assert "pip install waitress" in caught.value.try_this
