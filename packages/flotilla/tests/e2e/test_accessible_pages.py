"""Every page of the site as axe-core sees it: signed out, signed in, as a moderator; by day and by night; on a phone.

The pages come from the application's own routes, so that a new one is tested from its first day.
"""

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page
from werkzeug.routing import Rule

from flotilla.app import create_app
from flotilla.settings import Settings
from flotilla.social import Site, Viewer

PASSWORD = "correct horse battery"
MODERATOR, MEMBER, OTHER = "person00001", "person00002", "person00003"
# What is no page: files, and what machines ask for.
NOT_PAGES = re.compile(r"/(static|media|api|health|ready|live|metrics|oauth|\.well-known|nodeinfo|manifest|robots)\b")
NARROW = {"width": 320, "height": 640}  # WCAG 2.2, 1.4.10: reflow; also 1280 px zoomed to 400 %
DESK = {"width": 1280, "height": 900}
EVERYWHERE, OVERSIGHT = ("/",), ("/moderation", "/admin", "/home")
GRAVE = {"serious", "critical"}
# Levels A and AA of WCAG 2.0 to 2.2.
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SETTLED = "document.getAnimations().forEach(animation => animation.finish())"


@pytest.fixture(scope="session")
def app(town: Settings) -> Iterator[Flask]:
    """The application, for its routes only."""
    made = create_app(town)
    yield made
    made.extensions["flotilla.site"].close()


@pytest.fixture(scope="session")
def samples(app: Flask, town: Settings) -> dict[str, str]:
    """Something for each variable of an address, most of it the member's; and the moderator gets their role."""
    site: Site = app.extensions["flotilla.site"]
    with psycopg.connect(town.owner_url) as connection:
        connection.execute("UPDATE g.account SET role = 'admin' WHERE handle = %s", [MODERATOR])
        ids = dict(connection.execute("SELECT handle, id FROM g.account").fetchall())
    member, other = (Viewer(ids[handle], handle, handle) for handle in (MEMBER, OTHER))
    question = site.posts.publish(other, f"Who knows this wreck? @{MEMBER} #harbour", warning="Rust")
    post_id = site.posts.publish(member, "The Petrel, I think", parent_id=question)
    site.posts.publish(other, "Thank you!", parent_id=post_id)
    site.posts.like(other, post_id)
    site.posts.like(member, question)
    site.posts.repost(other, post_id)
    site.posts.bookmark(member, question)
    report_id = site.reports.make(member, OTHER, category="spam", comment="Again and again", post_ids=[question])
    return {
        "handle": MEMBER,
        "post_id": str(post_id),
        "tag": "harbour",
        "token": "x" * 43,
        "list_id": str(site.lists.create(member, "Crew").id),
        "conversation_id": str(site.conversations.start(member, OTHER, "Are you there?")),
        "report_id": str(report_id),
    }


def addresses(app: Flask, samples: dict[str, str]) -> list[str]:
    """The address of every page, its variables filled in."""
    rules = [
        rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not NOT_PAGES.match(rule.rule)
    ]
    return [*sorted({filled(rule, samples) for rule in rules}), "/nowhere"]


def filled(rule: Rule, samples: dict[str, str]) -> str:
    missing = rule.arguments - samples.keys()
    assert not missing, f"{rule.rule} needs a sample for {missing}"
    return re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda variable: samples[variable[1]], rule.rule)


def sign_in(page: Page, handle: str) -> None:
    page.goto("/sign-in")
    page.locator("#handle").fill(handle)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/home")


def faults(page: Page, path: str, rules: list[str], seen: set[str]) -> Iterator[str]:
    """What is wrong with the page at that path. One that leads elsewhere is looked at there; each kind once."""
    # Once more where the server closes an idle connection just then, as every browser does.
    answer = page.request.get(path, max_redirects=0, max_retries=1)
    if answer.status >= 500:
        yield f"{path}: status {answer.status}"
    if 300 <= answer.status < 400 or (answer.status >= 400 and "problem" in seen):
        return
    page.goto(path)
    kind = str(page.locator("body").get_attribute("data-page"))
    if kind in seen:
        return
    seen.add(kind)
    page.evaluate(SETTLED)
    for violation in Axe().run(page, options={"resultTypes": ["violations"], "runOnly": rules}).response["violations"]:
        if violation["impact"] in GRAVE:
            where = [node["html"][:150] for node in violation["nodes"][:3]]
            yield f"{path}: {violation['id']}: {where}"
    page.set_viewport_size(NARROW)
    if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
        yield f"{path}: {width} px wide on a screen of {NARROW['width']}"
    page.set_viewport_size(DESK)
    if (headings := page.locator("h1").count()) != 1:
        yield f"{path}: {headings} headings of level 1"


@pytest.mark.parametrize(
    ("who", "scheme", "pages"),
    [
        ("", "light", EVERYWHERE),
        (MEMBER, "light", EVERYWHERE),
        (MODERATOR, "dark", OVERSIGHT),
        pytest.param(MEMBER, "dark", EVERYWHERE, marks=pytest.mark.long),
    ],
    ids=["signed out by day", "signed in by day", "as a moderator by night", "signed in by night"],
)
def test_no_page_has_a_serious_barrier_or_is_wider_than_a_phone(
    open_browser: Callable[..., Page],
    app: Flask,
    samples: dict[str, str],
    who: str,
    scheme: str,
    pages: tuple[str, ...],
) -> None:
    page = open_browser(viewport=DESK, bypass_csp=True, reduced_motion="reduce", color_scheme=scheme)
    if who:
        sign_in(page, who)
    seen: set[str] = set()
    found: list[str] = []

    for path in addresses(app, samples):
        if path.startswith(pages):
            found += faults(page, path, AA, seen)

    assert not found, "\n" + "\n".join(found)
