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
    "s0000.tag_index", "s0000.mention_index", "s0000.bookmarks_given", "s0000.bookmarks_received",
    "s0000.reposts_given", "s0000.reposts_received", "s0000.replies_received", "s0000.conversations",
    "s0000.conversation_posts",
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
        "SELECT account_id, post_id FROM s0000.bookmarks_given": """
            SELECT account_id, post_id FROM s0000.bookmarks_received""",
        "SELECT account_id, post_id, repost_id FROM s0000.reposts_given": """
            SELECT account_id, post_id, repost_id FROM s0000.reposts_received""",
        "SELECT post_id, repost_id, account_id FROM s0000.reposts_received": """
            SELECT repost_of, id, author_id FROM s0000.posts WHERE repost_of IS NOT NULL""",
        "SELECT post_id, reply_id, counted FROM s0000.replies_received": """
            SELECT parent_id, id, visibility < 2 FROM s0000.posts WHERE parent_id IS NOT NULL""",
        "SELECT post_id, likes::bigint, reposts::bigint, replies::bigint FROM s0000.post_stats": """
            SELECT id, (SELECT count(*) FROM s0000.likes_received l WHERE l.post_id = p.id),
                (SELECT count(*) FROM s0000.reposts_received l WHERE l.post_id = p.id),
                (SELECT count(*) FROM s0000.replies_received l WHERE l.post_id = p.id AND counted)
            FROM s0000.posts p""",
        "SELECT DISTINCT account_id, post_id FROM s0000.conversation_posts": """
            SELECT unnest(author_id || mentioned_ids), id FROM s0000.posts WHERE visibility = 3""",
        "SELECT account_id, conversation_id, last_post_id FROM s0000.conversations": """
            SELECT account_id, conversation_id, max(post_id) FROM s0000.conversation_posts GROUP BY 1, 2""",
        """SELECT author_id, last_post_id, posts::bigint, followers::bigint, following::bigint
            FROM s0000.author_stats""": """
            SELECT account_id, coalesce(
                    (SELECT max(id) FROM s0000.posts p WHERE p.author_id = a.account_id AND visibility < 3), 0),
                (SELECT count(*) FROM s0000.posts p WHERE p.author_id = a.account_id AND visibility < 3),
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
    bodies = owner.execute("SELECT id, body, visibility FROM s0000.posts").fetchall()
    expected = [(name, post_id) for post_id, body, visibility in bodies if not visibility for name in hashtags_in(body)]
    assert Counter(tags) == Counter(expected)
    assert Counter(mentions) == Counter((name, post_id) for post_id, body, _ in bodies for name in mentions_in(body))
    ids = owner.execute(
        "SELECT a.handle, p.id FROM s0000.posts p, unnest(mentioned_ids) m JOIN g.account a ON a.id = m"
    )
    assert Counter(ids) == Counter((name, post_id) for post_id, body, _ in bodies for name in mentions_in(body))


def test_people_answer_and_spread_what_they_may_see_and_nobody_twice(settings, owner):
    seed(settings)
    follows = "EXISTS (SELECT FROM s0000.following f WHERE f.follower_id = p.author_id AND f.followee_id = o.author_id)"
    for column, widest in (("parent_id", 2), ("repost_of", 1)):
        odd = owner.execute(
            f"SELECT count(*) FROM s0000.posts p JOIN s0000.posts o ON o.id = p.{column}"
            f" WHERE NOT {follows} OR o.visibility > {widest} OR o.id > p.id OR o.repost_of IS NOT NULL"
        )
        assert odd.fetchone() == (0,)
    shares = "SELECT avg((repost_of IS NOT NULL)::int), avg((parent_id IS NOT NULL)::int) FROM s0000.posts"
    reposts, replies = owner.execute(shares).fetchone()
    assert 0.05 < reposts < 0.25
    assert 0.1 < replies < 0.35


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


def test_follows_have_the_promised_mean_and_a_heavy_tail():
    town = plan_town(people=10_000, posts=0, seed=7)
    degrees = sorted(map(len, town.following))
    assert sum(degrees) / len(degrees) == pytest.approx(35, rel=0.1)
    # A power law with exponent a has P(degree > 4x) / P(degree > x) = 4 ** (1 - a).
    beyond = [sum(degree > bound for degree in degrees) for bound in (20, 80)]
    assert beyond[1] / beyond[0] == pytest.approx(4 ** (1 - 2.3), rel=0.1)
    popular = [sum(len(fans) > bound for fans in town.followers) for bound in (60, 240)]
    assert popular[1] / popular[0] == pytest.approx(4 ** (1 - 2.3), rel=0.3)


def test_a_town_can_follow_more():
    town = plan_town(people=2_000, posts=0, seed=7, follows_mean=50)
    assert sum(map(len, town.following)) / 2_000 == pytest.approx(50, rel=0.1)


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
