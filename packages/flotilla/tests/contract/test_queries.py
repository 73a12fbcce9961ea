"""How many statements each address of the site sends to the database: a page never more than six, whatever it shows.

Every address that can be read is asked for; one with a new name in it has to say here what stands for the name.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from flotilla.settings import Settings
from flotilla.social import Site, Viewer, Visibility
from flotilla.store.ids import bucket_of, make_id

MOST = 6
# An answer of the API holds whole accounts where a page has names: one statement for all of them.
MOST_API = 7
PASSWORD = "a calm sea at dawn"
WORDS = {
    "tag": "tea",
    "hashtag": "tea",
    "handle": "bo",
    "token": "0",
    "digest": "0",
    "folder": "00",
    "name": "tea",
    "rest": "v9",
}
# What `id` means in an address, by the part before it; a name below may be missing where a test has no such thing.
IDS = {
    "statuses": "post_id", "accounts": "account_id", "lists": "list_id", "notifications": "notification_id",
    "media": "media_id", "conversations": "conversation_id", "follow_requests": "account_id",
    "list": "list_id",
}  # fmt: skip
ASKED = {"/search": "?q=tea", "/api/v2/search": "?q=tea", "/api/v1/accounts/lookup": "?acct=bo",
         "/api/v1/accounts/search": "?q=bo", "/report": "?post={post_id}", "/api/v1/statuses": "?id[]={post_id}",
         "/api/v1/accounts/relationships": "?id[]={account_id}", "/oauth/authorize": "?client_id=x"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lively:
    """A site on which everything that can be on a page is, and an admin signed in to it."""

    app: Flask
    client: FlaskClient
    known: dict[str, int]


def fill(site: Site, people: list[Viewer], owner: psycopg.Connection) -> dict[str, int]:
    """Posts with everything a post may have, by several people who follow each other; the ids of one of each kind."""
    me, bo = people[0], people[1]
    for person in people:
        for other in people:
            if other != person:
                site.follows.follow(person, other.handle)
    for number in range(3):
        for person, other in zip(people, people[1:] + people[:1], strict=True):
            post_id = site.posts.publish(person, f"#tea {number} with @{other.handle} and @ada", warning="tea")
            site.posts.publish(other, f"a reply to that, @{person.handle}", parent_id=post_id)
            site.posts.repost(other, post_id)
            for marker in people:
                site.posts.like(marker, post_id)
                site.posts.bookmark(marker, post_id)
            media_id = make_id(since_epoch_ms=5, bucket=bucket_of(person.account_id), sequence=len(people) * number)
            owner.execute(
                "INSERT INTO s0000.media (id, account_id, post_id, state, file, width, height)"
                " VALUES (%s, %s, %s, 'ready', %s, 4, 3) ON CONFLICT DO NOTHING",
                [media_id, person.account_id, post_id, f"picture{post_id}.webp"],
            )
            owner.execute("UPDATE s0000.posts SET media_count = 1 WHERE id = %s", [post_id])
    for other in people[1:]:
        conversation_id = site.conversations.start(other, f"ada {people[-1].handle}", "hello #tea")
    site.posts.publish(bo, "for followers", visibility=Visibility.FOLLOWERS)
    own = site.posts.publish(me, "my own #tea")
    site.posts.edit(me, own, "my own, edited #tea")
    site.posts.pin(me, own)
    listed = site.lists.create(me, "friends")
    site.tags.follow(me, "tea")
    return {
        "post_id": own, "account_id": bo.account_id, "list_id": listed.id, "conversation_id": conversation_id,
        "media_id": media_id, "notification_id": 1, "report_id": 1,
    }  # fmt: skip


@pytest.fixture(scope="module")
def lively(shared_settings: Settings, made_app: Flask) -> Iterator[Lively]:
    """One site for all of this module, which only reads."""
    with psycopg.connect(shared_settings.owner_url, autocommit=True) as owner:
        tables = owner.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('g', 's0000')"
            " AND tablename NOT IN ('shard_map', 'schema_version')"
        ).fetchall()
        for (table,) in tables:
            owner.execute(f"DELETE FROM {table}")
        app = made_app
        site: Site = app.extensions["flotilla.site"]
        people = [
            site.accounts.sign_up(handle=handle, password=PASSWORD).viewer for handle in ("ada", "bo", "cy", "di")
        ]
        known = fill(site, people, owner)
        owner.execute("UPDATE g.account SET role = 'admin' WHERE handle = 'ada'")
        client = app.test_client()
        page = client.get("/sign-in").text
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        answer = client.post("/sign-in", data={"csrf_token": token, "handle": "ada", "password": PASSWORD})
        assert answer.status_code == 303
        yield Lively(app, client, known)


def addresses(lively: Lively, *, api: bool) -> Iterator[str]:
    """An address of every route that can be read."""
    for rule in lively.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/api/", "/oauth/")) is not api:
            continue
        values: dict[str, str | int] = {}
        for name in rule.arguments:
            part = rule.rule.partition(f"<{name}>")[0].rstrip("/").rpartition("/")[2]
            known = lively.known.get(IDS[part] if name == "id" else name, WORDS.get(name))
            assert known is not None, f"what stands for <{name}> in {rule.rule}? Say it in {__name__}"
            values[name] = known
        with lively.app.test_request_context():
            built = rule.build(values)
        assert built is not None, rule.rule
        yield built[1] + ASKED.get(rule.rule, "").format(**lively.known)


def too_many(lively: Lively, statements, *, api: bool, headers: dict[str, str]) -> dict[str, list[str]]:
    found = {}
    for address in addresses(lively, api=api):
        # Once before, so that what a process keeps for a while is there.
        lively.client.get(address, headers=headers)
        with statements() as sent:
            answer = lively.client.get(address, headers=headers)
        assert answer.status_code < 500, (address, answer.text)
        if len(sent) > (MOST_API if api else MOST):
            found[address] = [" ".join(statement.split())[:150] for statement in sent]
    return found


def test_no_page_sends_more_than_six_statements(lively: Lively, statements) -> None:
    assert too_many(lively, statements, api=False, headers={}) == {}


def test_no_answer_of_the_api_takes_more_than_seven_statements(lively: Lively, statements) -> None:
    site: Site = lively.app.extensions["flotilla.site"]
    scopes = "read write follow push"
    made = site.apps.register(name="A test", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes=scopes)
    me = site.accounts.sign_in(handle="ada", password=PASSWORD).viewer
    token = site.grants.token_for_person(
        me, client_id=made.app.client_id, client_secret=made.client_secret, scopes=scopes
    ).token
    assert too_many(lively, statements, api=True, headers={"Authorization": f"Bearer {token}"}) == {}


@pytest.mark.parametrize(
    ("path", "most", "shows"),
    [
        ("/home", 5, "a reply to that"),
        ("/public", 4, "with <a"),
        ("/tags/tea", 5, "with <a"),
        ("/@bo", 6, "with <a"),
        ("/@ada", 6, "Pinned"),
        ("/@bo/replies", 6, "a reply to that"),
        ("/@bo/{post_of_bo}", 6, "a reply to that"),
        ("/bookmarks", 5, "with <a"),
        ("/messages", 5, "hello"),
        ("/messages/{conversation_id}", 6, "hello"),
    ],
)
def test_full_pages_of_posts_take_so_many_statements_and_no_more(
    lively: Lively, statements, path: str, most: int, shows: str
) -> None:
    site: Site = lively.app.extensions["flotilla.site"]
    post_of_bo = next(post.id for post in site.timelines.by_author(None, "bo").items if post.replies)
    address = path.format(**lively.known, post_of_bo=post_of_bo)
    lively.client.get(address)
    with statements() as sent:
        page = lively.client.get(address).text
    assert shows in page
    assert len(sent) <= most, [" ".join(statement.split())[:150] for statement in sent]


def test_a_page_shown_often_is_planned_once_and_a_search_for_its_words(lively: Lively) -> None:
    site: Site = lively.app.extensions["flotilla.site"]
    for _ in range(16):
        for address in ("/home", "/@bo", "/search?q=tea"):
            assert lively.client.get(address).status_code == 200

    with site.database.read() as work:
        prepared = work.all("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements", {})

    assert [statement for statement, _, custom in prepared if custom] == []
    assert any("author_stats c" in statement and generic for statement, generic, _ in prepared)
    assert not any("websearch_to_tsquery" in statement for statement, _, _ in prepared)


def test_who_asks_next_gets_the_connection_that_was_used_last(site: Site) -> None:
    def server_process() -> int:
        with site.database.read() as work:
            return int(work.all("SELECT pg_backend_pid()", {})[0][0])

    with site.database.read(), site.database.read(), site.database.read():
        pass  # three are open now, and perhaps one more is on its way

    deadline_s = time.monotonic() + 20
    while (numbers := site.database.pool_numbers())["pool_available"] < numbers["pool_size"]:
        assert time.monotonic() < deadline_s, numbers
        time.sleep(0.01)
    assert numbers["pool_size"] >= 3
    assert len({server_process() for _ in range(6)}) == 1
