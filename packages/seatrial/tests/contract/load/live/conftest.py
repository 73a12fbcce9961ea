"""A real uvicorn with a real Socket.IO server and a plain WebSocket endpoint."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

SUBJECTS = Path(__file__).parents[2] / "subjects"


@contextmanager
def _uvicorn(**environment: str) -> Iterator[str]:
    """A uvicorn on a socket that is already open: no port can be taken from it, no request comes too early."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port, number = listener.getsockname()[1], listener.fileno()
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--fd", str(number), "--log-level", "error", "live_town:app"],
            cwd=SUBJECTS,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            pass_fds=(number,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(timeout=10)


@pytest.fixture(scope="session")
def uvicorn() -> Callable[..., AbstractContextManager[str]]:
    """Starts a uvicorn of one's own; keywords are its environment."""
    return _uvicorn


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    with _uvicorn() as url:
        yield url
