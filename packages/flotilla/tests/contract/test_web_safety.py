"""What the pages refuse: forms from elsewhere, cookies that were revoked or forged, roads to other sites."""

import dataclasses
import re
from collections.abc import Callable

import pytest
from flask import Flask

from flotilla.app import create_app
from flotilla.settings import Settings


@pytest.mark.parametrize(
    "path",
    ["/posts", "/posts/1/like", "/posts/1/unlike", "/posts/1/delete", "/@ada/follow", "/@ada/unfollow", "/sign-out"],
)
@pytest.mark.parametrize("token", [None, "", "0" * 40, "ü"])
def test_no_form_is_taken_without_its_token(aboard: Callable, path: str, token: str | None) -> None:
    ada = aboard("ada")

    answer = ada.client.post(path, data={"text": "smuggled"} | ({} if token is None else {"csrf_token": token}))

    assert answer.status_code == 403
    assert "That form was too old" in answer.text
    assert "smuggled" not in ada.get("/home").text
    assert 'data-me="ada"' in ada.get("/home").text


def test_nobody_signs_in_or_up_without_a_token(app: Flask) -> None:
    for path in ("/sign-in", "/sign-up"):
        answer = app.test_client().post(path, data={"handle": "ada", "password": "a calm sea at dawn"})
        assert answer.status_code == 403


def test_one_persons_token_is_no_good_for_another(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")

    answer = bo.client.post("/posts", data={"text": "smuggled", "csrf_token": ada.token("/home")})

    assert answer.status_code == 403


def test_one_token_serves_a_whole_session(aboard: Callable) -> None:
    ada = aboard("ada")
    token = ada.token("/home")

    for words in ("one", "two", "three"):
        assert ada.client.post("/posts", data={"text": words, "csrf_token": token}).status_code == 303
    assert ada.token("/public") == ada.token("/@ada") == token


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app: Flask, aboard: Callable) -> None:
    ada = aboard("ada")
    copied = ada.client.get_cookie("flotilla_session").value
    thief = app.test_client()
    thief.set_cookie("flotilla_session", copied)
    assert 'data-me="ada"' in thief.get("/public").text

    signed_out = ada.post_form("/home", "/sign-out")

    assert (signed_out.status_code, signed_out.location) == (303, "/")
    assert ada.client.get_cookie("flotilla_session") is None
    assert "data-me" not in thief.get("/public").text
    assert thief.get("/home").status_code == 303


def test_a_cookie_this_site_did_not_sign_is_nobodys(app: Flask, aboard: Callable) -> None:
    value = aboard("ada").client.get_cookie("flotilla_session").value
    token, _, signature = value.rpartition(".")
    for forged in ("", ".", token, f"{token}.", f"{token}.{signature[::-1]}", f"x{value}", "é" * 20):
        client = app.test_client()
        client.set_cookie("flotilla_session", forged)
        assert "data-me" not in client.get("/public").text


def test_next_never_leads_to_another_site(aboard: Callable, visitor: Callable) -> None:
    ada = aboard("ada", password="a calm sea at dawn")
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert ada.post_form("/home", "/posts", text="Hello", next=elsewhere).location == "/home"
        bo = visitor()
        answer = bo.post_form("/sign-in", "/sign-in", handle="ada", password="a calm sea at dawn", next=elsewhere)
        assert answer.location == "/home"
        assert "evil" not in visitor().get(f"/sign-in?next={elsewhere}").text


def test_every_answer_carries_the_security_headers(app: Flask, aboard: Callable) -> None:
    ada = aboard("ada")
    for answer in (ada.get("/home"), ada.get("/nowhere"), app.test_client().get("/health"), ada.client.post("/posts")):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "odd", ["%00", "%FF", "%ED%A0%80", "%F0%9F%98%80", "a" * 2000, "%0d%0aX:y", "'", "9" * 30, "-1"]
)
def test_nothing_typed_into_an_address_or_a_form_is_a_fault_of_ours(aboard: Callable, odd: str) -> None:
    ada = aboard("ada")
    token = ada.token("/home")

    answers = [ada.get(path + odd) for path in ("/", "/@", "/tags/", "/@ada/", "/public?before=", "/static/x/")]
    for path in ("/posts", f"/@{odd}/follow", f"/posts/{odd}/like", "/sign-in", "/sign-up"):
        body = "&".join([f"csrf_token={token}", *(f"{name}={odd}" for name in ("text", "handle", "password", "next"))])
        answers.append(ada.client.post(path, data=body, content_type="application/x-www-form-urlencoded"))

    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
    assert not [answer for answer in answers if "X" in answer.headers]


@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_out_of_reach_for_scripts_other_sites_and_in_production_plain_http(
    settings: Settings, secure: bool
) -> None:
    app = create_app(dataclasses.replace(settings, secure_cookies=secure))
    client = app.test_client()
    shown = client.get("/sign-up", base_url="https://localhost")
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)[1]
    fields = {"csrf_token": token, "handle": "ada", "password": "a calm sea at dawn"}
    signed_up = client.post("/sign-up", data=fields, base_url="https://localhost")
    app.extensions["flotilla.site"].close()

    for answer, name in ((shown, "flotilla_visitor"), (signed_up, "flotilla_session")):
        cookie = answer.headers["Set-Cookie"].split("; ")
        assert cookie[0].startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie)
        assert ("Secure" in cookie) is secure
        assert ("Strict-Transport-Security" in answer.headers) is secure


def test_pages_hold_no_script_but_the_one_file_no_style_attribute_and_nothing_from_elsewhere(aboard: Callable) -> None:
    ada = aboard("ada")
    post_id = ada.publish("Plain sailing")
    for path in ("/home", "/public", "/@ada", f"/@ada/{post_id}", f"/posts/{post_id}/delete", "/nowhere"):
        page = ada.get(path).text
        page, ours = re.subn(r'<script src="/static/[0-9a-f]+/flotilla.js" defer></script>', "", page)
        assert ours == 1, path
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|(src|href)=\"(https?:)?//", page), path


def test_the_style_sheet_is_kept_for_a_year_under_the_name_of_its_content(app: Flask) -> None:
    client = app.test_client()
    address = re.search(r'href="(/static/[^"]+\.css)"', client.get("/public").text)[1]

    sheet = client.get(address)
    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(address, headers={"If-None-Match": sheet.headers["ETag"]}).status_code == 304

    of_an_older_version = client.get("/static/000000000000/flotilla.css")
    assert of_an_older_version.data == sheet.data
    assert of_an_older_version.headers["Cache-Control"] == "no-cache"
