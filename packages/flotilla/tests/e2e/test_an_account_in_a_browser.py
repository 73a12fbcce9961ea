"""An account from its first day to its last, in Chromium without JavaScript, with pyotp as the person's phone."""

import email
import re
import time
import zipfile
from collections.abc import Callable
from email.policy import default
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from flotilla.settings import Settings

PASSWORD = "a calm sea at dawn"
ANOTHER = "another sea at dusk"
ADDRESS = "grace@example.org"
LETTER_WAIT_S = 15


@pytest.fixture
def link(town: Settings) -> Callable[[str], str]:
    """link("/confirm/"): the path of that link in the newest letter to the person, once it came."""

    def newest(start: str) -> str:
        deadline_s = time.monotonic() + LETTER_WAIT_S
        while time.monotonic() < deadline_s:
            for path in sorted(Path(town.outbox_folder).glob("*.eml"), reverse=True):
                letter = email.message_from_bytes(path.read_bytes(), policy=default)
                found = re.search(rf"http://127\.0\.0\.1:8000({start}\S+)", letter.get_content())
                if found and letter["To"].addresses[0].addr_spec == ADDRESS:
                    return found[1]
            time.sleep(0.1)
        pytest.fail(f"no letter with a link to {start}")

    return newest


def sign_in(page: Page, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Handle").fill("grace")
    page.get_by_label("Password").fill(password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def enter_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def test_an_account_from_the_first_day_to_the_last(
    open_browser: Callable[..., Page], link: Callable[[str], str]
) -> None:
    page = open_browser(java_script_enabled=False)
    page.goto("/sign-up")
    page.get_by_label("Handle").fill("grace")
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()

    # The letter's link asks for one press, and then the address is hers.
    page.goto(link("/confirm/"))
    page.get_by_role("button", name="Confirm my address").click()
    expect(page.get_by_role("heading", name="Address confirmed")).to_be_visible()
    page.goto("/settings/account")
    expect(page.get_by_role("main")).to_contain_text(ADDRESS)

    # A second step: the app reads the key, its code switches it on, recovery codes are shown once.
    page.goto("/settings/security")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    app = pyotp.TOTP(page.locator("#second-step-key").inner_text().replace(" ", ""))
    page.get_by_label("Code from the app").fill(app.now())
    page.get_by_role("button", name="Switch it on").click()
    codes = page.locator("#recovery-codes code").all_inner_texts()
    assert len(codes) == 10

    # Forgotten on another machine: a new password by letter, and still the second step. The first machine is out.
    laptop = open_browser(java_script_enabled=False)
    laptop.goto("/sign-in")
    laptop.get_by_role("link", name="Choose a new one").click()
    laptop.get_by_label("E-mail address").fill(ADDRESS)
    laptop.get_by_role("button", name="Send me a link").click()
    laptop.goto(link("/reset/"))
    laptop.get_by_label("New password").fill(ANOTHER)
    laptop.get_by_role("button", name="Change my password").click()
    page.goto("/home")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    sign_in(laptop, ANOTHER)
    enter_code(laptop, codes[0])
    sign_in(page, ANOTHER)
    enter_code(page, codes[1])

    # Two sessions are listed; she ends the other one.
    page.goto("/settings/sessions")
    expect(page.locator("#sessions > li")).to_have_count(2)
    page.get_by_role("button", name="Sign out there").click()
    expect(page.locator("#sessions > li")).to_have_count(1)
    laptop.goto("/home")
    expect(laptop.get_by_role("heading", name="Welcome back")).to_be_visible()

    # She takes her data along and leaves.
    page.goto("/settings/export")
    page.get_by_role("button", name="Make a copy now").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Fetch it").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "grace" in archive.read("profile.json").decode()
    page.goto("/settings/delete")
    page.get_by_label("Your password").fill(ANOTHER)
    page.get_by_role("button", name="Delete my account for good").click()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Sign in")).to_be_visible()
    page.goto("/@grace")
    expect(page.get_by_role("heading", name="Nothing at this position")).to_be_visible()
    sign_in(page, ANOTHER)
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
