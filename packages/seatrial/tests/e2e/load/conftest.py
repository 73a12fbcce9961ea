"""A real gunicorn with a small real app, and the command `seatrial load` as a process of its own."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
STANDARD = TESTS / "calibration" / "subjects" / "load_standard.py"


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """The URL of a gunicorn on a socket that is already open: no request comes too early."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port, bind = listener.getsockname()[1], f"fd://{listener.fileno()}"
        options = ["--no-control-socket", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "5"]
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", bind, *options, "load_town:app"],
            cwd=TESTS / "contract" / "subjects",
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=(listener.fileno(),),
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGQUIT)
            try:
                server.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.communicate(timeout=10)


@pytest.fixture
def standard() -> Iterator[tuple[int, str]]:
    """A server that answers at once: (process id, url)."""
    server = subprocess.Popen([sys.executable, str(STANDARD)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        assert select.select([server.stdout], [], [], 20)[0], "the server did not start"
        yield server.pid, f"http://127.0.0.1:{int(server.stdout.readline())}/"
    finally:
        server.kill()
        server.communicate(timeout=10)
