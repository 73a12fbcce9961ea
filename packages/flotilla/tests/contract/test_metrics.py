"""What machines ask the site: whether it is ready, and its numbers."""

import dataclasses
import re

import pytest

from flotilla.app import create_app
from flotilla.social.background import Task
from flotilla.store.schema import SCHEMA_VERSION

TOKEN = "only for machines"


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, metrics_token=TOKEN, jobs=True)


@pytest.fixture
def app(own_app):
    return own_app


def numbers(client):
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    lines = re.findall(r"^([a-z_]+(?:\{[^}]*\})?) ([0-9.e+-]+)$", answer.text, re.MULTILINE)
    return {name: float(value) for name, value in lines}


def test_requests_are_counted_by_route_and_nobody_is_named(app, aboard):
    client = aboard("ada").client
    route = 'flotilla_requests_total{method="GET",route="/@<handle>",status="2xx"}'
    before = numbers(client).get(route, 0)
    for _ in range(3):
        client.get("/@ada")
    client.get("/@nobody")
    after = numbers(client)
    assert after[route] == before + 3
    assert after['flotilla_request_seconds_count{route="/@<handle>"}'] >= 4
    assert not [name for name in after if "ada" in name or "nobody" in name]


def test_work_to_be_done_is_told_by_queue(app, aboard):
    site = app.extensions["flotilla.site"]
    with site.database.write() as work:
        for _ in range(2):
            site.background.later(work, Task("x", queue="mail"))
        site.background.later(work, Task("x", queue="mail"), after_s=600)
    found = numbers(aboard("ada").client)
    assert found['flotilla_jobs{queue="mail",state="due"}'] == 2
    assert found['flotilla_jobs{queue="mail",state="planned"}'] == 1


def test_writes_stored_together_are_counted_by_kind(settings):
    app = create_app(dataclasses.replace(settings, batch_ms=5.0))
    try:
        site, client = app.extensions["flotilla.site"], app.test_client()
        ada = site.accounts.sign_up(handle="ada", password="correct horse").viewer
        post_id = site.posts.publish(ada, "hello")
        before = numbers(client)
        for _ in range(3):
            site.posts.like(ada, post_id)
        site.follows.follow(site.accounts.sign_up(handle="bob", password="correct horse").viewer, "ada")
        after = numbers(client)
        added = {name: after[name] - before.get(name, 0) for name in after if name.startswith("flotilla_batch_size")}
        assert added['flotilla_batch_size_sum{kind="likes"}'] == 3
        assert added['flotilla_batch_size_bucket{kind="likes",le="1.0"}'] == 3
        assert added['flotilla_batch_size_sum{kind="follows"}'] == 1
    finally:
        app.extensions["flotilla.site"].close()


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", TOKEN[:-1]])
def test_without_the_token_there_are_no_numbers(app, header):
    assert app.test_client().get("/metrics", headers={"Authorization": header}).status_code == 404


def test_without_a_token_in_the_settings_nobody_gets_numbers(settings):
    app = create_app(dataclasses.replace(settings, metrics_token=""))
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_site_is_ready_when_the_tables_are_those_of_this_version_or_newer(app, owner):
    client = app.test_client()
    assert client.get("/ready").status_code == 200
    try:
        owner.execute("UPDATE g.schema_version SET version_num = '0001'")
        answer = client.get("/ready")
        assert (answer.status_code, "flotilla migrate" in answer.json["reason"]) == (503, True)
        assert client.get("/live").status_code == 200
        # Else the first step of an update would take all instances away from their balancer at once.
        owner.execute("UPDATE g.schema_version SET version_num = '9999'")
        assert client.get("/ready").status_code == 200
    finally:
        owner.execute("UPDATE g.schema_version SET version_num = %s", [SCHEMA_VERSION])
