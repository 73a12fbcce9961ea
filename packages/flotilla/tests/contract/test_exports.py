"""Taking one's data away: the zip, read by the standard library."""

import csv
import io
import json
import stat
import tracemalloc
import zipfile
from collections.abc import Callable

import psycopg
import pytest

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social.visibility import Visibility

PASSWORD = "correct horse"


@pytest.fixture
def site(site_with, tmp_path):
    return site_with(export_folder=str(tmp_path / "exports"), site_url="https://town.example")


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=handle, password=PASSWORD).viewer for handle in ("ada", "bob", "eve")]


def table(archive, name):
    return list(csv.reader(io.StringIO(archive.read(name).decode())))


def test_everything_of_a_person_is_in_it_and_nothing_of_others(site, people):
    ada, bob, eve = people
    mine = site.posts.publish(ada, 'Tea "for" two\n#tea', warning="hot")
    secret = site.posts.publish(ada, "@bob in secret", visibility=Visibility.DIRECT)
    his = site.posts.publish(bob, "Mine is coffee")
    answer = site.posts.publish(ada, "No", parent_id=his)
    site.posts.like(ada, his)
    site.posts.bookmark(ada, his)
    site.follows.follow(ada, "bob", show_reposts=False)
    site.follows.follow(eve, "ada")
    site.blocks.mute(ada, "bob", notifications=False)
    site.blocks.block(ada, "eve")
    site.thread_mutes.mute(ada, answer)
    crew = site.lists.create(ada, "Crew, old")
    site.lists.add(ada, crew.id, [bob.account_id])
    assert site.exports.of(ada) is None

    site.exports.ask(ada)

    copy = site.exports.of(ada)
    path = site.exports.file(ada)
    assert (copy.is_ready, copy.size_bytes) == (True, path.stat().st_size)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        profile = json.loads(archive.read("profile.json"))
        assert (profile["handle"], profile["site"]) == ("ada", "https://town.example")
        posts = {post["id"]: post for post in json.loads(archive.read("posts.json"))}
        assert set(posts) == {str(mine), str(secret), str(answer)}
        told = posts[str(mine)]
        assert (told["text"], told["warning"], told["visibility"]) == ('Tea "for" two\n#tea', "hot", "public")
        assert posts[str(secret)]["visibility"] == "direct"
        assert posts[str(answer)]["in_reply_to"] == str(his)
        url = f"https://town.example/@bob/{his}"
        assert json.loads(archive.read("likes.json")) == json.loads(archive.read("bookmarks.json")) == [url]
        assert json.loads(archive.read("muted_threads.json")) == [url]
        # The columns that Mastodon's own export and import have.
        assert table(archive, "following_accounts.csv") == [
            ["Account address", "Show boosts", "Notify on new posts", "Languages"],
            ["bob@town.example", "false", "false", ""],
        ]
        assert table(archive, "muted_accounts.csv") == [
            ["Account address", "Hide notifications"],
            ["bob@town.example", "false"],
        ]
        assert table(archive, "blocked_accounts.csv") == [["eve@town.example"]]
        assert table(archive, "lists.csv") == [["Crew, old", "bob@town.example"]]
        assert table(archive, "bookmarks.csv") == [[url]]
        assert "coffee" not in "".join(
            archive.read(name).decode() for name in archive.namelist() if "media/" not in name
        )


def test_there_is_one_copy_an_hour_and_the_new_one_takes_the_old_ones_place(site, people, owner, tmp_path):
    ada = people[0]
    site.exports.ask(ada)
    first = site.exports.file(ada)
    with pytest.raises(InvalidInputError):
        site.exports.ask(ada)
    owner.execute("UPDATE s0000.export SET asked_at = now() - interval '61 minutes'")
    site.exports.ask(ada)
    assert list((tmp_path / "exports").iterdir()) == [site.exports.file(ada)]
    assert not first.exists()


def test_copies_go_after_their_time_and_with_their_person(site, people, owner, tmp_path):
    ada, bob, _ = people
    site.exports.ask(ada)
    site.exports.ask(bob)
    with pytest.raises(NotFoundError):
        site.exports.file(people[2])
    owner.execute("UPDATE s0000.export SET expires_at = now() WHERE account_id = %s", [ada.account_id])
    with pytest.raises(NotFoundError):
        site.exports.file(ada)
    site.exports._sweep()
    assert list((tmp_path / "exports").iterdir()) == [site.exports.file(bob)]
    assert owner.execute("SELECT count(*) FROM s0000.export").fetchone() == (1,)

    path = site.exports.file(bob)
    site.departures.leave(bob, password=PASSWORD)
    assert not path.exists()


def test_memory_stays_the_same_however_much_there_is(site, people, owner: psycopg.Connection):
    ada = people[0]
    owner.execute(
        "WITH made AS (INSERT INTO s0000.posts (id, author_id, body)"
        " SELECT s0000.next_id((%(id)s >> 10 & 8191)::integer) + (n::bigint << 23), %(id)s, repeat('tea and more ', 30)"
        " FROM generate_series(1, 8000) n RETURNING id) INSERT INTO s0000.post_stats (post_id) SELECT id FROM made",
        {"id": ada.account_id},
    )
    tracemalloc.start()
    try:
        site.exports.ask(ada)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    with zipfile.ZipFile(site.exports.file(ada)) as archive:
        assert archive.getinfo("posts.json").file_size > 4_000_000
        assert len(json.loads(archive.read("posts.json"))) == 8000
    assert peak < 3_000_000


def test_the_pages_ask_for_a_copy_fetch_it_and_delete_the_account(aboard: Callable, visitor: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    assert ada.get("/settings/export/file").status_code == 404
    assert ada.post_form("/settings/export", "/settings/export").status_code == 303
    assert "Your copy is ready" in ada.get("/settings/export").text
    fetched = ada.client.get("/settings/export/file", buffered=True)
    assert (fetched.status_code, fetched.mimetype) == (200, "application/zip")
    assert fetched.headers["Cache-Control"] == "private, no-store"
    assert fetched.headers["Content-Disposition"] == "attachment; filename=ada.zip"
    assert zipfile.ZipFile(io.BytesIO(fetched.data)).testzip() is None
    assert bo.get("/settings/export/file").status_code == 404
    assert ada.post_form("/settings/export", "/settings/export").status_code == 400

    refused = ada.post_form("/settings/delete", "/settings/delete", password="a wrong guess")
    assert (refused.status_code, 'id="password-wrong"' in refused.text) == (400, True)
    assert ada.client.post("/settings/delete", data={"password": "a calm sea at dawn"}).status_code == 403
    assert ada.client.post("/settings/export").status_code == 403
    gone = ada.post_form("/settings/delete", "/settings/delete", password="a calm sea at dawn")
    assert (gone.status_code, gone.location) == (303, "/")
    assert ada.client.get_cookie("flotilla_session") is None
    assert bo.get("/@ada").status_code == 404
    fields = {"handle": "ada", "password": "a calm sea at dawn"}
    assert visitor().post_form("/sign-in", "/sign-in", **fields).status_code == 400
