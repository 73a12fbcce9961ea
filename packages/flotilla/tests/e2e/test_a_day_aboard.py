"""Whole days aboard: two people and a moderator do what people do here, with JavaScript and without."""

import io
import re
import time
from collections.abc import Callable

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from flotilla.settings import Settings

PASSWORD = "a calm sea at dawn"
ADMIN, TOWN_PASSWORD = "person00001", "correct horse battery"
BOTH_WAYS = pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])


def picture() -> dict[str, object]:
    """A file as a browser sends it: a small orange picture."""
    written = io.BytesIO()
    Image.new("RGB", (640, 480), "orange").save(written, "JPEG")
    return {"name": "buoy.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def come_aboard(page: Page, handle: str, name: str) -> None:
    page.goto("/sign-up")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("Name to show").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def go(page: Page, name: str) -> None:
    """Follow a link of the main navigation."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


@BOTH_WAYS
def test_people_write_answer_keep_and_find(open_browser: Callable[..., Page], javascript: bool) -> None:
    end = "js" if javascript else "plain"
    ann, ben = (open_browser(java_script_enabled=javascript) for _ in range(2))
    come_aboard(ann, f"ann_{end}", "Ann")
    come_aboard(ben, f"ben_{end}", "Ben")

    # Ann posts a picture, with words for whoever cannot see it.
    ann.get_by_label("What is happening on board?").fill(f"The bell buoy at noon #buoy_{end}")
    ann.get_by_text("Add pictures").click()
    ann.get_by_label("File").first.set_input_files(picture())
    ann.get_by_label("What does it show, to someone who cannot see it?").first.fill("A round orange buoy")
    ann.get_by_role("button", name="Post", exact=True).click()
    shown = ann.get_by_role("article").first.get_by_role("img", name="A round orange buoy")
    expect(shown).to_be_visible()
    shown.scroll_into_view_if_needed()
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate("image => image.naturalWidth") > 100

    # Ben finds it by its tag, follows Ann, answers behind a warning, passes it on and keeps it.
    go(ben, "Search")
    ben.get_by_label("People, hashtags, words in posts").fill("bell buoy")
    ben.get_by_role("main").get_by_role("button", name="Search").click()
    found = ben.get_by_role("article", name=f"Ann @ann_{end}").first
    found.get_by_role("button", name="Repost, 0 reposts").click()
    expect(ben.get_by_role("button", name="Take repost back, 1 repost").first).to_be_visible()
    ben.get_by_role("button", name="Bookmark").first.click()
    expect(ben.get_by_role("button", name="Remove bookmark").first).to_be_visible()
    ben.get_by_role("link", name="Reply, 0 replies").first.click()
    ben.get_by_label("Your reply").fill("I heard it all night")
    ben.get_by_text("Warning and audience").click()
    ben.get_by_label("Content warning").fill("Grumbling")
    ben.get_by_role("button", name="Reply", exact=True).click()
    answer = ben.get_by_role("region", name="Replies").get_by_role("article", name="Ben")
    expect(answer.get_by_text("I heard it all night")).to_be_hidden()
    answer.get_by_text("Grumbling").click()
    expect(answer.get_by_text("I heard it all night")).to_be_visible()
    go(ben, "Bookmarks")
    expect(ben.get_by_role("article", name="Ann")).to_contain_text("The bell buoy at noon")
    ben.goto(f"/@ann_{end}")
    ben.get_by_role("button", name=f"Follow @ann_{end}").click()
    expect(ben.get_by_role("button", name=f"Unfollow @ann_{end}")).to_be_visible()

    # Ann is told, and reads.
    ann.goto("/home")
    expect(ann.get_by_role("link", name=re.compile(r"Notifications.*unread"))).to_be_visible()
    go(ann, "Notifications")
    expect(ann.get_by_role("main")).to_contain_text("replied to you")
    expect(ann.get_by_role("main")).to_contain_text("follows you")
    ann.get_by_role("button", name="Mark all as read").click()
    expect(ann.get_by_role("link", name=re.compile(r"Notifications.*unread"))).to_have_count(0)

    # She keeps Ben on a list of her own.
    ann.goto(f"/@ben_{end}")
    ann.get_by_role("button", name=f"Follow @ben_{end}").click()
    expect(ann.get_by_role("button", name=f"Unfollow @ben_{end}")).to_be_visible()
    go(ann, "Lists")
    ann.get_by_label("Title").fill("Night owls")
    ann.get_by_role("button", name="Make this list").click()
    ann.get_by_role("main").get_by_role("link", name="People").first.click()
    ann.get_by_label("Handle of somebody you follow").fill(f"ben_{end}")
    ann.get_by_role("button", name="Put on this list").click()
    expect(ann.locator("#members")).to_contain_text("Ben")


@BOTH_WAYS
def test_people_write_to_each_other_and_choose_their_language(
    open_browser: Callable[..., Page], javascript: bool
) -> None:
    end = "js" if javascript else "plain"
    cat, dan = (open_browser(java_script_enabled=javascript) for _ in range(2))
    come_aboard(cat, f"cat_{end}", "Cat")
    come_aboard(dan, f"dan_{end}", "Dan")

    go(cat, "Messages")
    cat.get_by_label("To", exact=True).fill(f"dan_{end}")
    cat.get_by_label("Message", exact=True).fill("Do you have the spare key?")
    cat.get_by_role("button", name="Send").click()
    go(dan, "Messages")
    dan.get_by_role("main").get_by_role("link", name="Cat").click()
    expect(dan.get_by_role("article", name="Cat")).to_contain_text("Do you have the spare key?")
    dan.get_by_label("Message", exact=True).fill("Under the mat")
    dan.get_by_role("button", name="Send").click()
    expect(dan.get_by_role("article", name="Dan")).to_contain_text("Under the mat")

    # A third person sees nothing of it.
    public = open_browser(java_script_enabled=javascript)
    public.goto(f"/@dan_{end}/replies")
    expect(public.get_by_role("heading", level=1)).to_have_text("Dan")
    expect(public.get_by_text("Under the mat")).to_have_count(0)

    go(dan, "Settings")
    dan.get_by_role("link", name="Profile", exact=True).click()
    dan.get_by_label("Name to show").fill("Dan der Bootsmann")
    dan.get_by_label("Language of the pages").select_option("Deutsch")
    dan.get_by_role("button", name="Save").click()
    expect(dan.locator("html")).to_have_attribute("lang", "de")
    dan.get_by_role("navigation", name="Hauptmenü").get_by_role("link", name="Start").click()
    expect(dan.get_by_role("heading", name="Start", level=1)).to_be_visible()


def test_a_moderator_hears_of_it_and_acts(open_browser: Callable[..., Page], town: Settings) -> None:
    with psycopg.connect(town.owner_url) as connection:
        connection.execute("UPDATE g.account SET role = 'admin' WHERE handle = %s", [ADMIN])
    rude, hurt, mod = open_browser(), open_browser(), open_browser()
    come_aboard(rude, "rude", "Rude")
    come_aboard(hurt, "hurt", "Hurt")
    rude.get_by_label("What is happening on board?").fill("Buy my barnacle cream @hurt")
    rude.get_by_role("button", name="Post", exact=True).click()
    expect(rude.get_by_role("article").first).to_contain_text("barnacle")

    go(hurt, "Notifications")
    hurt.get_by_role("article", name="Rude").get_by_role("link", name="now").click()
    hurt.get_by_role("link", name="Report", exact=True).click()
    hurt.get_by_label("Spam").check()
    hurt.get_by_role("main").get_by_role("button", name=re.compile("Report")).click()
    expect(hurt.get_by_role("main")).to_contain_text("A moderator will look at it.")

    mod.goto("/sign-in")
    mod.get_by_label("Handle").fill(ADMIN)
    mod.get_by_label("Password").fill(TOWN_PASSWORD)
    mod.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(mod.get_by_role("heading", name="Home", level=1)).to_be_visible()
    go(mod, "Moderation")
    mod.get_by_role("row").filter(has_text="@rude").get_by_role("link", name=re.compile("Spam")).click()
    mod.get_by_label(re.compile("Remove the chosen posts")).check()
    mod.get_by_label("What they are told").fill("No advertising here, please.")
    mod.get_by_role("button", name="Do it and resolve the report").click()
    mod.goto("/moderation/log")
    expect(mod.get_by_role("main")).to_contain_text("@rude")

    rude.goto("/notifications")
    expect(rude.get_by_role("main")).to_contain_text("No advertising here, please.")
    rude.goto("/@rude")
    expect(rude.get_by_role("article")).to_have_count(0)

    # An admin changes how the site presents itself.
    mod.goto("/admin/settings")
    mod.get_by_label("Description", exact=True).fill("For people of the east pier.")
    mod.get_by_role("button", name="Save").click()
    # The other worker hears of it within ten seconds.
    mod.goto("/about")
    deadline_s = time.monotonic() + 15
    while "For people of the east pier." not in mod.get_by_role("main").inner_text():
        assert time.monotonic() < deadline_s, "the new description is not shown"
        mod.reload()
    expect(mod.get_by_role("main")).to_contain_text("For people of the east pier.")
