"""A real gunicorn with a small real app, and a driver to put at it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from browser import chromium_browser
from playwright.sync_api import Page
from served import served

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import loop_factory, run
from seatrial.load.workload import Workload

SUBJECTS = Path(__file__).parents[1] / "subjects"


def _gunicorn(*options: str | Path, at: str | Path = "127.0.0.1") -> AbstractContextManager[str]:
    bind = ("--bind", "fd://{fd}", "--no-control-socket")
    return served(SUBJECTS, "gunicorn", *bind, *options, "load_town:app", at=at)


@pytest.fixture(scope="session")
def gunicorn() -> Callable[..., AbstractContextManager[str]]:
    """Starts a gunicorn of one's own, with options: a context that gives its URL; at: see `served`."""
    return _gunicorn


@pytest.fixture(scope="module")
def gthread() -> Iterator[str]:
    with _gunicorn("--worker-class", "gthread", "--threads", "4", "--keep-alive", "1") as url:
        yield url


@pytest.fixture(scope="module")
def sync() -> Iterator[str]:
    with _gunicorn("--worker-class", "sync") as url:
        yield url


@pytest.fixture(params=["gthread", "sync"])
def either(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture(name="run", params=["uvloop", "asyncio"])
def run_on_both(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Runs on both event loops, which tell of a connection's end in different ways."""
    factory = loop_factory() if request.param == "uvloop" else asyncio.new_event_loop
    if factory is None:
        pytest.skip("uvloop is not installed here")

    def runner(main: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=factory) as loop:
            return loop.run(main)

    return runner


@pytest.fixture(scope="session")
def workload_of() -> Callable[..., Workload]:
    """A workload of equal shares: keywords are operations and their journeys."""

    def make(**journeys) -> Workload:
        return Workload(journeys, dict.fromkeys(journeys, 1.0), people=3, timeout_s=5.0)

    return make


@pytest.fixture(scope="session")
def drive() -> Callable[[str, Workload, Callable[[Driver], Awaitable[LoadRecord]]], LoadRecord]:
    """Runs one load with a driver of its own, and sees that no task is left."""

    def driven(url: str, workload: Workload, how: Callable[[Driver], Awaitable[LoadRecord]]) -> LoadRecord:
        async def main() -> LoadRecord:
            async with Driver(url, workload, seed=1, run_token="t") as driver:
                record = await how(driver)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            return record

        return run(main())

    return driven


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    """A page in Chromium. Without one the tests fail: what no browser was compared with is not tested."""
    with chromium_browser() as browser:
        yield browser.new_page()
