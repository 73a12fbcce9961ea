"""A real gunicorn with a small real app, and the command `seatrial load` as a process of its own."""

import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from served import served

TESTS = Path(__file__).parents[2]
STANDARD = TESTS / "calibration" / "subjects" / "load_standard.py"


def _gunicorn(*options: str | Path, at: str | Path = "127.0.0.1") -> AbstractContextManager[str]:
    kind = ("--no-control-socket", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "5")
    town = TESTS / "contract" / "subjects"
    return served(town, "gunicorn", "--bind", "fd://{fd}", *kind, *options, "load_town:app", at=at)


@pytest.fixture(scope="session")
def gunicorn() -> Callable[..., AbstractContextManager[str]]:
    """Starts a gunicorn of one's own, with options; at: see `served`."""
    return _gunicorn


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """The URL of a gunicorn, without a slash at its end."""
    with _gunicorn() as url:
        yield url


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
