"""Every page of every timeline against the plain query over everything, on random towns."""

from dataclasses import replace
from random import Random

import psycopg
import pytest

from flotilla.social import Paging, Viewer, open_site
from flotilla.store.ids import make_id

PAGE_SIZE = 4
HOME_ORACLE = """
    SELECT p.id FROM s0000.posts p
    WHERE p.author_id = %(me)s
        OR p.author_id IN (SELECT followee_id FROM s0000.following WHERE follower_id = %(me)s)
    ORDER BY p.id DESC
    """


@pytest.fixture
def small_pages(settings):
    site = open_site(replace(settings, page_size=PAGE_SIZE))
    yield site
    site.close()


def walked(ask, maximum=500):
    """The ids of all pages of a timeline, each page but the last being full."""
    pages, before = [], None
    for _ in range(maximum):
        page = ask(before)
        pages.append([post.id for post in page.items])
        before = page.next_before
        if before is None:
            assert all(len(page) == PAGE_SIZE for page in pages[:-1])
            return [post_id for page in pages for post_id in page]
    raise AssertionError("the pages never end")


def new_town(owner, random: Random) -> list[Viewer]:
    """People who write a lot, a little, never; who follow nobody, a few, everyone. Rows written directly."""
    people = [
        Viewer(make_id(since_epoch_ms=1, bucket=b, sequence=i), f"p{i}", f"p{i}")
        for i, b in enumerate(random.sample(range(8192), random.randint(1, 14)))
    ]
    ids = [person.account_id for person in people]
    with owner.transaction():
        for person in people:
            owner.execute(
                "INSERT INTO g.account (id, handle, bucket) VALUES (%s, %s, 0)", [person.account_id, person.handle]
            )
            owner.execute(
                "INSERT INTO s0000.profile (account_id, handle, display_name) VALUES (%s, %s, %s)",
                [person.account_id, person.handle, person.display_name],
            )
        # In bursts and in long silences, several in the same millisecond, equally active and not.
        moment_ms = 1000
        weights = [random.choice([0, 1, 1, 20]) for _ in people] if random.random() < 0.8 else [1] * len(people)
        for number in range(random.choice([0, 3, 8, 60]) if any(weights) else 0):
            (author,) = random.choices(ids, weights)
            moment_ms += random.choice([0, 0, 1, 1000, 10**7])
            post_id = make_id(since_epoch_ms=moment_ms, bucket=author >> 10 & 8191, sequence=number)
            owner.execute("INSERT INTO s0000.posts VALUES (%s, %s, %s)", [post_id, author, f"post {number}"])
        for me in ids:
            for other in random.sample(ids, random.choice([0, 1, min(3, len(ids)), len(ids)])):
                if other != me:
                    owner.execute("INSERT INTO s0000.following VALUES (%s, %s)", [me, other])
        owner.execute("INSERT INTO s0000.post_stats (post_id) SELECT id FROM s0000.posts")
        owner.execute(
            "INSERT INTO s0000.author_stats (author_id, last_post_id) SELECT account_id, coalesce("
            "(SELECT max(id) FROM s0000.posts WHERE author_id = account_id), 0) FROM s0000.profile"
        )
    return people


def oracle(owner, me):
    return [post_id for (post_id,) in owner.execute(HOME_ORACLE, {"me": me.account_id})]


@pytest.mark.parametrize("number", range(40))
def test_every_page_of_every_home_timeline_is_what_the_full_query_gives(small_pages, owner, number):
    people = new_town(owner, Random(number))
    for me in people:
        found = walked(lambda before, me=me: small_pages.timelines.home(me, Paging(before=before)))
        assert found == oracle(owner, me), me


@pytest.mark.parametrize("number", range(40, 52))
def test_home_stays_exact_while_people_post_delete_and_unfollow(small_pages, owner, number):
    random = Random(number)
    people = new_town(owner, random)
    owner.execute("UPDATE s0000.author_stats SET posts = 1000, followers = 1000, following = 1000")
    owner.execute("INSERT INTO s0000.followers SELECT followee_id, follower_id FROM s0000.following")
    for _ in range(25):
        me, other = random.choice(people), random.choice(people)
        mine = owner.execute("SELECT id FROM s0000.posts WHERE author_id = %s", [me.account_id]).fetchall()
        deed = random.randrange(4)
        if deed == 0:
            small_pages.posts.publish(me, "hello")
        elif deed == 1 and mine:
            small_pages.posts.delete(me, random.choice([max(mine), random.choice(mine)])[0])
        elif deed == 2 and me != other:
            small_pages.follows.follow(me, other.handle)
        elif deed == 3:
            small_pages.follows.unfollow(me, other.handle)
    for me in people:
        assert walked(lambda before, me=me: small_pages.timelines.home(me, Paging(before=before))) == oracle(
            owner, me
        ), me


def test_pages_asked_for_from_any_moment_are_exact(small_pages, owner):
    random = Random(99)
    people = new_town(owner, random)
    cursors = [post_id + step for (post_id,) in owner.execute("SELECT id FROM s0000.posts") for step in (-1, 0, 1)]
    assert cursors
    for me in people:
        everything = oracle(owner, me)
        for cursor in cursors:
            expected = [post_id for post_id in everything if post_id < cursor][:PAGE_SIZE]
            assert [post.id for post in small_pages.timelines.home(me, Paging(before=cursor)).items] == expected


def test_public_and_profile_pages_are_what_the_full_query_gives(small_pages, owner):
    people = new_town(owner, Random(99))
    everything = owner.execute("SELECT id, author_id FROM s0000.posts ORDER BY id DESC").fetchall()
    assert walked(lambda before: small_pages.timelines.public(None, Paging(before=before))) == [
        row[0] for row in everything
    ]
    for person in people:
        found = walked(
            lambda before, person=person: (
                small_pages.timelines.profile(None, person.handle, Paging(before=before)).posts
            )
        )
        assert found == [row[0] for row in everything if row[1] == person.account_id]


def test_hashtag_pages_end_where_the_posts_end(small_pages):
    ada = small_pages.accounts.sign_up(handle="ada", password="correct horse").viewer
    ids = [small_pages.posts.publish(ada, f"#tea {number}") for number in range(2 * PAGE_SIZE)]
    assert walked(lambda before: small_pages.timelines.hashtag(None, "tea", Paging(before=before))) == ids[::-1]


def test_a_page_of_exactly_the_page_size_has_no_next_one(small_pages):
    ada = small_pages.accounts.sign_up(handle="ada", password="correct horse").viewer
    for number in range(PAGE_SIZE):
        small_pages.posts.publish(ada, f"post {number}")
    assert small_pages.timelines.home(ada).next_before is None
    small_pages.posts.publish(ada, "one more")
    assert small_pages.timelines.home(ada).next_before is not None


def test_a_home_page_takes_two_statements_with_the_session_and_no_transaction(small_pages, monkeypatch):
    signed_in = small_pages.accounts.sign_up(handle="ada", password="correct horse")
    for number in range(2 * PAGE_SIZE):
        small_pages.posts.publish(signed_in.viewer, f"post {number}")
    sent = []
    execute = psycopg.Cursor.execute
    begin = psycopg.Connection.transaction

    def counted(self, query, *arguments, **keywords):
        sent.append(query)
        return execute(self, query, *arguments, **keywords)

    def begun(self, *arguments, **keywords):
        sent.append("BEGIN")
        return begin(self, *arguments, **keywords)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    monkeypatch.setattr(psycopg.Connection, "transaction", begun)
    viewer = small_pages.accounts.who_is(signed_in.token)
    first = small_pages.timelines.home(viewer)
    assert len(sent) == 2
    assert len(small_pages.timelines.home(viewer, Paging(before=first.next_before)).items) == PAGE_SIZE
    assert len(sent) == 3
