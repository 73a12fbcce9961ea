"""The pages, through Flask's test client, on a real database."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

READ_ONLY_PATHS = ["/", "/public", "/tags/fog", "/sign-up", "/sign-in"]


def test_a_visitor_reads_everything_and_is_asked_to_sign_in_only_to_act(app: Flask, aboard: Callable) -> None:
    ada = aboard("ada")
    post_id = ada.publish("Fog over the sound #fog")
    visitor = app.test_client()

    for path in ("/", "/public", "/tags/fog", "/@ada", f"/@ada/{post_id}"):
        page = visitor.get(path)
        assert page.status_code == 200, path
        assert "Fog over the sound" in page.text, path
        assert "data-me" not in page.text
        assert "Set-Cookie" not in page.headers, "a visitor who only reads gets no cookie"
    for path in ("/home", f"/posts/{post_id}/delete"):
        sent = visitor.get(path)
        assert (sent.status_code, sent.location) == (303, f"/sign-in?next={path}")


def test_signing_in_leads_back_to_the_page_that_asked_for_it(aboard: Callable, visitor: Callable) -> None:
    aboard("ada", password="a calm sea at dawn")
    ada = visitor()

    answer = ada.post_form("/sign-in?next=/home", "/sign-in", handle="ada", password="a calm sea at dawn", next="/@ada")

    assert (answer.status_code, answer.location) == (303, "/@ada")
    assert 'data-me="ada"' in ada.get("/home").text


def test_somebody_signed_in_is_sent_home_from_the_front_page(aboard: Callable) -> None:
    ada = aboard("ada")

    for path in ("/", "/sign-in", "/sign-up"):
        assert (ada.get(path).status_code, ada.get(path).location) == (303, "/home")


def test_a_wrong_password_is_refused_beside_the_form_without_saying_which_half_was_wrong(
    aboard: Callable, visitor: Callable
) -> None:
    aboard("ada", password="a calm sea at dawn")
    pages = []
    for handle in ("ada", "nobody_here"):
        answer = visitor().post_form("/sign-in", "/sign-in", handle=handle, password="a wrong guess")
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
        assert "a wrong guess" not in answer.text
        pages.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert pages[0] == pages[1]


def test_a_refused_sign_up_shows_each_message_beside_its_field_and_keeps_what_was_entered(visitor: Callable) -> None:
    answer = visitor().post_form("/sign-up", "/sign-up", handle="a b", password="short", display_name="Ada <L>")

    assert answer.status_code == 400
    assert 'id="handle-wrong"' in answer.text
    assert 'id="password-wrong"' in answer.text
    assert 'aria-describedby="handle-hint handle-wrong"' in answer.text
    assert 'value="Ada &lt;L&gt;"' in answer.text
    assert "short" not in re.findall(r'<input type="password"[^>]*>', answer.text)[0]


def test_a_refused_post_comes_back_with_its_text(aboard: Callable) -> None:
    ada = aboard("ada")
    too_long = "<b>" + "x" * 500

    answer = ada.post_form("/home", "/posts", text=too_long)

    assert answer.status_code == 400
    assert 'id="home-timeline"' in answer.text
    assert 'role="alert"' in answer.text
    assert "&lt;b&gt;" + "x" * 500 + "</textarea>" in answer.text


def test_what_people_write_is_escaped_on_every_page(app: Flask, aboard: Callable) -> None:
    ada = aboard("ada", display_name="<script>name()</script>")
    post_id = ada.publish("<script>text()</script> <img src=x onerror=y>")

    for client, paths in (
        (ada, ["/home", "/public", "/@ada", f"/@ada/{post_id}", f"/posts/{post_id}/delete"]),
        (app.test_client(), ["/", "/@ada", f"/@ada/{post_id}", "/tags/<script>tag()<%2Fscript>"]),
    ):
        for path in paths:
            text = client.get(path).text
            assert not re.search("<script(?! src=)", text), path
            assert "<img" not in text, path


def test_a_post_is_liked_unliked_and_the_reader_returns_to_it(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Land ahoy")

    liked = bo.post_form("/public", f"/posts/{post_id}/like", next="/public")
    assert (liked.status_code, liked.location) == (303, f"/public#post-{post_id}")
    assert f"/posts/{post_id}/unlike" in bo.get("/public").text
    assert f"/posts/{post_id}/unlike" not in ada.get("/public").text
    assert 'aria-label="Like, 1 like"' in ada.get("/public").text

    bo.post_form("/public", f"/posts/{post_id}/unlike", next="/public")
    assert 'aria-label="Like, 0 likes"' in bo.get("/public").text


def test_following_brings_posts_home_and_unfollowing_takes_them_away(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    ada.publish("Weighing anchor")
    assert "Weighing anchor" not in bo.get("/home").text
    assert "Calm sea" in bo.get("/home").text

    followed = bo.post_form("/@ada", "/@ada/follow")
    assert (followed.status_code, followed.location) == (303, "/@ada")
    assert "/@ada/unfollow" in bo.get("/@ada").text
    assert "Weighing anchor" in bo.get("/home").text

    bo.post_form("/@ada", "/@ada/unfollow")
    assert "Weighing anchor" not in bo.get("/home").text


def test_only_its_author_deletes_a_post_after_being_asked(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("A slip of the pen")

    assert bo.get(f"/posts/{post_id}/delete").status_code == 403
    assert bo.post_form("/public", f"/posts/{post_id}/delete").status_code == 403
    assert "A slip of the pen" in ada.get(f"/posts/{post_id}/delete").text

    deleted = ada.post_form(f"/posts/{post_id}/delete", f"/posts/{post_id}/delete")
    assert (deleted.status_code, deleted.location) == (303, "/@ada")
    assert ada.get(f"/@ada/{post_id}").status_code == 404
    assert bo.post_form("/public", f"/posts/{post_id}/like").status_code == 404


def test_older_posts_links_lead_through_every_post_once(aboard: Callable) -> None:
    ada = aboard("ada")
    written = [ada.publish(f"Day {day} at sea #log") for day in range(47)]

    for path in ("/home", "/public", "/@ada", "/tags/log"):
        seen: list[int] = []
        address: str | None = path
        for _ in range(10):
            page = ada.get(address).text
            seen += [int(post_id) for post_id in re.findall(r'<article class="post" id="post-(\d+)"', page)]
            older = re.search(r'rel="next" href="([^"]+)"', page)
            address = older[1] if older else None
            if address is None:
                break
        assert seen == written[::-1], path


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/@nobody",
        "/@nobody/1",
        "/home?before=abc",
        "/public?before=-1",
        "/public?before=0",
        "/public?before=9999999999999999999",
        "/public?before=99999999999999999999",
        "/@ada/99999999999999999999",
        "/posts/5/delete",
        "/static/0123/none.css",
        "/static/0123/..%2fapp.py",
    ],
)
def test_an_address_without_a_page_gets_a_page_that_says_so(aboard: Callable, path: str) -> None:
    answer = aboard("ada").get(path)

    assert answer.status_code == 404
    assert 'data-status="404"' in answer.text
    assert 'data-me="ada"' in answer.text, "whoever is signed in still is"


def test_a_post_under_somebody_elses_name_is_not_found(aboard: Callable) -> None:
    ada = aboard("ada")
    aboard("bo")
    post_id = ada.publish("Mine")

    assert ada.get(f"/@bo/{post_id}").status_code == 404


def test_a_button_pressed_as_an_address_explains_itself(aboard: Callable) -> None:
    answer = aboard("ada").get("/posts/1/like")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "button" in answer.text


def test_addresses_work_with_a_slash_at_the_end(app: Flask) -> None:
    assert app.test_client().get("/public/").status_code == 200
    assert app.test_client().get("/health/").status_code == 200


def test_a_form_that_is_too_large_is_refused(aboard: Callable) -> None:
    answer = aboard("ada").post_form("/home", "/posts", text="x" * 70_000)

    assert answer.status_code == 413
    assert 'data-status="413"' in answer.text


def test_head_answers_as_get_without_a_body(app: Flask) -> None:
    for path in [*READ_ONLY_PATHS, "/health", "/live"]:
        head, get = app.test_client().head(path), app.test_client().get(path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.content_type == get.content_type


def test_a_browser_that_asks_for_german_gets_german_pages(aboard: Callable) -> None:
    ada = aboard("ada")
    ada.publish("Land ahoy")
    asked = {"Accept-Language": "fr;q=0.2, de-AT, en;q=0.5"}

    home = ada.client.get("/home", headers=asked).text
    refused = ada.client.post("/posts", data={"csrf_token": ada.token("/home"), "text": "x" * 503}, headers=asked)
    nowhere = ada.client.get("/nowhere", headers=asked).text

    assert '<html lang="de">' in home
    assert "<h1>Start</h1>" in home
    assert "Gefällt mir, 0 Personen gefällt das" in home
    assert '<time datetime="' in home
    assert ">jetzt</time>" in home
    assert "Das sind 503 Zeichen, 3 mehr, als ein Beitrag haben darf." in refused.text
    assert "<h1>Auf dieser Position ist nichts</h1>" in nowhere
    assert '<html lang="en">' in ada.get("/home").text
