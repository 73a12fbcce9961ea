"""A real uvicorn with a real Socket.IO server and a plain WebSocket endpoint."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from served import served

SUBJECTS = Path(__file__).parents[2] / "subjects"


def _uvicorn(*options: str | Path, at: str | Path = "127.0.0.1", **environment: str) -> AbstractContextManager[str]:
    app = ("uvicorn", "--fd", "{fd}", *options, "live_town:app")
    return served(SUBJECTS, *app, at=at, environment=environment)


@pytest.fixture(scope="session")
def uvicorn() -> Callable[..., AbstractContextManager[str]]:
    """Starts a uvicorn of one's own, with options; keywords are its environment, and at: see `served`."""
    return _uvicorn


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    with _uvicorn() as url:
        yield url
