"""The operator's commands against the real PostgreSQL: what does not fit is found and mended, a backup comes back."""

import contextlib
import dataclasses
import json
import os
import stat
import subprocess
import sys
import tarfile
import threading
from io import BytesIO
from random import Random

import psycopg
import pytest
from PIL import Image

from flotilla.backup import back_up, restore
from flotilla.errors import RuleError, StartError
from flotilla.social import SignedIn, open_site
from flotilla.social.checkup import check_up
from flotilla.social.visibility import Visibility

PASSWORD = "a calm sea at dawn"
WAIT_S = 60


def live_a_little(site, random, steps):
    """Some people, and a bit of everything they can do."""
    people = [site.accounts.sign_up(handle=f"p{n}", password=PASSWORD).viewer for n in range(5)]
    posts = []
    wanted = site.lists.create(people[0], "crew").id
    for _ in range(steps):
        me, other = random.sample(people, 2)
        post = random.choice(posts) if posts else None
        with contextlib.suppress(RuleError):
            match random.choice(
                ["post", "post", "reply", "like", "repost", "bookmark", "follow", "block", "delete", "list"]
            ):
                case "post":
                    text = f"#tea for @{other.handle}"
                    posts.append(site.posts.publish(me, text, visibility=random.choice(list(Visibility))))
                case "reply" if post:
                    posts.append(site.posts.publish(me, "indeed", parent_id=post))
                case "like" if post:
                    site.posts.like(me, post)
                case "repost" if post:
                    site.posts.repost(me, post)
                case "bookmark" if post:
                    site.posts.bookmark(me, post)
                case "follow":
                    site.follows.follow(me, other.handle)
                case "block" if random.random() < 0.2:
                    site.blocks.block(me, other.handle)
                case "delete" if post and random.random() < 0.5:
                    site.posts.delete(me, post)
                case "list":
                    site.lists.add(people[0], wanted, [other.account_id])
    return people


def found(site, **how):
    return {finding.what for finding in check_up(site.database, site.files, **how)}


def test_whatever_people_do_everything_fits_together(site):
    live_a_little(site, Random(3), 150)
    assert found(site) == set()


BROKEN = {
    "following without its mirror in followers": "DELETE FROM s0000.followers",
    "followers without its edge in following": "INSERT INTO s0000.followers SELECT account_id, 1 FROM s0000.profile",
    "likes_given without its mirror in likes_received": "DELETE FROM s0000.likes_received",
    "likes_received without its edge in likes_given": "DELETE FROM s0000.likes_given",
    "bookmarks_given without its mirror in bookmarks_received": "DELETE FROM s0000.bookmarks_received",
    "reposts_given without its mirror in reposts_received": "DELETE FROM s0000.reposts_received",
    "blocks without its mirror in blocked_by": "DELETE FROM s0000.blocked_by",
    "replies that their parent does not know": "DELETE FROM s0000.replies_received",
    "replies that are in another thread than their parent":
        "UPDATE s0000.posts SET thread_id = NULL WHERE id = (SELECT max(id) FROM s0000.posts WHERE parent_id IN"
        " (SELECT id FROM s0000.posts))",
    "replies known to their parent that are gone":
        "INSERT INTO s0000.replies_received SELECT id, 1, true FROM s0000.posts",
    "mention_index that lead to a post that is gone":
        "INSERT INTO s0000.mention_index SELECT account_id, 1 FROM s0000.profile",
    "tag_index that lead to a post that is gone": "INSERT INTO s0000.tag_index SELECT id, 1 FROM g.hashtag",
    "counts of posts' likes, reposts and replies": "UPDATE s0000.post_stats SET likes = likes + 1",
    "counts of people's posts, followers and follows, and their newest post":
        "UPDATE s0000.author_stats SET last_post_id = 0, followers = 77",
    "groups of notifications that count wrongly": "UPDATE s0000.notification_groups SET events = events + 3",
    "notifications about a post that is gone":
        "INSERT INTO s0000.notifications SELECT account_id, 3, 1, 99, 99 FROM s0000.profile",
    "counts of posts' pictures": "UPDATE s0000.posts SET media_count = 3",
    "people on lists who are gone": "INSERT INTO s0000.list_members SELECT id, 1 FROM s0000.lists",
    "people without counts of their own": "DELETE FROM s0000.author_stats",
    "posts without counts of their own": "DELETE FROM s0000.post_stats",
}  # fmt: skip


def test_each_thing_that_does_not_fit_is_found_and_mended(site, owner):
    live_a_little(site, Random(4), 150)
    for what, statement in BROKEN.items():
        changed = owner.execute(statement).rowcount
        assert changed, f"nothing to break: {statement}"
        assert what in found(site)
        found(site, repair=True)
        # Mending one thing may show the next: a mirror that is back is counted.
        found(site, repair=True)
        assert found(site) == set(), what


def test_mending_counts_while_people_like_leaves_them_right(site, owner):
    people = live_a_little(site, Random(5), 30)
    post = site.posts.publish(people[0], "hello")
    likers = [site.accounts.sign_up(handle=f"q{n}", password=PASSWORD).viewer for n in range(24)]
    owner.execute("UPDATE s0000.post_stats SET likes = 500")
    threads = [threading.Thread(target=site.posts.like, args=(liker, post)) for liker in likers]
    for thread in threads:
        thread.start()
    found(site, repair=True)
    for thread in threads:
        thread.join(WAIT_S)
    found(site, repair=True)
    assert site.posts.read(None, post).likes == 24
    assert found(site) == set()


def rows_of(settings):
    with psycopg.connect(settings.owner_url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        ).fetchall()
        return {
            table: sorted(map(str, connection.execute(f"SELECT t::text FROM {table} t").fetchall()))
            for (table,) in tables
        }


@pytest.fixture
def with_pictures(settings, tmp_path):
    """Settings of a site with some life and a picture, its files in a folder of its own."""
    made = dataclasses.replace(settings, media_folder=str(tmp_path / "media"))
    site = open_site(made)
    people = live_a_little(site, Random(6), 60)
    picture = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    picture.seek(0)
    media = site.media.take_now(people[0], picture)
    site.posts.publish(people[0], "look", media_ids=[media.id])
    yield made
    site.close()


def test_a_backup_comes_back_row_for_row_and_picture_for_picture(with_pictures, empty_settings, tmp_path):
    file = tmp_path / "site.backup"
    assert back_up(with_pictures, file) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["media", "site.backup"]
    back = dataclasses.replace(empty_settings, media_folder=str(tmp_path / "back"))
    assert restore(back, file) == 2
    before, after = rows_of(with_pictures), rows_of(back)
    assert before == after
    assert sum(map(len, after.values())) > 100
    pictures = [
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}
        for folder in (tmp_path / "media/public", tmp_path / "back/public")
    ]
    assert pictures[0] == pictures[1]
    site = open_site(back)
    try:
        assert found(site) == set()
        # Numbers go on where they were, and the application has its rights.
        assert site.posts.publish(site.accounts.sign_up(handle="new", password=PASSWORD).viewer, "aboard")
    finally:
        site.close()


def test_nothing_that_is_there_is_ever_replaced(with_pictures, empty_settings, tmp_path):
    file = tmp_path / "site.backup"
    back_up(with_pictures, file)
    with pytest.raises(StartError, match="is there already"):
        back_up(with_pictures, file)
    elsewhere = str(tmp_path / "elsewhere")
    with pytest.raises(StartError, match="not empty"):
        restore(dataclasses.replace(with_pictures, media_folder=elsewhere), file)
    with pytest.raises(StartError, match="There are pictures"):
        restore(dataclasses.replace(empty_settings, media_folder=with_pictures.media_folder), file)


def archive_of(path, *members):
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return path


def test_what_is_no_backup_is_refused_before_anything_is_made(empty_settings, tmp_path):
    settings = dataclasses.replace(empty_settings, media_folder=str(tmp_path / "media"))
    (tmp_path / "noise").write_bytes(b"no archive at all")
    newer = json.dumps({"format": 1, "schema_version": "9999"}).encode()
    for file, why in (
        (tmp_path / "missing", "could not be read"),
        (tmp_path / "noise", "could not be read"),
        (archive_of(tmp_path / "other", ("x", b"")), "not a backup"),
        (archive_of(tmp_path / "odd", ("manifest.json", b"[]")), "manifest cannot be read"),
        (archive_of(tmp_path / "newer", ("manifest.json", newer)), "newer version"),
    ):
        with pytest.raises(StartError, match=why):
            restore(settings, file)
    assert rows_of(empty_settings) == {}


@pytest.mark.parametrize("name", ["media/public/../../escaped.jpg", "/etc/escaped", "media/public/ab/x.html"])
def test_an_archive_cannot_write_elsewhere(with_pictures, empty_settings, tmp_path, name):
    back_up(with_pictures, tmp_path / "good")
    with tarfile.open(tmp_path / "good") as archive:
        parts = [(part, archive.extractfile(part).read()) for part in ("manifest.json", "database.dump")]
    evil = archive_of(tmp_path / "evil", *parts, (name, b"x"))
    settings = dataclasses.replace(empty_settings, media_folder=str(tmp_path / "back"))
    with pytest.raises(StartError, match="no picture"):
        restore(settings, evil)
    assert not list(tmp_path.rglob("escaped*"))
    assert rows_of(empty_settings) == {}


def test_the_operator_creates_and_changes_accounts(settings):
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FLOTILLA_")}
    environ = kept | {"FLOTILLA_DATABASE_URL": settings.database_url, "FLOTILLA_ARGON2_MEMORY_KIB": "64"}
    environ |= {"FLOTILLA_SIGN_UP": "closed"}

    def user(*arguments, given=""):
        program = [sys.executable, "-m", "flotilla.cli", "user", *arguments]
        return subprocess.run(
            program, env=environ, input=given, capture_output=True, text=True, timeout=WAIT_S, check=False
        )

    made = user("create", "ada", "--role", "admin", "--password-stdin", given=PASSWORD + "\n")
    assert (made.returncode, made.stdout) == (0, "")
    site = open_site(settings)
    try:
        ada = site.accounts.sign_in(handle="ada", password=PASSWORD)
        assert site.accounts.who_is(ada.token).role == "admin"
        told = user("password", "ada").stderr
        new = told.split("The password is: ")[1].split()[0]
        assert site.accounts.who_is(ada.token) is None
        ada = site.accounts.sign_in(handle="ada", password=new)
        assert user("suspend", "@Ada").returncode == 0
        assert site.accounts.who_is(ada.token) is None
        assert "nothing to do" in user("suspend", "ada").stderr
        assert not isinstance(site.accounts.sign_in(handle="ada", password=new), SignedIn)
        assert user("restore", "ada").returncode == 0
        assert isinstance(site.accounts.sign_in(handle="ada", password=new), SignedIn)
    finally:
        site.close()
    nobody = user("suspend", "nobody")
    assert (nobody.returncode, "nobody with this handle" in nobody.stderr, "Traceback" in nobody.stderr) == (
        3,
        True,
        False,
    )
