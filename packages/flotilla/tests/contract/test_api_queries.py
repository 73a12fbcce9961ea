"""How many statements each answer of the API takes, however much is in it."""

from typing import Any

import pytest
from flask import Flask

from flotilla.api.endpoints import Endpoint
from flotilla.api.table import endpoints
from flotilla.social import Visibility

STATEMENTS_MAX = 6
# Three searches in one, of which that for posts may look twice.
ALLOWED = {"/api/v2/search": 7}


@pytest.fixture
def town(server: Any) -> dict[str, int]:
    """Ada follows people who write, reply, repost, like and write her; the ids of one thing of each kind."""
    posts, follows = server.site.posts, server.site.follows
    ada = server.person("ada")
    first = posts.publish(ada, "First #sea")
    crew = server.site.lists.create(ada, "Crew")
    made = {"ada": ada.account_id, "status": first, "list": crew.id}
    for number in range(6):
        other = server.person(f"sailor{number}")
        follows.follow(ada, other.handle)
        follows.follow(other, "ada")
        server.site.lists.add(ada, crew.id, [other.account_id])
        own = posts.publish(other, f"Out @ada #sea https://example.org/{number}")
        posts.publish(other, "Reply @sailor0", parent_id=first)
        posts.publish(other, "@ada psst", visibility=Visibility.DIRECT)
        posts.repost(other, first)
        posts.like(other, first)
        posts.like(ada, own)
        posts.bookmark(ada, own)
    posts.pin(ada, first)
    made["notification"] = server.site.notifications.events(ada, limit=1)[0].id
    made["token"] = server.token(ada, "read write follow profile")
    return made


def path_of(endpoint: Endpoint, town: dict[str, int]) -> str:
    kind = next((kind for kind in ("status", "list", "notification") if f"/{kind}" in endpoint.path), "ada")
    if endpoint.path.startswith("/api/v1/accounts"):
        kind = "ada"
    path = endpoint.path.replace("<id>", str(town[kind])).replace("<name>", "sea").replace("<hashtag>", "sea")
    query = {"/api/v2/search": "?q=out", "/api/v1/accounts/search": "?q=sailor", "/api/v1/accounts/lookup": "?acct=ada"}
    many = f"?id[]={town['ada']}&id[]={town['status']}"
    return path + query.get(path, many if path.endswith(("/relationships", "/statuses", "/accounts")) else "")


def test_no_answer_takes_more_than_six_statements(app: Flask, town: Any, statements: Any) -> None:
    client = app.test_client()
    headers = {"Authorization": f"Bearer {town['token']}"}
    client.get("/api/v1/instance")
    too_many = {}
    for endpoint in endpoints():
        if endpoint.method != "GET" or "/media/" in endpoint.path:
            continue
        path = path_of(endpoint, town)
        with statements() as sent:
            answer = client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.text)
        if len(sent) > ALLOWED.get(endpoint.path, STATEMENTS_MAX):
            too_many[path] = len(sent), sent
    assert not too_many, {path: count for path, (count, _) in too_many.items()}
