"""Many at once on the same posts: counts are their rows, nobody waits for ever, nothing dangles."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from random import Random

import psycopg
import pytest

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social import Visibility, open_site
from flotilla.social.posts import PINS_MAX

THREADS = 6
WAIT_S = 60


@pytest.fixture
def busy_site(settings):
    site = open_site(replace(settings, pool_size=THREADS, pool_wait_s=30, lock_timeout_s=20, statement_timeout_s=20))
    yield site
    site.close()


@pytest.fixture
def people(busy_site):
    return [busy_site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(THREADS)]


def at_once(deeds):
    """Run the deeds in a thread each, all starting together; raises what any of them raised."""
    start = threading.Barrier(len(deeds), timeout=WAIT_S)

    def run(deed):
        start.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result(WAIT_S) for future in [pool.submit(run, deed) for deed in deeds]]


def nothing_dangles(owner):
    """Every count is its rows, every edge has its mirror, and every row leads to a post that is there."""
    agree = {
        "SELECT post_id, likes::bigint, reposts::bigint, replies::bigint FROM s0000.post_stats": """
            SELECT id, (SELECT count(*) FROM s0000.likes_received r WHERE r.post_id = p.id),
                (SELECT count(*) FROM s0000.posts r WHERE r.repost_of = p.id),
                (SELECT count(*) FROM s0000.posts r WHERE r.parent_id = p.id AND r.visibility < 2)
            FROM s0000.posts p""",
        "SELECT account_id, post_id FROM s0000.likes_given": "SELECT account_id, post_id FROM s0000.likes_received",
        "SELECT account_id, post_id FROM s0000.bookmarks_given": """
            SELECT account_id, post_id FROM s0000.bookmarks_received""",
        "SELECT account_id, post_id, repost_id FROM s0000.reposts_given": """
            SELECT author_id, repost_of, id FROM s0000.posts WHERE repost_of IS NOT NULL""",
        "SELECT account_id, post_id, repost_id FROM s0000.reposts_received": """
            SELECT account_id, post_id, repost_id FROM s0000.reposts_given""",
        "SELECT author_id, last_post_id, posts::bigint FROM s0000.author_stats": """
            SELECT account_id, coalesce(max(p.id), 0), count(p.id) FROM s0000.profile
            LEFT JOIN s0000.posts p ON p.author_id = account_id AND p.visibility < 3 GROUP BY account_id""",
    }
    for left, right in agree.items():
        rows = owner.execute(f"(({left} EXCEPT {right}) UNION ALL ({right} EXCEPT {left}))").fetchall()
        assert rows == [], left
    for table in ("likes_given", "bookmarks_given", "reposts_given", "replies_received", "conversation_posts"):
        column = "reply_id" if table == "replies_received" else "post_id"
        lost = f"SELECT count(*) FROM s0000.{table} t WHERE NOT EXISTS (SELECT FROM s0000.posts WHERE id = t.{column})"
        assert owner.execute(lost).fetchone() == (0,), table


def test_a_storm_of_everything_on_few_posts_leaves_every_count_right(busy_site, people, owner):
    posts = [busy_site.posts.publish(people[number % 2], f"post {number}") for number in range(3)]

    def storm(number):
        random, me = Random(number), people[number]
        for _ in range(14):
            post_id, deed = random.choice(posts), random.randrange(7)
            with suppress(NotFoundError):
                (
                    busy_site.posts.like, busy_site.posts.unlike, busy_site.posts.repost, busy_site.posts.unrepost,
                    busy_site.posts.bookmark, busy_site.posts.unbookmark,
                    lambda me, post_id: busy_site.posts.publish(me, "reply", parent_id=post_id),
                )[deed](me, post_id)  # fmt: skip

    at_once([partial(storm, number) for number in range(THREADS)])

    nothing_dangles(owner)


def test_deleting_a_post_that_everyone_spreads_answers_and_likes_leaves_nothing_of_it(busy_site, people, owner):
    for _ in range(4):
        post_id = busy_site.posts.publish(people[0], "short-lived #tea")

        def use(me, post_id=post_id):
            # Refused, when the post went first.
            with suppress(NotFoundError, InvalidInputError):
                busy_site.posts.repost(me, post_id)
                busy_site.posts.bookmark(me, post_id)
                busy_site.posts.unrepost(me, post_id)
                busy_site.posts.repost(me, post_id)
                busy_site.posts.publish(me, "reply", parent_id=post_id)
                busy_site.posts.like(me, post_id)

        at_once([partial(use, me) for me in people[1:]] + [partial(busy_site.posts.delete, people[0], post_id)])

    nothing_dangles(owner)
    assert owner.execute("SELECT count(*) FROM s0000.posts WHERE repost_of IS NOT NULL").fetchone() == (0,)
    assert owner.execute("SELECT count(*) FROM s0000.tag_index").fetchone() == (0,)


def test_replies_that_come_and_go_while_others_come_are_counted_right(busy_site, people, owner):
    root = busy_site.posts.publish(people[0], "root")

    def talk(me):
        for _ in range(6):
            reply = busy_site.posts.publish(me, "reply", parent_id=root)
            busy_site.posts.publish(me, "reply to the reply", parent_id=reply)
            busy_site.posts.delete(me, reply)

    at_once([partial(talk, me) for me in people])

    nothing_dangles(owner)
    assert busy_site.posts.read(None, root).replies == 0


def test_one_key_sent_many_times_at_once_publishes_one_post(busy_site, people, owner):
    me = people[0]
    ids = at_once([partial(busy_site.posts.publish, me, "once", key="the form's key")] * THREADS)
    assert len(set(ids)) == 1
    assert owner.execute("SELECT id FROM s0000.posts").fetchall() == [(ids[0],)]
    at_once([partial(busy_site.posts.publish, me, "twice", key=f"key {number % 2}") for number in range(THREADS)])
    assert owner.execute("SELECT count(*) FROM s0000.posts").fetchone() == (3,)


def test_two_last_pins_at_once_stay_within_the_limit(busy_site, people, owner):
    me = people[0]
    ids = [busy_site.posts.publish(me, f"post {number}") for number in range(PINS_MAX + 1)]
    for post_id in ids[:-2]:
        busy_site.posts.pin(me, post_id)

    def pin(post_id):
        with suppress(InvalidInputError):
            busy_site.posts.pin(me, post_id)

    # Both have come as far as they can before either is done.
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as other, ThreadPoolExecutor(2) as pool:
        other.execute("SELECT FROM s0000.author_stats WHERE author_id = %s FOR UPDATE", [me.account_id])
        pins = [pool.submit(pin, post_id) for post_id in ids[-2:]]
        deadline_s = time.monotonic() + WAIT_S
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
        while other.execute(waiting).fetchone() != (2,):
            assert time.monotonic() < deadline_s
            assert not any(future.done() for future in pins), "a pin does not wait for another"
            time.sleep(0.01)
        other.rollback()
        for future in pins:
            future.result(WAIT_S)
    assert owner.execute("SELECT count(*) FROM s0000.posts WHERE pinned").fetchone() == (PINS_MAX,)


def test_everyone_in_a_conversation_writes_deletes_and_reads_at_once(busy_site, people, owner):
    conversation_id = busy_site.conversations.start(people[0], "p1 p2 p3 p4 p5", "hello all")
    everyone = [person.account_id for person in people]

    def chat(me):
        for _ in range(4):
            busy_site.conversations.write(me, conversation_id, "and another thing")
            post_id = busy_site.posts.publish(me, "oops", visibility=Visibility.DIRECT, recipients=everyone)
            busy_site.conversations.mark_read(me, conversation_id)
            busy_site.posts.delete(me, post_id)

    at_once([partial(chat, me) for me in people])

    nothing_dangles(owner)
    newest = owner.execute("SELECT max(id) FROM s0000.posts").fetchone()[0]
    rows = owner.execute("SELECT conversation_id, last_post_id FROM s0000.conversations").fetchall()
    assert rows == [(conversation_id, newest)] * THREADS
    assert owner.execute("SELECT count(*) FROM s0000.conversation_posts").fetchone() == ((1 + 4 * THREADS) * THREADS,)


def test_editing_at_once_loses_no_wording(busy_site, people, owner):
    me = people[0]
    post_id = busy_site.posts.publish(me, "wording 0 #tag0")
    at_once([partial(busy_site.posts.edit, me, post_id, f"wording {n} #tag{n}") for n in range(1, THREADS + 1)])
    texts = [version.text for version in busy_site.posts.history(me, post_id)]
    assert sorted(texts) == [f"wording {n} #tag{n}" for n in range(THREADS + 1)]
    tagged = owner.execute("SELECT h.name FROM s0000.tag_index t JOIN g.hashtag h ON h.id = t.tag_id").fetchall()
    assert tagged == [(texts[-1].rpartition("#")[2],)]
