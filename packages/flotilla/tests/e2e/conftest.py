"""A site as in production, gunicorn on a free port with a small town in it, and the system's Chromium to visit it with.

Site and browser serve every visit of a test run: each visit brings people of its own, whose handles no other has.
"""

import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import chromium_browser
from playwright.sync_api import Browser, Page

from flotilla.settings import Settings

START_WAIT_S = 60
SEED = ["seed", "--people", "40", "--posts", "240", "--seed", "1", "--force"]


@pytest.fixture(scope="session")
def town(database_server, migrated_template: str) -> Settings:
    """Settings of a database with 40 people, person00001 to person00040, and 240 posts."""
    settings = database_server.settings(database_server.new_database(migrated_template))
    flotilla = Path(sys.executable).with_name("flotilla")
    subprocess.run([flotilla, *SEED], env=environment(settings), check=True, capture_output=True, timeout=120)
    return settings


@pytest.fixture(scope="session")
def address(town: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running site: gunicorn loads the application once, then forks two workers with two threads."""
    folder = tmp_path_factory.mktemp("site")
    log = folder / "gunicorn.log"
    program = [sys.executable, "-m", "gunicorn", "--preload", "--worker-class", "gthread", "--workers", "2"]
    program += ["--threads", "2", "--bind", "127.0.0.1:0", "--no-control-socket", "flotilla.app:create_app()"]
    with log.open("wb") as written:
        server = subprocess.Popen(program, env=environment(town), stdout=written, stderr=subprocess.STDOUT, cwd=folder)
    try:
        yield wait_until_it_answers(server, log)
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=5)


def environment(settings: Settings) -> dict[str, str]:
    """What the site is told: production, but over plain HTTP."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return environ | {
        "FLOTILLA_DATABASE_URL": settings.database_url,
        "FLOTILLA_OWNER_URL": settings.owner_url,
        "FLOTILLA_ENVIRONMENT": "production",
        "FLOTILLA_SECRET_KEY": "a-key-for-this-test-only-0123456789",
        "FLOTILLA_SECURE_COOKIES": "no",
        "FLOTILLA_ARGON2_MEMORY_KIB": "64",
        "FLOTILLA_PAGE_SIZE": "5",
        # Everybody in these tests comes from one address.
        "FLOTILLA_LIMITS": "off",
        "FLOTILLA_OUTBOX_FOLDER": settings.outbox_folder,
        "FLOTILLA_EXPORT_FOLDER": settings.export_folder,
    }


def wait_until_it_answers(server: subprocess.Popen[bytes], log: Path) -> str:
    """The address that gunicorn's log names, once it is healthy."""
    deadline_s = time.monotonic() + START_WAIT_S
    while time.monotonic() < deadline_s:
        assert server.poll() is None, f"gunicorn ended with status {server.returncode}:\n{log.read_text()}"
        bound = re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", log.read_text())
        if bound:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{bound[1]}/health", timeout=5) as answer:
                if answer.status == 200:
                    return bound[1]
        time.sleep(0.05)
    pytest.fail(f"gunicorn did not answer within {START_WAIT_S} s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all visits; each has a profile of its own."""
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def open_browser(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """open_browser(**options): a page of a fresh browser profile, with the site's address as its base."""
    contexts = []

    def new_page(**options: object) -> Page:
        context = chromium.new_context(base_url=address, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context.new_page()

    yield new_page
    for context in contexts:
        context.close()
