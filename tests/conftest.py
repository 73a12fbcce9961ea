"""The small apps that the documents' examples are run against."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOWN = ROOT / "packages" / "seatrial" / "tests" / "contract" / "subjects"
LIVE_TOWN = ROOT / "tests" / "subjects"


@contextlib.contextmanager
def served(folder: Path, *command: str) -> Iterator[str]:
    """Serves on a socket that is open already; {fd} in the command is its number. Gives the URL without the slash."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = subprocess.Popen(
            [sys.executable, "-m", *(word.format(fd=listener.fileno()) for word in command)],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            pass_fds=(listener.fileno(),),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(timeout=10)


@pytest.fixture(scope="session")
def app() -> Iterator[str]:
    """A real gunicorn that answers what the pages ask for."""
    options = ("--no-control-socket", "--worker-class", "gthread", "--threads", "4")
    with served(TOWN, "gunicorn", "--bind", "fd://{fd}", *options, "load_town:app") as url:
        yield url


@pytest.fixture(scope="session")
def live_app() -> Iterator[str]:
    """A real uvicorn that tells news at once."""
    with served(LIVE_TOWN, "uvicorn", "--fd", "{fd}", "--timeout-graceful-shutdown", "1", "live_town:app") as url:
        yield url
