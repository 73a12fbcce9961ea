"""The small apps that the documents' examples are run against."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import served

ROOT = Path(__file__).parent.parent
TOWN = ROOT / "packages" / "seatrial" / "tests" / "contract" / "subjects"
LIVE_TOWN = ROOT / "tests" / "subjects"


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
