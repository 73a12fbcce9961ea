"""Tokens: how an app gets one, what it may do with it, and how that ends. Apps are real clients."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from mastodon import Mastodon

from flotilla.social.cleanup import clean_up

REDIRECT = "https://app.example/back?from=flotilla"
OOB = "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B


@pytest.fixture
def register(app: Flask) -> Callable[..., dict[str, Any]]:
    """register(): what an app is told when it registers."""

    def post(**fields: Any) -> dict[str, Any]:
        wanted = {"client_name": "Compass", "redirect_uris": [REDIRECT, OOB], "scopes": "read write follow"} | fields
        answer = app.test_client().post("/api/v1/apps", json=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json

    return post


@pytest.fixture
def consent(app: Flask) -> Callable[..., str]:
    """consent(person, app): the person lets the app in; the code it gets."""

    def let_in(person: Any, told: dict[str, Any], **fields: str) -> str:
        asked = {"client_id": told["client_id"], "redirect_uri": REDIRECT, "response_type": "code", "scope": "read"}
        page = f"/oauth/authorize?{urlencode(asked | fields)}"
        answer = person.post_form(page, "/oauth/authorize", answer="allow", **(asked | fields))
        assert answer.status_code == 303, answer.text
        return parse_qs(urlsplit(answer.location).query)["code"][0]

    return let_in


def exchanged(app: Flask, told: dict[str, Any], code: str, **fields: str) -> Any:
    given = {
        "grant_type": "authorization_code",
        "client_id": told["client_id"],
        "client_secret": told["client_secret"],
        "redirect_uri": REDIRECT,
        "code": code,
    }
    return app.test_client().post("/oauth/token", data=given | fields)


def works(app: Flask, token: str) -> int:
    path, headers = "/api/v1/accounts/verify_credentials", {"Authorization": f"Bearer {token}"}
    return app.test_client().get(path, headers=headers).status_code


def test_mastodon_py_signs_a_person_in_through_the_page(server: Any) -> None:
    person = server.person("ada")
    client_id, secret = Mastodon.create_app("Compass", api_base_url=server.url, redirect_uris=[OOB])
    client = Mastodon(client_id=client_id, client_secret=secret, api_base_url=server.url)
    browser = requests.Session()
    form = browser.get(f"{server.url}/sign-in", timeout=10).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    signed_in = {"csrf_token": token, "handle": "ada", "password": "a calm sea at dawn"}
    browser.post(f"{server.url}/sign-in", data=signed_in, timeout=10).raise_for_status()

    page = browser.get(client.auth_request_url(state="weather", allow_http=True), timeout=10).text
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.partition("<main")[2]))
    shown = browser.post(f"{server.url}/oauth/authorize", data=fields | {"answer": "allow"}, timeout=10).text
    client.log_in(code=re.search(r'<code id="code">([^<]+)<', shown)[1], allow_http=True)

    assert client.me().id == str(person.account_id)
    assert client.app_verify_credentials().name == "Compass"
    client.revoke_access_token(allow_http=True)
    assert server.site.apps.granted(person) == ()


def test_a_code_works_once_and_showing_it_again_ends_its_token(
    app: Flask, aboard: Callable, register: Callable, consent: Callable
) -> None:
    told = register()
    code = consent(aboard("ada"), told)

    first = exchanged(app, told, code)
    assert (first.status_code, first.json["scope"], first.json["token_type"]) == (200, "read", "Bearer")
    assert works(app, first.json["access_token"]) == 200

    again = exchanged(app, told, code)
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")
    assert works(app, first.json["access_token"]) == 401


def test_of_many_who_show_a_code_at_once_none_keeps_a_token(
    app: Flask, aboard: Callable, register: Callable, consent: Callable
) -> None:
    told = register()
    code = consent(aboard("ada"), told)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: exchanged(app, told, code), range(4)))
    (issued,) = [answer.json["access_token"] for answer in answers if answer.status_code == 200]
    assert works(app, issued) == 401


def test_apps_that_nobody_let_in_are_forgotten_after_a_month(
    app: Flask, aboard: Callable, register: Callable, consent: Callable, owner: Any
) -> None:
    used, unused, young = register(), register(client_name="Idle"), register(client_name="Young")
    exchanged(app, used, consent(aboard("ada"), used))
    owner.execute(
        "UPDATE g.app SET created_at = now() - interval '31 days' WHERE client_id <> %s", [young["client_id"]]
    )
    clean_up(app.extensions["flotilla.site"].database)
    kept = {row[0] for row in owner.execute("SELECT client_id FROM g.app").fetchall()}
    assert kept == {used["client_id"], young["client_id"]}
    assert unused["client_id"] not in kept


def test_a_code_is_for_its_own_app_and_address_only(
    app: Flask, aboard: Callable, register: Callable, consent: Callable
) -> None:
    told, other, ada = register(), register(client_name="Thief"), aboard("ada")
    code = consent(ada, told)

    assert exchanged(app, other, code).json["error"] == "invalid_grant"
    assert exchanged(app, told, code, redirect_uri=OOB).json["error"] == "invalid_grant"
    assert exchanged(app, told, code, client_secret="guessed").status_code == 401
    assert exchanged(app, told, code + "x").json["error"] == "invalid_grant"
    assert exchanged(app, told, code).status_code == 200


def test_a_code_with_a_challenge_wants_its_verifier(
    app: Flask, aboard: Callable, register: Callable, consent: Callable
) -> None:
    told, ada = register(), aboard("ada")
    made = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    assert made == CHALLENGE

    def code() -> str:
        return consent(ada, told, code_challenge=CHALLENGE, code_challenge_method="S256")

    assert exchanged(app, told, code()).json["error"] == "invalid_grant"
    assert exchanged(app, told, code(), code_verifier=VERIFIER + "x").json["error"] == "invalid_grant"
    assert exchanged(app, told, code(), code_verifier=CHALLENGE).json["error"] == "invalid_grant"
    assert exchanged(app, told, code(), code_verifier=VERIFIER).status_code == 200
    # A code without a challenge and an app with a verifier: somebody took the challenge away in between.
    assert exchanged(app, told, consent(ada, told), code_verifier=VERIFIER).json["error"] == "invalid_grant"


def test_a_code_expires_after_ten_minutes(
    app: Flask, aboard: Callable, register: Callable, consent: Callable, owner: Any
) -> None:
    told = register()
    code = consent(aboard("ada"), told)
    owner.execute("UPDATE s0000.authorization_code SET expires_at = expires_at - interval '10 minutes'")
    assert exchanged(app, told, code).json["error"] == "invalid_grant"


def test_the_page_sends_nobody_to_an_address_that_was_not_registered(aboard: Callable, register: Callable) -> None:
    told, ada = register(), aboard("ada")
    for address in ("https://app.example/back", REDIRECT + "/..", "https://evil.example/", "", REDIRECT.upper()):
        asked = {"client_id": told["client_id"], "redirect_uri": address, "response_type": "code", "scope": "write:x"}
        answer = ada.get(f"/oauth/authorize?{urlencode(asked)}")
        assert (answer.status_code, answer.location) == (400, None), address
    assert ada.get(f"/oauth/authorize?client_id=nobody&redirect_uri={REDIRECT}").status_code == 400


def test_what_an_app_may_not_ask_for_is_told_on_the_page_and_leads_nowhere(
    aboard: Callable, register: Callable
) -> None:
    # Anybody may register an app with any address, so an address of ours must not lead there by itself.
    told, ada = register(scopes="read:statuses"), aboard("ada")
    asked = {"client_id": told["client_id"], "redirect_uri": REDIRECT, "response_type": "code", "state": "s"}
    for wrong in (
        {"scope": "read"},
        {"scope": "read:statuses everything"},
        {"response_type": "token", "scope": "read:statuses"},
        {"scope": "read:statuses", "code_challenge": "x", "code_challenge_method": "plain"},
        {"scope": "read:statuses", "code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"scope": "read:statuses", "code_challenge": "\0" * 43, "code_challenge_method": "S256"},
    ):
        answer = ada.get(f"/oauth/authorize?{urlencode(asked | wrong)}")
        assert (answer.status_code, answer.location) == (400, None), wrong
    assert ada.get(f"/oauth/authorize?{urlencode(asked | {'scope': 'read:statuses'})}").status_code == 200


def test_the_consent_form_has_a_token_of_its_own_and_a_no(app: Flask, aboard: Callable, register: Callable) -> None:
    told, ada = register(), aboard("ada")
    asked = {"client_id": told["client_id"], "redirect_uri": REDIRECT, "response_type": "code", "scope": "read"}
    page = f"/oauth/authorize?{urlencode(asked)}"

    assert ada.client.post("/oauth/authorize", data=asked | {"answer": "allow"}).status_code == 403
    no = ada.post_form(page, "/oauth/authorize", answer="deny", **asked)
    assert parse_qs(urlsplit(no.location).query)["error"] == ["access_denied"]
    policy = ada.get(page).headers["Content-Security-Policy"]
    assert "form-action 'self' https://app.example;" in policy
    visitor = app.test_client().get(page)
    assert (visitor.status_code, visitor.location.partition("?")[0]) == (303, "/sign-in")


def test_a_person_withdraws_what_an_app_may_do(
    app: Flask, aboard: Callable, register: Callable, consent: Callable
) -> None:
    told, ada, bob = register(), aboard("ada"), aboard("bob")
    hers = exchanged(app, told, consent(ada, told)).json["access_token"]
    his = exchanged(app, told, consent(bob, told)).json["access_token"]

    page = ada.get("/settings/apps").text
    assert "Compass" in page
    path = re.search(r'action="(/settings/apps/\d+/withdraw)"', page)[1]
    assert ada.post_form("/settings/apps", path).status_code == 303

    assert (works(app, hers), works(app, his)) == (401, 200)
    assert "Compass" not in ada.get("/settings/apps").text


def test_a_new_password_shuts_every_app_out(
    app: Flask, aboard: Callable, register: Callable, consent: Callable
) -> None:
    told, ada = register(), aboard("ada")
    token = exchanged(app, told, consent(ada, told)).json["access_token"]
    code, site = consent(ada, told), app.extensions["flotilla.site"]
    site.resets.change(site.grants.bearer(token).viewer, old="a calm sea at dawn", new="another sea at dusk")
    assert works(app, token) == 401
    assert exchanged(app, told, code).json["error"] == "invalid_grant"


def test_a_token_of_somebody_suspended_stands_for_nobody(
    app: Flask, aboard: Callable, register: Callable, consent: Callable, owner: Any
) -> None:
    told = register()
    token = exchanged(app, told, consent(aboard("ada"), told)).json["access_token"]
    grants = app.extensions["flotilla.site"].grants
    assert grants.bearer(token).viewer.handle == "ada"
    owner.execute("UPDATE g.account SET state = 'suspended'")
    assert (grants.bearer(token), grants.presented(token).state) == (None, "suspended")


def test_only_its_own_app_revokes_a_token(app: Flask, aboard: Callable, register: Callable, consent: Callable) -> None:
    told, other = register(), register()
    token = exchanged(app, told, consent(aboard("ada"), told)).json["access_token"]
    client = app.test_client()

    def revoke(by: dict[str, Any], **fields: str) -> int:
        given = {"client_id": by["client_id"], "client_secret": by["client_secret"], "token": token} | fields
        return client.post("/oauth/revoke", data=given).status_code

    assert revoke(other) == 403
    assert revoke(told, client_secret="guessed") == 401
    assert revoke(told, token="") == 403
    assert works(app, token) == 200
    assert (revoke(told), revoke(told)) == (200, 200)
    assert works(app, token) == 401


def test_an_app_reads_for_itself_but_is_nobody(app: Flask, register: Callable) -> None:
    told = register(scopes="read")
    given = {"grant_type": "client_credentials", "scope": "read"}
    client = app.test_client()
    answer = client.post("/oauth/token", json=given, auth=(told["client_id"], told["client_secret"]))
    token = {"Authorization": f"Bearer {answer.json['access_token']}"}

    assert client.get("/api/v1/timelines/public", headers=token).status_code == 200
    assert client.get("/api/v1/apps/verify_credentials", headers=token).json["name"] == "Compass"
    assert client.get("/api/v1/timelines/home", headers=token).status_code == 422
    more = given | {"scope": "read write", "client_id": told["client_id"], "client_secret": told["client_secret"]}
    assert client.post("/oauth/token", data=more).json["error"] == "invalid_scope"


def test_passwords_are_taken_only_where_a_setting_says_so(app: Flask, aboard: Callable, register: Callable) -> None:
    told = register()
    aboard("ada")
    given = {"grant_type": "password", "username": "ada", "password": "a calm sea at dawn", "scope": "read"}
    answer = exchanged(app, told, "", **given)
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")
    assert (
        "password" not in app.test_client().get("/.well-known/oauth-authorization-server").json["grant_types_supported"]
    )


def test_neither_secrets_nor_tokens_nor_codes_are_stored(
    app: Flask, aboard: Callable, register: Callable, consent: Callable, owner: Any
) -> None:
    told = register()
    ada = aboard("ada")
    token = exchanged(app, told, consent(ada, told)).json["access_token"]
    code = consent(ada, told)
    kept = "".join(
        str(row)
        for table in ("g.app", "g.app_token", "s0000.access_token", "s0000.authorization_code")
        for row in owner.execute(f"SELECT t::text FROM {table} t").fetchall()
    )
    for secret in (told["client_secret"], token, token.partition(".")[2], code, code.partition(".")[2]):
        assert secret not in kept


def test_an_app_with_a_bad_address_or_scope_is_not_registered(app: Flask) -> None:
    for wrong, said in (
        ({"redirect_uris": "javascript:alert(1)"}, "Redirect URI"),
        ({"redirect_uris": "/back"}, "Redirect URI"),
        ({"redirect_uris": "https://app.example/#x"}, "Redirect URI"),
        ({"redirect_uris": "https://a@app.example/"}, "Redirect URI"),
        ({"redirect_uris": "https://app.example;sandbox/"}, "Redirect URI"),
        ({"redirect_uris": []}, "Redirect URI"),
        ({"scopes": "read everything"}, "Scopes"),
        ({"client_name": " "}, "Name"),
        ({"website": "javascript:alert(1)"}, "Website"),
    ):
        given = {"client_name": "Compass", "redirect_uris": OOB, "scopes": "read"} | wrong
        answer = app.test_client().post("/api/v1/apps", json=given)
        assert answer.status_code == 422, wrong
        assert answer.json["error"].startswith(f"Validation failed: {said}")
