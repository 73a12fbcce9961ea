"""How often an app may ask, and what it is told about it."""

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from flotilla.app import create_app
from flotilla.settings import Settings

POST = {"status": "Ahoy"}


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    limited = dataclasses.replace(settings, limits=True, limit_api=5, limit_posts=2, limit_sign_up=1)
    made = create_app(limited)
    yield made
    made.extensions["flotilla.site"].close()


def test_an_app_is_told_what_is_left_and_then_to_wait(app: Flask, server: Any) -> None:
    client, path = app.test_client(), "/api/v1/timelines/home"
    ada, bob = ({"Authorization": f"Bearer {server.token(server.person(name))}"} for name in ("ada", "bob"))
    for left in (4, 3, 2, 1, 0):
        answer = client.get(path, headers=ada)
        assert answer.status_code == 200
        assert (answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]) == ("5", str(left))
    resets_in_s = (datetime.fromisoformat(answer.headers["X-RateLimit-Reset"]) - datetime.now(UTC)).total_seconds()
    assert 0 < resets_in_s <= 300

    refused = client.get(path, headers=ada)
    assert (refused.status_code, refused.json) == (429, {"error": "Too many requests"})
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert client.get(path, headers=bob).status_code == 200
    # What is refused for another reason was counted, and says so.
    missing = client.get("/api/v1/statuses/1", headers=bob)
    assert (missing.status_code, missing.headers["X-RateLimit-Remaining"]) == (404, "3")


def test_posting_and_signing_up_have_limits_of_their_own(app: Flask, server: Any) -> None:
    client = app.test_client()
    ada = {"Authorization": f"Bearer {server.token(server.person('ada'))}"}
    statuses = [client.post("/api/v1/statuses", json=POST, headers=ada).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]

    made = server.site.apps.register(name="Compass", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="write")
    token = server.site.grants.token_for_app(
        client_id=made.app.client_id, client_secret=made.client_secret, scopes="write"
    ).token
    given = {"username": "nell", "password": "a calm sea at dawn", "agreement": True}
    headers = {"Authorization": f"Bearer {token}"}
    first, second = (client.post("/api/v1/accounts", json=given, headers=headers).status_code for _ in range(2))
    assert (first, second) == (200, 429)
