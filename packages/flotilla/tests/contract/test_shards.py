"""The whole site with its rows in two schemas, against a model of it in memory: nothing depends on one schema."""

import json
import zipfile
from dataclasses import dataclass, field, replace
from random import Random

import psycopg
import pytest

from flotilla.social import Paging, Viewer, open_site
from flotilla.social.checkup import check_up
from flotilla.store.ids import bucket_of

PAGE_SIZE = 3


@pytest.fixture
def two_shards(two_schemas):
    """A site whose buckets 0-4095 live in s0000 and the others in s0001."""
    site = open_site(replace(two_schemas, page_size=PAGE_SIZE))
    yield site
    site.close()


@dataclass
class Model:
    """What the site should show: plain sets."""

    authors: dict[int, Viewer] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    likes: set[tuple[str, int]] = field(default_factory=set)
    follows: set[tuple[str, str]] = field(default_factory=set)

    def home(self, me):
        return self.newest(author for author in self.handles() if author == me or (me, author) in self.follows)

    def newest(self, handles):
        wanted = set(handles)
        return sorted((post for post, author in self.authors.items() if author.handle in wanted), reverse=True)

    def handles(self):
        return {author.handle for author in self.authors.values()}


def walked(ask):
    found, before = [], None
    for _ in range(1000):
        page = ask(before)
        found += page.items
        before = page.next_before
        if before is None:
            return found
    raise AssertionError("the pages never end")


def test_two_schemas_behave_as_one(two_shards, two_schemas):
    site, random, model = two_shards, Random(11), Model()
    people = [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(10)]
    assert {bucket_of(person.account_id) < 4096 for person in people} == {True, False}
    for _ in range(400):
        act(site, model, random, people)
    for me in people:
        home = walked(lambda before, me=me: site.timelines.home(me, Paging(before=before)))
        assert [post.id for post in home] == model.home(me.handle)
        for post in home:
            assert (post.text, post.author.handle) == (model.texts[post.id], model.authors[post.id].handle)
            assert post.liked_by_viewer == ((me.handle, post.id) in model.likes)
            assert post.likes == sum(liked == post.id for _, liked in model.likes)
        shown = site.timelines.profile(people[0], me.handle).profile
        assert shown.posts == len(model.newest([me.handle]))
        assert shown.followers == sum(followed == me.handle for _, followed in model.follows)
        assert shown.following == sum(follower == me.handle for follower, _ in model.follows)
        assert shown.followed_by_viewer == ((people[0].handle, me.handle) in model.follows)
        mine = walked(lambda before, me=me: site.timelines.profile(None, me.handle, Paging(before=before)).posts)
        assert [post.id for post in mine] == model.newest([me.handle])
    everything = [post.id for post in walked(lambda before: site.timelines.public(None, Paging(before=before)))]
    assert everything == sorted(model.texts, reverse=True)
    for tag in ("tea", "rum"):
        tagged = [
            post.id for post in walked(lambda before, tag=tag: site.timelines.hashtag(None, tag, Paging(before=before)))
        ]
        assert tagged == sorted((post for post, text in model.texts.items() if f"#{tag}" in text), reverse=True)
    with psycopg.connect(two_schemas.owner_url) as connection:
        for shard in ("s0000", "s0001"):
            assert connection.execute(f"SELECT count(*) > 10 FROM {shard}.posts").fetchone() == (True,)
    assert check_up(site.database, site.files) == ()
    with psycopg.connect(two_schemas.owner_url) as connection:
        connection.execute("DELETE FROM s0001.followers; DELETE FROM s0000.likes_received")
    broken = {finding.what for finding in check_up(site.database, site.files)}
    assert "following without its mirror in followers" in broken
    for _ in range(2):
        check_up(site.database, site.files, repair=True)
    assert check_up(site.database, site.files) == ()


def act(site, model, random, people):
    me, other = random.sample(people, 2)
    edge = (me.handle, other.handle)
    post = random.choice(sorted(model.texts)) if model.texts else None
    match random.choice(["post", "post", "delete", "like", "like", "unlike", "follow", "unfollow"]):
        case "post":
            text = random.choice(["hello", "#tea for @p1 and @p2", "#rum and #tea"])
            new = site.posts.publish(me, text)
            model.authors[new], model.texts[new] = me, text
        case "delete" if post:
            site.posts.delete(model.authors.pop(post), post)
            model.texts.pop(post)
            model.likes = {like for like in model.likes if like[1] != post}
        case "like" if post:
            model.likes.add((me.handle, post))
            assert site.posts.like(me, post) == sum(liked == post for _, liked in model.likes)
        case "unlike" if post:
            model.likes.discard((me.handle, post))
            assert site.posts.unlike(me, post) == sum(liked == post for _, liked in model.likes)
        case "follow":
            site.follows.follow(me, other.handle)
            model.follows.add(edge)
        case "unfollow":
            site.follows.unfollow(me, other.handle)
            model.follows.discard(edge)


def test_apps_act_for_people_in_every_schema(two_shards):
    site = two_shards
    people = [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(6)]
    assert {bucket_of(person.account_id) < 4096 for person in people} == {True, False}
    made = site.apps.register(name="Compass", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="read write")
    app = {"client_id": made.app.client_id, "client_secret": made.client_secret}
    for person in people:
        code = site.grants.let_in(
            person, made.app, redirect_uri="urn:ietf:wg:oauth:2.0:oob", scopes=("read",), challenge=""
        )
        issued = site.grants.token_for_code(**app, code=code, redirect_uri="urn:ietf:wg:oauth:2.0:oob", verifier="")
        assert site.grants.bearer(issued.token).viewer.account_id == person.account_id
        assert site.cards.of_handle(person.handle).account_id == person.account_id
        assert [one.app.name for one in site.apps.granted(person)] == ["Compass"]
    ids = [person.account_id for person in people]
    assert set(site.cards.of(ids)) == set(ids)
    site.apps.withdraw(people[0], made.app.id)
    assert site.apps.granted(people[0]) == ()
    assert len(site.apps.granted(people[1])) == 1


def test_whoever_leaves_leaves_nothing_in_any_shard_and_takes_everything_along(two_shards, own_settings, tmp_path):
    site = open_site(replace(own_settings, export_folder=str(tmp_path)))
    try:
        people = [site.accounts.sign_up(handle=f"p{number}", password="correct horse").viewer for number in range(6)]
        assert len({bucket_of(person.account_id) < 4096 for person in people}) == 2, "people in both shards"
        for one in people:
            post_id = site.posts.publish(one, "#tea with @p0")
            for other in people:
                if one != other:
                    site.follows.follow(other, one.handle)
                site.posts.like(other, post_id)
        for one in people[:2]:
            site.exports.ask(one)
            with zipfile.ZipFile(site.exports.file(one)) as archive:
                assert archive.read("following_accounts.csv").count(b"\n") == 6
                assert len(json.loads(archive.read("likes.json"))) == 6
        for one in people[:2]:
            site.departures.leave(one, password="correct horse")
        gone = [person.account_id for person in people[:2]]
        with psycopg.connect(own_settings.owner_url) as connection:
            for schema in ("s0000", "s0001"):
                for table, column in (
                    ("posts", "author_id"), ("likes_given", "account_id"), ("likes_received", "account_id"),
                    ("following", "follower_id"), ("following", "followee_id"), ("followers", "follower_id"),
                    ("notifications", "actor_id"), ("profile", "account_id"), ("author_stats", "author_id"),
                ):  # fmt: skip
                    found = f"SELECT count(*) FROM {schema}.{table} WHERE {column} = ANY(%s)"
                    assert connection.execute(found, [gone]).fetchone() == (0,), (schema, table, column)
        for other in people[2:]:
            shown = site.timelines.profile(None, other.handle).profile
            assert (shown.followers, shown.following) == (3, 3)
    finally:
        site.close()
