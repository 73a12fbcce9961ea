"""Each endpoint asks for its token and its scope: every route of the app is walked."""

from typing import Any

import pytest
from flask import Flask

from flotilla.api.endpoints import Endpoint, Who
from flotilla.api.table import endpoints
from flotilla.social.scopes import SCOPES, allows

# What is for anyone and needs no scope: what the site is, and how to get a token.
OPEN = {
    "/oauth/token",
    "/oauth/revoke",
    "/.well-known/oauth-authorization-server",
    "/api/v1/apps",
    "/api/v1/apps/verify_credentials",
    "/api/v1/instance",
    "/api/v2/instance",
    "/api/v1/instance/rules",
    "/api/v1/instance/peers",
    "/api/v1/instance/activity",
    "/api/v1/instance/extended_description",
    "/api/v1/custom_emojis",
}
NOT_ENDPOINTS = {"/api/openapi.json", "/api/<path:rest>"}


def path_of(endpoint: Endpoint) -> str:
    return endpoint.path.replace("<id>", "1").replace("<name>", "sea").replace("<hashtag>", "sea")


@pytest.fixture
def token(app: Flask, server: Any) -> Any:
    person = server.person("ada")
    return lambda scopes: {"Authorization": f"Bearer {server.token(person, scopes)}"}


def test_every_route_of_the_api_is_declared_in_the_table(app: Flask) -> None:
    served = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.rule not in NOT_ENDPOINTS
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    }
    assert served == {(endpoint.method, endpoint.path) for endpoint in endpoints()}
    assert not [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("api.")
    ]


def test_what_needs_no_scope_is_listed_here(app: Flask) -> None:
    assert {endpoint.path for endpoint in endpoints() if not endpoint.scopes} == OPEN


def test_what_reads_asks_to_read_and_what_changes_asks_to_write() -> None:
    for endpoint in endpoints():
        for scope in endpoint.scopes:
            # Whoever may send pictures may ask whether they are ready.
            verb = "read" if endpoint.method == "GET" and "/media/" not in endpoint.path else "write"
            assert scope in SCOPES
            assert scope.startswith(f"{verb}:") or scope in {"profile", "follow"}, endpoint


def test_without_a_token_or_with_another_scope_nothing_is_done(app: Flask, token: Any) -> None:
    client = app.test_client()
    by_scope = {scope: token(scope) for scope in SCOPES if ":" in scope}
    for endpoint in endpoints():
        if not endpoint.scopes:
            continue
        call = {"path": path_of(endpoint), "method": endpoint.method}
        if endpoint.who is not Who.ANYONE:
            assert client.open(**call).status_code == 401, endpoint
        other = next(scope for scope in by_scope if not any(allows([scope], wanted) for wanted in endpoint.scopes))
        refused = client.open(**call, headers=by_scope[other])
        assert (refused.status_code, refused.json) == (403, {"error": "This action is outside the authorized scopes"})
        for scope in endpoint.scopes:
            allowed = client.open(**call, headers=by_scope.get(scope) or token(scope))
            assert allowed.status_code < 500, endpoint
            assert allowed.status_code != 401, endpoint
            assert "authorized scopes" not in allowed.text, endpoint


def test_what_is_for_anyone_needs_no_token(app: Flask) -> None:
    client = app.test_client()
    for endpoint in endpoints():
        if endpoint.who is Who.ANYONE and endpoint.method == "GET":
            assert client.get(path_of(endpoint)).status_code in {200, 404, 422}, endpoint
