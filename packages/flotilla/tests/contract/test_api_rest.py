"""Pictures, reports, announcements, and what the site says about itself, through Mastodon.py on a running server."""

import io
from typing import Any

import pytest
import requests
from flask import Flask
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonNotFoundError
from PIL import Image


def picture(width: int = 60, height: int = 40) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 40)).save(stream, "PNG")
    return stream.getvalue()


def test_a_picture_is_sent_worked_on_described_and_posted(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    sent = ada.media_post(io.BytesIO(picture()), "image/png", description="A sail", focus=(0.5, -0.5))
    assert (sent.url, sent.description, sent.type) == (None, "A sail", "image")
    with pytest.raises(MastodonAPIError):
        ada.status_post("Too soon", media_ids=sent)
    server.site.media.process(int(sent.id))

    ready = ada.media(sent)
    assert ready.url.startswith(f"{server.url}/media/")
    assert (ready.meta.original.width, ready.meta.original.height) == (60, 40)
    assert (ready.meta.focus.x, ready.meta.focus.y) == (0.5, -0.5)
    assert ada.media_update(sent, description="An orange sail").description == "An orange sail"
    for deed in (lambda: bob.media(sent), lambda: bob.media_update(sent, description="Mine")):
        with pytest.raises(MastodonNotFoundError):
            deed()
    with pytest.raises(MastodonAPIError):
        bob.status_post("Mine", media_ids=sent)

    post = ada.status_post("", media_ids=sent, sensitive=True)
    (shown,) = bob.status(post).media_attachments
    assert (shown.id, shown.description, post.sensitive, post.content) == (sent.id, "An orange sail", True, "")
    attributes = [ada.generate_media_edit_attributes(sent.id, description="Orange")]
    changed = ada.status_update(post, "Now with words", media_attributes=attributes)
    assert ([one.description for one in changed.media_attachments], changed.content) == (
        ["Orange"],
        "<p>Now with words</p>",
    )
    with pytest.raises(MastodonAPIError):
        ada.status_update(post, "Another", media_ids=[int(sent.id) + 1])
    assert requests.get(shown.url, timeout=10).headers["Content-Type"].startswith("image/")
    assert [one.id for one in bob.timeline_public(only_media=True)] == [post.id]
    assert [one.id for one in bob.account_statuses(ada.me(), only_media=True)] == [post.id]


def test_a_picture_sent_the_old_way_is_ready_at_once(server: Any) -> None:
    headers = {"Authorization": f"Bearer {server.token(server.person('ada'))}"}
    address = f"{server.url}/api/v1/media"
    answer = requests.post(
        address, headers=headers, files={"file": ("a.png", picture())}, data={"focus": "0.25,1"}, timeout=30
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["meta"]["focus"], bool(answer.json()["url"])) == ({"x": 0.25, "y": 1.0}, True)
    for wrong in (
        {"files": {"file": ("a.png", b"no picture")}},
        {"data": {"description": "no file"}},
        {"files": {"file": ("a.png", picture())}, "data": {"focus": "left"}},
        {"files": {"file": ("a.png", picture())}, "data": {"description": "x" * 1501}},
    ):
        assert requests.post(address, headers=headers, timeout=30, **wrong).status_code == 422


def test_nothing_of_a_strangers_upload_is_read(server: Any) -> None:
    for headers, status in (({}, 401), ({"Authorization": "Bearer 1." + "x" * 43}, 401)):
        answer = requests.post(
            f"{server.url}/api/v2/media", headers=headers, files={"file": ("a.png", b"x" * 3_000_000)}, timeout=30
        )
        assert answer.status_code in {status, 413}


def test_a_report_reaches_the_moderators(server: Any, owner: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    post = bob.status_post("Buy my boat")
    made = ada.report(bob.me(), status_ids=[post], comment="Spam", category="spam")
    assert (made.target_account.acct, made.category, made.status_ids) == ("bob", "spam", [post.id])
    assert owner.execute("SELECT comment FROM g.report").fetchall() == [("Spam",)]
    with pytest.raises(MastodonAPIError):
        ada.report(ada.me(), comment="Me")


def test_announcements_are_told_and_put_away(app: Flask, server: Any, owner: Any) -> None:
    boss = server.person("boss")
    owner.execute("UPDATE g.account SET role = 'admin' WHERE handle = 'boss'")
    site, client = app.extensions["flotilla.site"], app.test_client()
    token = server.token(boss)
    headers = {"Authorization": f"Bearer {token}"}
    site.announcements.announce(site.grants.bearer(token).viewer, "Storm <b> tonight")

    (told,) = client.get("/api/v1/announcements", headers=headers).json
    assert told["content"] == "<p>Storm &lt;b&gt; tonight</p>"
    assert client.post(f"/api/v1/announcements/{told['id']}/dismiss", headers=headers).json == {}
    assert client.get("/api/v1/announcements", headers=headers).json == []
    me = client.get("/api/v1/accounts/verify_credentials", headers=headers).json
    assert (me["role"]["name"], me["role"]["permissions"]) == ("Admin", "1")


def test_what_is_not_offered_is_empty_instead_of_missing(server: Any) -> None:
    ada = server.aboard("ada")
    for ask in (
        ada.filters,
        ada.filters_v2,
        ada.endorsements,
        ada.featured_tags,
        ada.scheduled_statuses,
        ada.domain_blocks,
        ada.trending_tags,
        ada.trending_statuses,
        ada.trending_links,
        ada.instance_rules,
    ):
        assert ask() == []
    assert ada.preferences()["posting:default:visibility"] == "public"


def test_apps_suggest_whom_the_pages_suggest(server: Any) -> None:
    ada, bob, cy, dan = (server.aboard(handle) for handle in ("ada", "bob", "cy", "dan"))
    assert ada.suggestions_v1() == ada.suggestions_v2() == []
    for writing in (bob, cy, dan):
        writing.status_post("Ahoy")
    ada.account_follow(bob.me().id)
    cy.account_follow(dan.me().id)
    bob.account_follow(dan.me().id)
    assert [one.acct for one in ada.suggestions_v1()] == ["dan", "cy"]
    assert [(one.source, one.account.acct) for one in ada.suggestions_v2()] == [
        ("global", "dan"),
        ("global", "cy"),
    ]
    ada.account_mute(dan.me().id)
    assert [one.acct for one in ada.suggestions_v1()] == ["cy"]


def test_the_site_tells_its_limits_to_anyone(server: Any) -> None:
    site = Mastodon(api_base_url=server.url).instance_v2()
    assert site.configuration.statuses.max_media_attachments == 4
    assert site.configuration.media_attachments.image_size_limit == server.site.settings.media_upload_max_mib << 20
    assert (site.title, site.registrations.enabled) == ("Flotilla", True)


def test_people_hashtags_and_posts_are_found(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob_the_sailor")
    post, quiet = bob.status_post("Regatta on Sunday #sailing"), bob.status_post("Regatta, psst", visibility="private")

    assert [one.acct for one in ada.search_v2("bob_the", result_type="accounts").accounts] == ["bob_the_sailor"]
    domain = server.url.removeprefix("http://")
    for typed in ("@bob_the_sailor", f"bob_the_sailor@{domain}", f"@bob_the_sailor@{domain}", bob.me().url):
        assert [one.acct for one in ada.search_v2(typed).accounts] == ["bob_the_sailor"], typed
    assert ada.search_v2("bob_the_sailor@elsewhere.example").accounts == []
    assert [one.acct for one in ada.account_search("bob")] == ["bob_the_sailor"]
    assert ada.account_search("bob", following=True) == []
    assert [tag.name for tag in ada.search_v2("#sail").hashtags] == ["sailing"]
    assert [one.id for one in ada.search_v2("regatta").statuses] == [post.id]
    found = ada.search_v2(post.url, resolve=True, result_type="statuses")
    assert ([one.id for one in found.statuses], found.accounts) == ([post.id], [])
    assert ada.search_v2(quiet.url).statuses == []
    assert ada.search_v2(" ").accounts == []
