"""The generator against a server that does nothing: the server really serves, ends with its starter, and is enough."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict

import psutil
import pytest

from seatrial.load.generator import cpus
from seatrial.load.generator.null_server import null_server
from seatrial.load.generator.self_check import check_generator
from seatrial.measure.preflight import preflight

Eventually = Callable[..., None]

STARTS_A_SERVER_AND_WAITS = """
import sys, time
from seatrial.load.generator.null_server import null_server
with null_server() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


def servers(starter: int | None = None) -> list[psutil.Process]:
    """Null servers that this process, or another, has started."""
    return [one for one in psutil.Process(starter).children() if "seatrial.load.generator.null_server" in one.cmdline()]


def test_the_null_server_answers_a_client_of_another_author() -> None:
    with null_server() as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        for path in ("/", "/any?thing=1"):
            connection.request("GET", path, headers={"Accept": "*/*"})
            answer = connection.getresponse()
            assert answer.status == 200
            assert answer.read() == b"Hello, World!"
        connection.close()


def test_the_null_server_understands_requests_that_come_in_pieces_or_together() -> None:
    request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    with (
        null_server() as url,
        socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=10) as client,
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            client.sendall(bytes([byte]))
        client.sendall(request * 2)
        got = b""
        while got.count(b"Hello, World!") < 3:
            got += client.recv(65536)
        assert got.count(b"HTTP/1.1 200 OK") == 3


def test_the_null_server_is_gone_afterwards_also_when_its_starter_is_killed(eventually: Eventually) -> None:
    with null_server():
        (there,) = servers()
    assert not there.is_running()

    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_SERVER_AND_WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    server = None
    try:
        assert starter.stdout is not None
        assert starter.stdout.readline().startswith("http://127.0.0.1:")
        (server,) = servers(starter.pid)
        os.kill(starter.pid, signal.SIGKILL)
        starter.communicate(timeout=10)
        eventually(lambda: not server.is_running(), left=lambda: server)
    finally:
        starter.kill()
        if server is not None and server.is_running():
            server.kill()
        starter.communicate(timeout=10)


@pytest.mark.quiet
def test_the_self_check_tells_a_ceiling_and_a_lateness_and_leaves_the_cpus_as_they_were() -> None:
    before = cpus.usable()
    check = check_generator(800.0)
    assert cpus.usable() == before
    assert not servers()
    # Any machine that runs the tests at all does more; on a CPU of its own it is fifty times as much.
    assert check.ceiling_rps > 300
    assert check.requests_per_cpu_s >= 0.8 * check.ceiling_rps
    assert 0 < check.lateness_p50_s <= check.lateness_p99_s
    assert check.open_rate_rps == pytest.approx(min(800.0, 0.5 * check.ceiling_rps))
    assert check.shares_cpu is (len(before) == 1)


@pytest.mark.linux
@pytest.mark.skipif(not cpus.usable(), reason="CPUs can be chosen on Linux only")
def test_generator_and_server_on_the_same_cpu_are_told_so() -> None:
    one = cpus.usable()[:1]
    assert check_generator(generator_cpus=one, server_cpus=one).shares_cpu


def test_preflight_of_a_study_keeps_what_the_generator_reached() -> None:
    usable = cpus.usable()
    seen = preflight(usable[:1], usable[-1:], allow_noise=True, attempts=1)
    kept = asdict(seen)["self_check"]
    assert kept["ceiling_rps"] > 300
    assert set(kept) >= {"ceiling_rps", "requests_per_cpu_s", "lateness_p50_s", "lateness_p99_s"}
