"""A report from its beginning to its end, in Chromium, by buttons and links alone, with and without JavaScript."""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect

from flotilla.settings import Settings

PASSWORD = "a calm sea at dawn"


def sign_up(page: Page, handle: str) -> None:
    page.goto("/sign-up")
    form = page.locator("#sign-up")
    form.get_by_label("Handle").fill(handle)
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_somebody_is_reported_suspended_and_brought_back(
    open_browser: Callable[..., Page], town: Settings, javascript: bool
) -> None:
    end = "" if javascript else "_plain"
    eve, ada, mo = (open_browser(java_script_enabled=javascript) for _ in range(3))
    for page, name in ((eve, "eve"), (ada, "ada_r"), (mo, "mo")):
        sign_up(page, name + end)
    with psycopg.connect(town.owner_url) as connection:
        connection.execute("UPDATE g.account SET role = 'moderator' WHERE handle = %s", ["mo" + end])

    eve.get_by_label("What is happening on board?").fill(f"Buy my pills {end}")
    eve.get_by_role("button", name="Post", exact=True).click()
    expect(eve.get_by_role("article").first).to_contain_text("Buy my pills")

    # Ada opens the post, and reports it from there.
    ada.goto(f"/@eve{end}")
    ada.get_by_role("article").first.locator("a.when").click()
    ada.get_by_role("link", name="Report").click()
    ada.get_by_role("radio", name="Spam").check()
    ada.get_by_label("What else should they know?").fill("Every day the same.")
    ada.get_by_role("button", name="Report").click()
    expect(ada.get_by_role("heading", name="Thank you")).to_be_visible()

    # A moderator finds it in the queue, and suspends.
    mo.goto("/moderation")
    expect(mo.get_by_role("heading", name="Reports", level=1)).to_be_visible()
    mo.get_by_role("row", name=f"@eve{end}").get_by_role("link", name="Spam").click()
    expect(mo.get_by_text("Every day the same.")).to_be_visible()
    mo.get_by_role("radio", name="Suspend them").check()
    mo.get_by_label("What they are told").fill("No selling here.")
    mo.get_by_role("button", name="Do it and resolve the report").click()
    expect(mo.get_by_role("heading", name="Reports", level=1)).to_be_visible()

    eve.goto("/home")
    expect(eve.get_by_role("heading", name="Welcome back")).to_be_visible()
    ada.goto(f"/@eve{end}")
    expect(ada.get_by_role("heading", name="Nothing at this position")).to_be_visible()

    # Searched for among the people, and taken back by one button.
    mo.get_by_role("navigation", name="Moderation").get_by_role("link", name="People").click()
    mo.get_by_label("Handle, mail address or IP address").fill(f"eve{end}")
    mo.get_by_role("search").get_by_role("button", name="Search").click()
    mo.get_by_role("row").get_by_role("link", name=f"@eve{end}", exact=True).click()
    expect(mo.get_by_text("No selling here.")).to_be_visible()
    mo.get_by_role("button", name=re.compile("Take back *: *suspended")).click()
    expect(mo.get_by_text("In good standing")).to_be_visible()
    ada.reload()
    expect(ada.get_by_role("article").first).to_contain_text("Buy my pills")

    # And the log tells of all of it.
    mo.get_by_role("link", name="What was done about them").click()
    expect(mo.get_by_role("row", name="Measures taken back")).to_be_visible()
    expect(mo.get_by_role("row", name="Reports resolved")).to_be_visible()
