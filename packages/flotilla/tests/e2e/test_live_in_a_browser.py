"""The whole site as `flotilla run` starts it, and two people in real Chromium: what one does, the other hears of."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest
from playwright.sync_api import expect

from flotilla.web.sessions import session_signer

START_WAIT_S = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def running(settings, tmp_path):
    """The supervisor's process and the site's address."""
    port, live_port = free_port(), free_port()
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environ |= {
        "FLOTILLA_DATABASE_URL": settings.database_url,
        "FLOTILLA_PORT": str(port),
        "FLOTILLA_LIVE_PORT": str(live_port),
        "FLOTILLA_ARGON2_MEMORY_KIB": "64",
    }
    log = tmp_path / "log"
    with log.open("wb") as written:
        program = [sys.executable, "-m", "flotilla.cli", "run"]
        site = subprocess.Popen(program, env=environ, stdout=written, stderr=written, cwd=tmp_path)
    try:
        deadline_s = time.monotonic() + START_WAIT_S
        for ready in (f"{port}/health", f"{live_port}/api/v1/streaming/health"):
            while True:
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{ready}", timeout=5):
                    break
                assert site.poll() is None, log.read_text()
                assert time.monotonic() < deadline_s, log.read_text()
                time.sleep(0.05)
        yield site, f"http://127.0.0.1:{port}"
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        site.terminate()
        site.wait(timeout=START_WAIT_S)


@pytest.fixture
def address(running):
    return running[1]


@pytest.fixture
def at_home(site, settings, open_browser, address):
    """at_home("ada"): somebody new, signed in, with their home page open."""

    def sign_in(handle):
        signed_in = site.accounts.sign_up(handle=handle, password="a calm sea at dawn")
        page = open_browser()
        value = session_signer(settings).sign(signed_in.token).decode()
        page.context.add_cookies([{"name": "flotilla_session", "value": value, "url": address}])
        page.goto("/home")
        return signed_in.viewer, page

    return sign_in


def live_process(site):
    (found,) = [child for child in psutil.Process(site.pid).children() if child.name() == "flotilla live"]
    return found


def wait_for_connection(page):
    page.wait_for_function("() => document.body.dataset.connected === 'yes'")


def test_what_one_person_does_the_other_hears_of_without_asking(site, at_home, running):
    (ada, page), (bob, _) = at_home("ada"), at_home("bob")
    wait_for_connection(page)
    page.evaluate(
        "document.addEventListener('flotilla:notification', (e) => document.title = 'unread: ' + e.detail.unread)"
    )
    site.follows.follow(bob, "ada")
    expect(page).to_have_title("unread: 1")
    site.follows.follow(ada, "bob")
    post = site.posts.publish(bob, "land in sight")
    page.get_by_role("link", name="Show new posts").click()
    expect(page.locator(f"#post-{post}")).to_contain_text("land in sight")
    wait_for_connection(page)
    site.posts.delete(bob, post)
    expect(page.locator(f"#post-{post}")).to_have_count(0)
    # The process dies; another takes its place, and the page finds it.
    live_process(running[0]).send_signal(signal.SIGKILL)
    page.wait_for_function("() => document.body.dataset.connected === 'no'")
    wait_for_connection(page)
    site.posts.publish(bob, "there again")
    expect(page.get_by_role("link", name="Show new posts")).to_be_visible()


def test_without_the_live_process_the_pages_work_all_the_same(site, at_home, running):
    live_process(running[0]).suspend()
    _, page = at_home("ada")
    page.get_by_label("What is happening on board?").fill("nobody listens")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("nobody listens")).to_be_visible()
    live_process(running[0]).resume()
