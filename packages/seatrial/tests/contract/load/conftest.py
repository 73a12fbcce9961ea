"""A real gunicorn with a small real app, and a driver to put at it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from seatrial.load.books.observation import LoadRecord
from seatrial.load.driver import Driver
from seatrial.load.event_loop import run
from seatrial.load.workload import Workload

SUBJECTS = Path(__file__).parents[1] / "subjects"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def _gunicorn(*options: str) -> Iterator[str]:
    """A gunicorn on a socket that is already open: no port can be taken from it, no request comes too early."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # gunicorn sets it too, but connections made before that would lack it and meet Nagle's 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port, bind = listener.getsockname()[1], f"fd://{listener.fileno()}"
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", bind, "--no-control-socket", *options, "load_town:app"],
            cwd=SUBJECTS,
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


@pytest.fixture(scope="session")
def gunicorn() -> Callable[..., AbstractContextManager[str]]:
    """Starts a gunicorn of one's own, with options: a context that gives its URL."""
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
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytest.fail(
            f"None of {', '.join(CHROMIUM_NAMES)} is on the PATH. On Debian or Ubuntu: sudo apt-get install chromium."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS, timeout=30_000)
        yield browser.new_page()
        browser.close()
