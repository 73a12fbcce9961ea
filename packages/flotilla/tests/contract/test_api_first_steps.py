"""What every app does first, through Mastodon.py, and what the API answers to what it does not understand."""

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from flask import Flask
from mastodon import Mastodon
from mastodon.errors import MastodonNotFoundError

from flotilla.api.endpoints import Nothing
from flotilla.api.table import endpoints


def test_an_app_learns_what_the_site_is(server: Any) -> None:
    client = Mastodon(api_base_url=server.url)
    old, new = client.instance_v1(), client.instance_v2()
    assert old.version.startswith("4.2.0 (compatible; Flotilla ")
    assert old.configuration.statuses.max_characters == 500
    assert new.domain == server.url.removeprefix("http://") == old.uri
    assert client.custom_emojis() == []
    assert client.instance_peers() == []


def test_a_post_goes_out_is_read_liked_and_deleted(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    posted = ada.status_post("Ahoy <b> @bob #Sailing\nhttps://example.org/?a=1&b=2")

    read = bob.status(posted.id)
    mention = f'<span class="h-card"><a href="{server.url}/@bob" class="u-url mention">@<span>bob</span></a></span>'
    tag = f'<a href="{server.url}/tags/sailing" class="mention hashtag" rel="tag">#<span>Sailing</span></a>'
    address = "https://example.org/?a=1&amp;b=2"
    link = f'<a href="{address}" rel="nofollow noopener noreferrer" target="_blank">{address}</a>'
    assert read.content == f"<p>Ahoy &lt;b&gt; {mention} {tag}<br />{link}</p>"
    assert (read.account.acct, read.visibility, read.url) == ("ada", "public", f"{server.url}/@ada/{posted.id}")
    assert [tag.name for tag in read.tags] == ["sailing"]
    assert bob.status_favourite(read).favourited is True
    assert ada.status(posted).favourites_count == 1
    assert bob.status_unfavourite(read).favourites_count == 0
    with pytest.raises(MastodonNotFoundError):
        bob.status_delete(read)
    assert ada.status_delete(posted).text == "Ahoy <b> @bob #Sailing\nhttps://example.org/?a=1&b=2"
    with pytest.raises(MastodonNotFoundError):
        ada.status(posted)


def test_each_timeline_leads_from_page_to_page(server: Any) -> None:
    ada = server.aboard("ada")
    ids = [ada.status_post(f"#sailing {number}").id for number in range(25)][::-1]
    for first in (
        ada.timeline_home(limit=10),
        ada.timeline_public(limit=10),
        ada.timeline_hashtag("sailing", limit=10),
    ):
        assert [post.id for post in ada.fetch_remaining(first)] == ids


def test_what_is_not_there_is_told_in_json_to_anyone(app: Flask) -> None:
    client = app.test_client()
    for method, path in (
        ("GET", "/api/v1/nothing"),
        ("POST", "/api/v9/nothing"),
        ("DELETE", "/api/v1/timelines/public"),
        ("GET", "/api/v1/statuses/none"),
        ("GET", f"/api/v1/statuses/{2**63}"),
        ("GET", f"/api/v1/statuses/{'9' * 5000}"),
        ("GET", "/api/v1/accounts/1"),
    ):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.json) == (404, {"error": "Record not found"}), path
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_slash_at_the_end_changes_nothing(app: Flask) -> None:
    client = app.test_client()
    for path in ("/api/v1/instance", "/api/v2/instance", "/api/v1/timelines/public"):
        assert client.get(path + "/").status_code == 200
        assert client.get(path + "/").json == client.get(path).json


def test_a_token_that_is_none_is_refused_even_where_none_is_needed(app: Flask) -> None:
    client = app.test_client()
    for token in ("", "x", "0." + "x" * 43, "1." + "x" * 43, "f" * 17 + "." + "x" * 43):
        answer = client.get("/api/v1/timelines/public", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json) == (401, {"error": "The access token is invalid"})


def test_pages_of_other_sites_may_ask_but_cookies_count_for_nothing(app: Flask, aboard: Any) -> None:
    ada = aboard("ada")
    assert ada.client.get("/api/v1/accounts/verify_credentials").status_code == 401
    assert ada.client.post("/api/v1/statuses", json={"status": "Mutiny"}).status_code == 401
    asked = ada.client.options("/api/v1/statuses", headers={"Origin": "https://evil.example"})
    assert asked.status_code == 204
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in asked.headers
    page = ada.client.get("/home")
    assert "Access-Control-Allow-Origin" not in page.headers


def test_a_body_that_cannot_be_read_is_the_callers_fault(app: Flask, server: Any) -> None:
    token = {"Authorization": f"Bearer {server.token(server.person('ada'))}"}
    client = app.test_client()
    for body in (b"{", b"[1]", b"\xff", b"[" * 60_000, b'"x"'):
        answer = client.post("/api/v1/statuses", data=body, headers=token, content_type="application/json")
        assert (answer.status_code, list(answer.json)) == (400, ["error"]), body[:10]
    answer = client.post("/api/v1/statuses", json={"status": {"a": 1}}, headers=token)
    assert (answer.status_code, answer.json["error"]) == (422, "Validation failed: Status is invalid")


def kinds_of(schema: Any) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.inspect.type_info(schema).fields}


def test_no_text_breaks_an_endpoint_whatever_characters_it_has(app: Flask, server: Any) -> None:
    token = {"Authorization": f"Bearer {server.token(server.person('ada'), 'read write follow push profile')}"}
    client, odd = app.test_client(), "\x00\ud7ff\uffff\U0010ffff'\"%s{}"
    for endpoint in endpoints():
        if endpoint.takes is Nothing:
            continue
        fields = kinds_of(endpoint.takes)
        texts = {
            name: odd
            for name, kind in fields.items()
            if isinstance(kind, msgspec.inspect.StrType) and f"<{name}>" not in endpoint.path
        }
        path = endpoint.path.replace("<id>", "1").replace("<name>", quote(odd)).replace("<hashtag>", quote(odd))
        how = {"query_string": texts} if endpoint.method in {"GET", "DELETE"} else {"json": texts}
        answer = client.open(path, method=endpoint.method, headers=token, **how)
        assert answer.status_code < 500, endpoint
        how = {"query_string": texts} if endpoint.method in {"GET", "DELETE"} else {"data": texts}
        assert client.open(path, method=endpoint.method, headers=token, **how).status_code < 500, endpoint


def test_a_hashtag_in_any_script_has_pages(server: Any) -> None:
    ada = server.aboard("ada")
    ids = [ada.status_post(f"#море {number}").id for number in range(3)][::-1]
    first = ada.timeline_hashtag("море", limit=1)
    assert [post.id for post in ada.fetch_remaining(first)] == ids
