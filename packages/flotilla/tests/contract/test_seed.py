import time
from collections import Counter
from dataclasses import replace
from hashlib import sha256

import psycopg
import pytest

from flotilla.errors import StartError
from flotilla.seed import PASSWORD, plan_town, seed_town
from flotilla.social import open_site
from flotilla.social.text import hashtags_in, mentions_in
from flotilla.store.ids import bucket_of

TABLES = (
    "g.account", "g.hashtag", "s0000.profile", "s0000.credential", "s0000.posts", "s0000.post_stats",
    "s0000.author_stats", "s0000.following", "s0000.followers", "s0000.likes_given", "s0000.likes_received",
    "s0000.tag_index", "s0000.mention_index",
)  # fmt: skip


def seed(settings, people=60, posts=600, number=1, *, force=False):
    seed_town(settings, people=people, posts=posts, seed=number, force=force, progress=lambda what: None)


def contents(settings):
    digests = {}
    with psycopg.connect(settings.owner_url) as connection:
        for table in TABLES:
            with connection.cursor().copy(f"COPY (SELECT * FROM {table} ORDER BY 1, 2) TO STDOUT") as copy:
                digests[table] = sha256(b"".join(bytes(block) for block in copy)).hexdigest()
    return digests


def differences(owner, left, right):
    return owner.execute(
        f"SELECT count(*) FROM (({left} EXCEPT {right}) UNION ALL ({right} EXCEPT {left})) d"
    ).fetchone()[0]


def test_the_same_arguments_give_the_same_bytes_and_another_seed_another_town(settings, own_settings):
    seed(settings)
    seed(own_settings)
    assert contents(settings) == contents(own_settings)


def test_another_seed_gives_another_town(settings, own_settings):
    seed(settings)
    seed(own_settings, number=2)
    theirs, others = contents(settings), contents(own_settings)
    assert {table for table in TABLES if theirs[table] == others[table]} == {"g.hashtag"}


def test_counts_mirrors_and_newest_posts_agree_with_the_rows(settings, owner):
    seed(settings)
    pairs = {
        "SELECT followee_id, follower_id FROM s0000.following": "SELECT followee_id, follower_id FROM s0000.followers",
        "SELECT account_id, post_id FROM s0000.likes_given": "SELECT account_id, post_id FROM s0000.likes_received",
        "SELECT post_id, likes::bigint FROM s0000.post_stats": """
            SELECT id, (SELECT count(*) FROM s0000.likes_received l WHERE l.post_id = p.id) FROM s0000.posts p""",
        """SELECT author_id, last_post_id, posts::bigint, followers::bigint, following::bigint
            FROM s0000.author_stats""": """
            SELECT account_id, coalesce((SELECT max(id) FROM s0000.posts p WHERE p.author_id = a.account_id), 0),
                (SELECT count(*) FROM s0000.posts p WHERE p.author_id = a.account_id),
                (SELECT count(*) FROM s0000.followers f WHERE f.followee_id = a.account_id),
                (SELECT count(*) FROM s0000.following f WHERE f.follower_id = a.account_id)
            FROM s0000.profile a""",
    }
    for left, right in pairs.items():
        assert differences(owner, left, right) == 0, left
        assert owner.execute(f"SELECT count(*) > 0 FROM ({left}) rows").fetchone()[0], left


def test_every_hashtag_and_mention_in_a_seeded_text_leads_to_it(settings, owner):
    seed(settings)
    tags = owner.execute(
        "SELECT h.name, t.post_id FROM s0000.tag_index t JOIN g.hashtag h ON h.id = t.tag_id"
    ).fetchall()
    mentions = owner.execute(
        "SELECT a.handle, m.post_id FROM s0000.mention_index m JOIN g.account a ON a.id = m.account_id"
    )
    bodies = owner.execute("SELECT id, body FROM s0000.posts").fetchall()
    assert Counter(tags) == Counter((name, post_id) for post_id, body in bodies for name in hashtags_in(body))
    assert Counter(mentions) == Counter((name, post_id) for post_id, body in bodies for name in mentions_in(body))


def test_posts_lie_in_the_past_in_their_authors_bucket_and_new_ids_come_after(settings, owner):
    seed(settings)
    assert all(bucket_of(i) == bucket_of(a) for i, a in owner.execute("SELECT id, author_id FROM s0000.posts"))
    assert all(bucket_of(i) == bucket for i, bucket in owner.execute("SELECT id, bucket FROM g.account"))
    newest = owner.execute("SELECT max(id) FROM s0000.posts").fetchone()[0]
    assert owner.execute("SELECT s0000.next_id(0)").fetchone()[0] > newest


def test_seeded_people_sign_in_post_like_and_follow(settings):
    seed(settings)
    site = open_site(settings)
    try:
        viewer = site.accounts.sign_in(handle="person00001", password=PASSWORD).viewer
        page = site.timelines.home(viewer)
        assert len(page.items) == 20
        site.posts.like(viewer, page.items[0].id)
        site.posts.publish(viewer, "hello #sailing")
        site.follows.follow(viewer, "person00060")
        assert site.timelines.hashtag(None, "sailing").items[0].text == "hello #sailing"
    finally:
        site.close()


def test_statistics_are_there_before_the_first_request(settings, owner):
    seed(settings)
    described = "SELECT attname FROM pg_stats WHERE schemaname = 's0000' AND tablename = 'posts'"
    assert {("id",), ("author_id",), ("body",)} <= set(owner.execute(described))


def test_a_database_with_an_account_is_not_seeded(settings, site):
    site.accounts.sign_up(handle="ada", password="correct horse")
    with pytest.raises(StartError, match="not empty: there is an account @ada"):
        seed(settings)


def test_production_is_seeded_by_force_only(settings):
    production = replace(settings, environment="production")
    with pytest.raises(StartError, match="production"):
        seed(production)
    seed(production, force=True)


@pytest.mark.parametrize(("people", "posts"), [(1, 0), (1, 3), (2, 10), (3, 10), (40, 0)])
def test_the_smallest_towns_work(settings, people, posts):
    seed(settings, people=people, posts=posts)


def test_ten_thousand_people_and_a_hundred_thousand_posts_take_at_most_20_s(own_settings):
    started = time.monotonic()
    seed(own_settings, people=10_000, posts=100_000)
    assert time.monotonic() - started <= 20


def test_follows_have_the_promised_mean_and_a_heavy_tail():
    town = plan_town(people=10_000, posts=0, seed=7)
    degrees = sorted(map(len, town.following))
    assert sum(degrees) / len(degrees) == pytest.approx(35, rel=0.1)
    # A power law with exponent a has P(degree > 4x) / P(degree > x) = 4 ** (1 - a).
    beyond = [sum(degree > bound for degree in degrees) for bound in (20, 80)]
    assert beyond[1] / beyond[0] == pytest.approx(4 ** (1 - 2.3), rel=0.1)
    popular = [sum(len(fans) > bound for fans in town.followers) for bound in (60, 240)]
    assert popular[1] / popular[0] == pytest.approx(4 ** (1 - 2.3), rel=0.3)


def test_a_town_can_have_pictures(settings):
    seed_town(settings, people=20, posts=30, pictures=2, seed=1, force=False, progress=lambda what: None)
    site = open_site(settings)
    try:
        with_pictures = site.timelines.public(None, media_only=True).items
        assert [len(post.media) for post in with_pictures] == [1, 1]
        assert all(post.media[0].alt and post.media[0].width == 640 for post in with_pictures)
        assert len(list(site.files.public_folder.rglob("*.jpg"))) == 4
    finally:
        site.close()
