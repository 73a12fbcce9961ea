"""The system's Chromium, for tests anywhere in the repository."""

import contextlib
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

__all__ = ["chromium_browser"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
# No screen, no sandbox (continuous integration may run as root), and none of the calls home a browser makes.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_STARTS_WITHIN_MS = 60_000


@contextlib.contextmanager
def chromium_browser() -> Iterator[Browser]:
    """A browser of one's own. Without one the test fails: a page that no browser showed is not tested."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.fail(
            f"No browser: none of {', '.join(_NAMES)} is on the PATH. "
            "On Debian or Ubuntu: sudo apt-get install chromium. On macOS put a link named chromium on the PATH."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_FLAGS, timeout=_STARTS_WITHIN_MS)
        yield browser
        browser.close()
