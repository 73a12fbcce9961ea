"""Confirming an address and choosing a new password, through the pages."""

import dataclasses
import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from flotilla.app import create_app
from flotilla.settings import Settings
from flotilla.web.devices import device_words

PASSWORD = "a calm sea at dawn"
ADDRESS = "ada@example.org"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """A site that lets people in once their address is confirmed."""
    made = create_app(dataclasses.replace(settings, confirm_email=True))
    yield made
    made.extensions["flotilla.site"].close()


def without_tokens(page: str) -> str:
    return re.sub(r'value="[0-9a-f]{40}"', "", page)


def test_somebody_new_confirms_their_address_signs_in_forgets_the_password_and_chooses_another(
    visitor: Callable, letters: Callable
) -> None:
    ada = visitor()
    fields = {"handle": "ada", "password": PASSWORD}
    told = ada.post_form("/sign-up", "/sign-up", **fields, email=ADDRESS)
    assert (told.status_code, "Look into your mail" in told.text) == (200, True)
    assert ada.client.get_cookie("flotilla_session") is None
    early = ada.post_form("/sign-in", "/sign-in", **fields)
    assert (early.status_code, "Look into your mail" in early.text) == (403, True)

    confirm = letters.link(ADDRESS, "/confirm/")
    for _ in range(2):  # a mail program that looks at the link uses nothing up
        assert ada.get(confirm).status_code == 200
    assert "sign in now" in ada.post_form(confirm, confirm).text
    assert (
        ada.get(confirm).status_code == ada.client.post(confirm, data={"csrf_token": ada.token("/forgot")}).status_code
    )
    assert ada.get(confirm).status_code == 404
    assert ada.post_form("/sign-in", "/sign-in", **fields).location == "/home"

    elsewhere = visitor()
    assert "on its way" in elsewhere.post_form("/forgot", "/forgot", email=ADDRESS).text
    reset = letters.link(ADDRESS, "/reset/")
    refused = elsewhere.post_form(reset, reset, password="short")
    assert (refused.status_code, 'id="password-wrong"' in refused.text) == (400, True)
    changed = elsewhere.post_form(reset, reset, password="another sea")
    assert "Password changed" in changed.text
    assert elsewhere.client.get_cookie("flotilla_session") is None, "a link from a letter signs nobody in"
    assert ada.get("/home").status_code == 303
    assert elsewhere.get(reset).status_code == 404
    assert elsewhere.post_form("/sign-in", "/sign-in", handle="ada", password="another sea").location == "/home"


def test_no_answer_tells_whether_an_address_has_an_account(visitor: Callable, letters: Callable) -> None:
    ada = visitor()
    ada.post_form("/sign-up", "/sign-up", handle="ada", password=PASSWORD, email=ADDRESS)
    confirm = letters.link(ADDRESS, "/confirm/")
    ada.post_form(confirm, confirm)

    answers = [visitor().post_form("/forgot", "/forgot", email=email) for email in (ADDRESS, "nobody@example.org")]
    assert without_tokens(answers[0].text) == without_tokens(answers[1].text)
    assert answers[0].status_code == answers[1].status_code == 200
    signed_up = [
        visitor().post_form("/sign-up", "/sign-up", handle=handle, password=PASSWORD, email=email)
        for handle, email in (("bob", ADDRESS), ("eve", "eve@example.org"))
    ]
    as_eve = signed_up[0].text.replace("bob", "eve").replace(ADDRESS, "eve@example.org")
    assert without_tokens(as_eve) == without_tokens(signed_up[1].text)
    assert signed_up[0].status_code == signed_up[1].status_code == 200


def test_a_mistyped_address_is_put_right_on_the_page_that_asks_to_look_into_the_mail(
    visitor: Callable, letters: Callable
) -> None:
    ada = visitor()
    ada.post_form("/sign-up", "/sign-up", handle="ada", password=PASSWORD, email="adda@example.org")
    wrong = {"handle": "ada", "email": ADDRESS, "password": "a wrong guess"}
    assert ada.post_form("/sign-up", "/sign-up/address", **wrong).status_code == 400
    assert letters.to(ADDRESS) == []
    assert ada.post_form("/sign-up", "/sign-up/address", **wrong | {"password": PASSWORD}).status_code == 200
    assert ada.get(letters.link(ADDRESS, "/confirm/")).status_code == 200


def test_whoever_names_another_host_gets_no_link_to_it_sent(app: Flask, letters: Callable) -> None:
    client, there = app.test_client(), {"base_url": "http://evil.example"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-up", **there).text)[1]
    fields = {"csrf_token": token, "handle": "ada", "password": PASSWORD, "email": ADDRESS}
    assert (
        client.post("/sign-up", data=fields, headers={"X-Forwarded-Host": "evil.example"}, **there).status_code == 200
    )
    assert "evil" not in letters.to(ADDRESS)[-1].as_string()


def test_none_of_these_forms_is_taken_without_its_token(app: Flask) -> None:
    for path in ("/forgot", "/sign-up/address", "/sign-in/code", "/confirm/1.x", "/reset/1.x"):
        assert app.test_client().post(path, data={"email": ADDRESS}).status_code == 403, path


def test_a_link_that_never_was_is_a_stale_one(visitor: Callable) -> None:
    ada = visitor()
    token = ada.token("/forgot")
    for link in ("x", "1." + "a" * 43, "%00", "f" * 16 + "." + "a" * 43, "a" * 2000):
        for path in (f"/confirm/{link}", f"/reset/{link}"):
            assert ada.get(path).status_code == 404
            assert ada.client.post(path, data={"csrf_token": token, "password": "another sea"}).status_code == 404


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Android"),
        ("curl/8.0", "curl"),
        ("", ""),
        ("<script>" * 10_000, ""),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str) -> None:
    assert device_words(user_agent) == words
