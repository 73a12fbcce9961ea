"""Flotilla as people meet it: in Chromium, on a desk, on a phone, by keyboard alone, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

PASSWORD = "a calm sea at dawn"


def sign_up(page: Page, handle: str, name: str) -> None:
    page.goto("/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Sign up").click()
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("Name to show").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def write(page: Page, text: str) -> None:
    page.get_by_label("What is happening on board?").fill(text)
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_role("article").first).to_contain_text(text)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_two_people_meet_follow_like_and_leave(open_browser: Callable[..., Page], javascript: bool) -> None:
    a, b = ("ada", "bo") if javascript else ("ada_plain", "bo_plain")
    ada = open_browser(java_script_enabled=javascript)
    bo = open_browser(java_script_enabled=javascript, viewport={"width": 390, "height": 844}, color_scheme="dark")
    sign_up(ada, a, "Ada L.")
    sign_up(bo, b, "Bo")

    write(ada, f"Anchored off the north shore #fog_{a}")
    ada.get_by_label("What is happening on board?").fill("é" * 490)
    assert ada.get_by_text("10", exact=True).count() == javascript, "the characters left are counted where scripts run"

    # Bo finds Ada among everyone's posts, and follows her.
    bo.get_by_role("button", name="More").click()
    bo.get_by_role("link", name="Everyone", exact=True).click()
    bo.get_by_role("article").get_by_role("link", name=f"Ada L. @{a}").click()
    bo.get_by_role("button", name=f"Follow @{a}").click()
    expect(bo.get_by_role("button", name=f"Unfollow @{a}")).to_be_visible()

    # Her posts now come to his home page; he likes one.
    bo.get_by_role("link", name="Home", exact=True).click()
    seen = bo.get_by_role("region", name="Home").get_by_role("article", name="Ada L.")
    expect(seen).to_contain_text("Anchored off the north shore")
    seen.get_by_role("button", name="Like, 0 likes").click()
    expect(bo.get_by_role("button", name="Unlike, 1 like")).to_be_visible()
    if javascript:  # the page stays where it is, and the new button is where the old one was
        expect(bo.get_by_role("button", name="Unlike, 1 like")).to_be_focused()
        assert bo.url.endswith("/home")
    else:
        assert bo.url.rsplit("#", 1)[1].startswith("post-")

    # She sees the like, follows her own tag, thinks better of it and deletes the post.
    ada.get_by_role("link", name=f"#fog_{a}").click()
    expect(ada.get_by_role("heading", name=f"#fog_{a}", level=1)).to_be_visible()
    expect(ada.get_by_role("button", name="Like, 1 like")).to_be_visible()
    ada.get_by_role("link", name="Delete").click()
    expect(ada.get_by_role("heading", name="Delete this post?")).to_be_visible()
    ada.get_by_role("button", name="Delete for good").click()
    expect(ada.get_by_role("heading", name="Ada L.", level=1)).to_be_visible()
    expect(ada.get_by_text("You have not posted yet")).to_be_visible()

    # Bo goes ashore; the way back in is the door.
    bo.get_by_role("button", name="More").click()
    bo.get_by_role("button", name="Sign out").click()
    expect(bo.get_by_role("link", name="Sign in", exact=True)).to_be_visible()
    bo.goto("/home")
    bo.get_by_label("Handle").fill(b)
    bo.get_by_label("Password").fill(PASSWORD)
    bo.get_by_role("button", name="Sign in").click()
    expect(bo.get_by_role("heading", name="Home", level=1)).to_be_visible()


def test_mistakes_are_said_where_they_are_and_nothing_typed_is_lost(open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto("/sign-up")
    page.get_by_label("Handle").fill("not a handle")
    page.get_by_label("Password").fill("short")
    page.get_by_role("button", name="Sign up").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Not signed up yet")
    alert.get_by_role("link").first.click()
    handle = page.get_by_label("Handle")
    expect(handle).to_be_focused()
    expect(handle).to_have_value("not a handle")
    expect(handle).to_have_attribute("aria-invalid", "true")
    described_by = (handle.get_attribute("aria-describedby") or "").split()
    assert [page.locator(f"#{part}").count() for part in described_by] == [1, 1]


def test_everything_is_reached_by_keyboard(open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    sign_up(page, "ava", "Ava")
    write(page, "Aye")
    page.goto("/home")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expected = [
        *("What is happening on board?", "Warning and audience", "Add pictures", "Post"),
        *("Ava @ava", "now", "Reply, 0 replies", "Repost, 0 reposts", "Like, 0 likes", "Bookmark", "Delete"),
    ]
    names = []
    for _ in range(len(expected)):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("(e => e.ariaLabel || e.labels?.[0]?.innerText || e.innerText)(document.activeElement)")
        )
        drawn = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert drawn != "none", f"no focus ring on {names[-1]}"
    assert names == expected


def test_pages_fit_a_narrow_phone_and_load_nothing_else(open_browser: Callable[..., Page], address: str) -> None:
    page = open_browser(viewport={"width": 360, "height": 740}, color_scheme="dark")
    requested: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    sign_up(page, "a_handle_of_thirty_characters_", "A name that needs two lines on a phone")
    for text in ("w" * 400, "https://example.org/" + "a" * 200, "one", "two", "three", "four"):
        write(page, text)

    for path in ("/home", "/public", "/@a_handle_of_thirty_characters_", "/tags/none", "/nowhere", "/sign-up"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.locator("h1").count() == 1, path
        small = page.evaluate(
            "[...document.querySelectorAll('button, nav a, .button')].filter(e => e.offsetHeight > 0 &&"
            " e.getBoundingClientRect().height < 24).map(e => e.innerText)"
        )
        assert small == [], f"{path}: too small to touch (WCAG 2.5.8: 24 px)"
    page.goto("/home")
    page.get_by_role("link", name="Older posts").click()
    expect(page.get_by_role("article")).to_have_count(1)

    assert {re.match(r"\w+://[^/]+", url)[0] for url in requested} == {address}  # type: ignore[index]
    assert not [text for text in problems if "404" not in text], "the browser complained, perhaps about the policy"
