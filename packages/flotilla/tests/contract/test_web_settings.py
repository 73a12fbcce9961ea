"""Account, security, sessions and invitations, through the pages."""

import dataclasses
import re
from collections.abc import Callable, Iterator

import pyotp
import pytest
from flask import Flask

from flotilla.app import create_app
from flotilla.settings import Settings

PASSWORD = "a calm sea at dawn"
FORMS = [
    "/settings/account/address", "/settings/account/password", "/settings/invites", "/settings/invites/withdraw",
    "/settings/security/begin", "/settings/security/app", "/settings/security/codes", "/settings/security/off",
    "/settings/sessions/end", "/settings/sessions/end-others", "/settings/export", "/settings/delete",
]  # fmt: skip
PAGES = ["/settings/account", "/settings/security", "/settings/sessions", "/settings/invites", "/settings/export"]


def test_no_setting_is_changed_without_its_forms_token_or_by_a_visitor(aboard: Callable, visitor: Callable) -> None:
    ada, stranger = aboard("ada"), visitor()
    token = stranger.token("/sign-in")
    for path in FORMS:
        assert ada.client.post(path, data={"password": PASSWORD}).status_code == 403, path
        sent = stranger.client.post(path, data={"csrf_token": token})
        assert (sent.status_code, sent.location) == (303, "/sign-in"), path


def test_every_page_of_the_settings_leads_to_the_others(aboard: Callable, visitor: Callable) -> None:
    ada, stranger = aboard("ada"), visitor()
    for path in PAGES:
        page = ada.get(path)
        assert page.status_code == 200
        assert {f'href="{other}"' for other in PAGES} <= set(re.findall(r'href="[^"]+"', page.text))
        assert page.text.count("<h1") == 1
        assert stranger.get(path).location == f"/sign-in?next={path}"


def test_the_password_is_changed_on_the_page_and_everybody_else_is_signed_out(
    aboard: Callable, visitor: Callable
) -> None:
    ada, elsewhere = aboard("ada"), visitor()
    elsewhere.post_form("/sign-in", "/sign-in", handle="ada", password=PASSWORD)
    wrong = ada.post_form("/settings/account", "/settings/account/password", old="a wrong guess", new="x")
    assert (wrong.status_code, 'id="old-wrong"' in wrong.text, 'id="new-wrong"' in wrong.text) == (400, True, True)
    assert "a wrong guess" not in wrong.text
    assert elsewhere.get("/home").status_code == 200

    done = ada.post_form("/settings/account", "/settings/account/password", old=PASSWORD, new="another sea")

    assert (done.status_code, 'role="status"' in done.text) == (200, True)
    assert ada.get("/home").status_code == 200
    assert elsewhere.get("/home").status_code == 303


def test_the_address_is_changed_by_the_link_in_the_letter(aboard: Callable, letters: Callable) -> None:
    ada = aboard("ada")
    fields = {"email": "new@example.org", "password": PASSWORD}
    refused = ada.post_form("/settings/account", "/settings/account/address", **fields | {"password": "x"})
    assert (refused.status_code, 'value="new@example.org"' in refused.text) == (400, True)
    assert ada.post_form("/settings/account", "/settings/account/address", **fields).status_code == 200
    link = letters.link("new@example.org", "/confirm/")
    assert ada.post_form(link, link).status_code == 200
    assert "new@example.org" in ada.get("/settings/account").text


def test_sessions_are_listed_in_words_and_ended_one_by_one_or_all(aboard: Callable, visitor: Callable) -> None:
    ada = aboard("ada")
    others = [visitor() for _ in range(3)]
    for other in others:
        other.client.post(
            "/sign-in",
            data={"csrf_token": other.token("/sign-in"), "handle": "ada", "password": PASSWORD},
            headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
        )
    page = ada.get("/settings/sessions").text
    assert page.count("Firefox on Linux") == 3
    names = re.findall(r'name="session" value="([0-9a-f]{64})"', page)
    assert len(names) == 3

    ada.post_form("/settings/sessions", "/settings/sessions/end", session=names[0])
    assert sorted(other.get("/home").status_code for other in others) == [200, 200, 303]
    for nonsense in ("", "x", "0" * 64, "z" * 64):
        assert ada.post_form("/settings/sessions", "/settings/sessions/end", session=nonsense).status_code == 303
    ada.post_form("/settings/sessions", "/settings/sessions/end-others")
    assert [other.get("/home").status_code for other in others] == [303] * 3
    assert ada.get("/home").status_code == 200


def test_nobody_ends_a_session_of_somebody_else(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    elsewhere = aboard("eve")
    del elsewhere
    page = ada.get("/settings/sessions").text
    assert 'name="session"' not in page, "one's own cannot be ended here by mistake"
    site = bo.client.application.extensions["flotilla.site"]
    me = site.accounts.sign_in(handle="ada", password=PASSWORD)
    name = next(session.name for session in site.sessions.of(me.viewer, me.token) if session.is_this)
    bo.post_form("/settings/sessions", "/settings/sessions/end", session=name)
    assert site.accounts.who_is(me.token) is not None


def test_reading_writes_last_seen_once_a_day(site: Callable, owner: Callable, statements: Callable) -> None:
    token = site.accounts.sign_up(handle="ada", password=PASSWORD).token
    with statements() as sent:
        site.accounts.who_is(token)
    assert len(sent) == 1
    owner.execute("UPDATE s0000.sessions SET last_seen = current_date - 1")
    for expected in (2, 1):
        with statements() as sent:
            site.accounts.who_is(token)
        assert len(sent) == expected
    assert owner.execute("SELECT last_seen = current_date FROM s0000.sessions").fetchone() == (True,)


def test_the_second_step_is_set_up_used_and_switched_off_on_the_pages(aboard: Callable, visitor: Callable) -> None:
    ada = aboard("ada")
    assert ada.post_form("/settings/security", "/settings/security/begin", password="x").status_code == 400
    assert ada.get("/settings/security/app").status_code == 403
    ada.post_form("/settings/security", "/settings/security/begin", password=PASSWORD)
    page = ada.get("/settings/security/app").text
    assert "<svg" in page
    assert "style=" not in page
    key = re.search(r'id="second-step-key">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
    assert ada.post_form("/settings/security/app", "/settings/security/app", code="abc").status_code == 400
    shown = ada.post_form("/settings/security/app", "/settings/security/app", code=pyotp.TOTP(key).now())
    codes = re.findall(r"<code>([A-Z2-7-]{19})</code>", shown.text)
    assert len(codes) == 10
    assert codes[0] not in ada.get("/settings/security").text

    phone = visitor()
    asked = phone.post_form("/sign-in", "/sign-in", handle="ada", password=PASSWORD, next="/@ada")
    step = re.search(r'name="step" value="([^"]+)"', asked.text)[1]
    assert phone.client.get_cookie("flotilla_session") is None
    wrong = phone.post_form("/sign-in", "/sign-in/code", step=step, code="abc", next="/@ada")
    assert (wrong.status_code, step in wrong.text) == (400, True)
    signed_in = phone.post_form("/sign-in", "/sign-in/code", step=step, code=codes[0], next="//evil.example")
    assert (signed_in.status_code, signed_in.location) == (303, "/home")
    again = visitor().post_form("/sign-in", "/sign-in/code", step=step, code=codes[1])
    assert (again.status_code, "That took too long" in again.text) == (400, True)

    assert ada.post_form("/settings/security", "/settings/security/off", password="x").status_code == 400
    ada.post_form("/settings/security", "/settings/security/off", password=PASSWORD)
    assert visitor().post_form("/sign-in", "/sign-in", handle="ada", password=PASSWORD).location == "/home"


def test_an_invitation_is_made_passed_on_used_and_withdrawn(aboard: Callable, visitor: Callable) -> None:
    ada = aboard("ada")
    for days in ("0", "x", "²", "9" * 40):
        assert ada.post_form("/settings/invites", "/settings/invites", days=days, uses="1").status_code == 400
    ada.post_form("/settings/invites", "/settings/invites", days="7", uses="3")
    link = re.search(r'value="http://127\.0\.0\.1:8000(/sign-up\?invite=[^"]+)"', ada.get("/settings/invites").text)[1]
    code = link.partition("=")[2]
    assert f'value="{code}"' in visitor().get(link).text
    bo = visitor()
    assert bo.post_form(link, "/sign-up", handle="bo", password=PASSWORD, invite=code).location == "/home"
    assert "Used 1 of 3" in ada.get("/settings/invites").text
    assert bo.post_form("/settings/invites", "/settings/invites/withdraw", code=code).status_code == 404
    ada.post_form("/settings/invites", "/settings/invites/withdraw", code=code)
    assert "You have invited nobody" in ada.get("/settings/invites").text


def test_signing_in_never_takes_over_a_session_that_the_browser_came_with(
    app: Flask, aboard: Callable, visitor: Callable
) -> None:
    aboard("ada")
    eve = aboard("eve")
    planted = eve.client.get_cookie("flotilla_session").value
    victim = visitor()
    victim.client.set_cookie("flotilla_session", planted)
    token = victim.token("/home")
    answer = victim.client.post("/sign-in", data={"csrf_token": token, "handle": "ada", "password": PASSWORD})
    assert answer.status_code == 303
    assert victim.client.get_cookie("flotilla_session").value != planted
    assert 'data-me="eve"' in eve.get("/public").text


class TestLimits:
    """What is refused when it comes too often."""

    @pytest.fixture
    def app(self, settings: Settings) -> Iterator[Flask]:
        few = {"limit_sign_in": 2, "limit_sign_up": 2, "limit_letters": 1, "limit_posts": 1}
        made = create_app(dataclasses.replace(settings, limits=True, **few))
        yield made
        made.extensions["flotilla.site"].close()

    def test_a_password_that_is_guessed_is_refused_with_the_time_to_wait(self, visitor: Callable) -> None:
        ada = visitor()
        fields = {"handle": "ada", "password": "a wrong guess"}
        assert [ada.post_form("/sign-in", "/sign-in", **fields).status_code for _ in range(2)] == [400, 400]
        refused = ada.post_form("/sign-in", "/sign-in", **fields)
        assert refused.status_code == 429
        assert 890 <= int(refused.headers["Retry-After"]) <= 900
        assert "Easy on the oars" in refused.text
        assert ada.post_form("/sign-in", "/sign-in", **fields | {"handle": "bo"}).status_code == 400

    def test_accounts_and_letters_are_not_made_in_bulk(self, visitor: Callable, letters: Callable) -> None:
        made = [
            visitor().post_form("/sign-up", "/sign-up", handle=f"p{number}", password=PASSWORD).status_code
            for number in range(3)
        ]
        assert made == [303, 303, 429]
        fields = {"password": PASSWORD, "email": "flooded@example.org"}
        app = visitor().client.application
        app.extensions["flotilla.site"].limits._counts._entries.clear()
        flooded = [visitor().post_form("/sign-up", "/sign-up", handle=f"f{number}", **fields) for number in range(2)]
        assert [answer.status_code for answer in flooded] == [303, 429]
        assert len(letters.to("flooded@example.org")) == 1
        asked = [visitor().post_form("/forgot", "/forgot", email="a@example.org").status_code for _ in range(2)]
        assert asked == [200, 429]

    def test_a_post_too_many_comes_back_with_its_words(self, aboard: Callable) -> None:
        ada = aboard("ada")
        assert ada.post_form("/home", "/posts", text="One").status_code == 303
        refused = ada.post_form("/home", "/posts", text="Two of <b>them</b>")
        assert refused.status_code == 429
        assert "Two of &lt;b&gt;them&lt;/b&gt;</textarea>" in refused.text


def test_the_sign_up_page_shows_the_rules_and_keeps_blocked_networks_and_domains_out(
    app: Flask, visitor: Callable, owner: Callable
) -> None:
    owner.execute("INSERT INTO g.account (id, handle, bucket) VALUES (7, 'mo', 0)")
    owner.execute("INSERT INTO g.rule (position, text) VALUES (1, 'Be <kind>')")
    owner.execute("INSERT INTO g.mail_domain_block (domain, made_by) VALUES ('spam.example', 7)")
    app.extensions["flotilla.site"].house_rules._kept.forget()
    app.extensions["flotilla.site"].gatekeeping.forget()
    ada = visitor()
    assert "Be &lt;kind&gt;" in ada.get("/sign-up").text
    fields = {"handle": "ada", "password": PASSWORD}
    unread = ada.post_form("/sign-up", "/sign-up", **fields)
    assert (unread.status_code, 'id="rules-wrong"' in unread.text) == (400, True)
    spam = ada.post_form("/sign-up", "/sign-up", **fields, rules="yes", email="me@mail.spam.example")
    assert (spam.status_code, "nobody can sign up" in spam.text) == (403, True)
    owner.execute("INSERT INTO g.ip_block (network, severity, made_by) VALUES ('127.0.0.0/8', 'sign_up', 7)")
    app.extensions["flotilla.site"].gatekeeping.forget()
    assert ada.post_form("/sign-up", "/sign-up", **fields, rules="yes").status_code == 403
    owner.execute("DELETE FROM g.ip_block")
    app.extensions["flotilla.site"].gatekeeping.forget()
    assert ada.post_form("/sign-up", "/sign-up", **fields, rules="yes").location == "/home"
