"""Pictures as people meet them: chosen and described in Chromium, seen by others, with and without JavaScript."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Page, expect

LOADED = "picture => picture.complete && picture.naturalWidth"
QUESTION = "What does it show, to someone who cannot see it?"


def picture(kind: str, colour: str = "#b8402f", size: tuple[int, int] = (1200, 800)) -> FilePayload:
    stream = io.BytesIO()
    image = Image.new("RGB", size, "#9fc8e0")
    ImageDraw.Draw(image).polygon([(300, 700), (300, 100), (900, 700)], fill=colour)
    image.save(stream, kind)
    return {"name": f"sail.{kind.lower()}", "mimeType": f"image/{kind.lower()}", "buffer": stream.getvalue()}


def sign_up(page: Page, handle: str) -> None:
    page.goto("/sign-up")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("Password").fill("a calm sea at dawn")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_picture_is_chosen_described_corrected_and_seen_by_others(
    open_browser: Callable[..., Page], javascript: bool
) -> None:
    handle = "painter" if javascript else "painter_plain"
    page = open_browser(java_script_enabled=javascript)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    sign_up(page, handle)

    page.get_by_label("What is happening on board?").fill("Two sails")
    page.get_by_text("Add pictures", exact=True).click()
    page.get_by_label("File").nth(0).set_input_files(picture("JPEG"))
    page.get_by_label(QUESTION).nth(0).fill("A red sail")
    page.get_by_label("File").nth(1).set_input_files(
        {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}
    )
    page.get_by_role("button", name="Post", exact=True).click()

    # The text and the good picture are still there; what was wrong is said, and leads to where it is mended.
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This is not a picture that this site takes")
    expect(page.get_by_label("What is happening on board?")).to_have_value("Two sails")
    expect(page.get_by_role("group", name="Picture 1").get_by_role("img", name="A red sail")).to_be_visible()
    page.get_by_label("File").nth(0).set_input_files(picture("WEBP", "#20303a"))
    page.get_by_role("button", name="Post", exact=True).click()

    visitor = open_browser(java_script_enabled=javascript, viewport={"width": 390, "height": 844})
    visitor.goto(f"/@{handle}")
    article = visitor.get_by_role("article").first
    expect(article).to_contain_text("Two sails")
    for name in ("A red sail", "Picture without a description"):
        expect(article.get_by_role("img", name=name)).to_be_visible()
    if javascript:
        for shown in article.get_by_role("img").all():
            assert shown.evaluate(LOADED) == 640
    article.get_by_role("link", name="A red sail").click()
    expect(visitor.locator("img")).to_be_visible()
    assert visitor.url.endswith(".jpg")
    assert [text for text in complaints if "400" not in text] == []


def test_a_face_and_a_header_are_set_seen_and_taken_away(open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    sign_up(page, "portrait")
    page.goto("/settings/profile")
    page.get_by_label("Name to show").fill("Portrait Painter")
    page.get_by_label("About you").fill("Paints boats. https://example.org/boats")
    page.get_by_label("Picture of you").set_input_files(picture("PNG"))
    page.get_by_label("Picture above your profile").set_input_files(picture("JPEG"))
    page.get_by_label("Name of line 1").fill("Port of call")
    page.get_by_label("Line 1", exact=True).fill("Flensburg")
    page.get_by_role("button", name="Save").click()

    page.get_by_role("link", name="See how others see it").click()
    profile = page.get_by_role("region", name="Profile")
    expect(profile.get_by_role("heading", name="Portrait Painter")).to_be_visible()
    expect(profile.get_by_role("link", name="https://example.org/boats")).to_be_visible()
    expect(profile.get_by_role("definition").filter(has_text="Flensburg")).to_be_visible()
    faces = profile.locator("img")
    assert [faces.nth(at).evaluate(LOADED) for at in range(2)] == [1200, 400]

    profile.get_by_role("link", name="Edit your profile").click()
    page.get_by_label("Take my picture away").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See how others see it").click()
    expect(profile.locator("img")).to_have_count(1)
