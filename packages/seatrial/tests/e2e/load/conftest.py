"""A real gunicorn with a small real app, and the command `seatrial load` as a process of its own."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
STANDARD = TESTS / "calibration" / "subjects" / "load_standard.py"


@contextmanager
def _gunicorn(*options: str, at: Path | None = None) -> Iterator[str]:
    """A gunicorn on a socket that is already open, so that no request comes too early; gives its address.

    at: the path of a Unix socket instead of 127.0.0.1:PORT.
    """
    with _listener(at) as listener:
        bind = f"fd://{listener.fileno()}"
        kind = ["--no-control-socket", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "5"]
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", bind, *kind, *options, "load_town:app"],
            cwd=TESTS / "contract" / "subjects",
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=(listener.fileno(),),
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}" if at is None else f"unix:{at}"
        finally:
            server.send_signal(signal.SIGQUIT)
            try:
                server.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.communicate(timeout=10)


def _listener(at: Path | None) -> socket.socket:
    if at is not None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(at))
        listener.listen()
        return listener
    listener = socket.create_server(("127.0.0.1", 0))
    # gunicorn sets it too, but connections made before that would lack it and meet Nagle's 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@pytest.fixture(scope="session")
def gunicorn() -> Callable[..., AbstractContextManager[str]]:
    """Starts a gunicorn of one's own, with options."""
    return _gunicorn


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """The URL of a gunicorn, without a slash at its end."""
    with _gunicorn() as address:
        yield f"http://{address}"


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
