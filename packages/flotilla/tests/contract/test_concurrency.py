"""Many at once: storms of likes and follows, publishing while deleting, and servers that fork."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import psycopg
import pytest

from flotilla.errors import InvalidInputError, NotFoundError, UnavailableError
from flotilla.social import open_site
from flotilla.store.ids import make_id

THREADS = 8
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


def test_two_storms_of_likes_end_without_deadlock_and_every_count_is_its_rows(busy_site, people, owner):
    posts = [busy_site.posts.publish(people[0], f"post {number}") for number in range(2)]

    def storm(number):
        # Half of them go through the posts in the other order; everyone ends with a like, or without.
        mine = posts if number % 2 else posts[::-1]
        for turn in range(12):
            for post_id in mine:
                (busy_site.posts.like if turn % 2 == 0 else busy_site.posts.unlike)(people[number // 2], post_id)
        if number // 2 % 2:
            for post_id in mine:
                busy_site.posts.like(people[number // 2], post_id)

    at_once([lambda number=number: storm(number) for number in range(THREADS)])
    rows = owner.execute(
        "SELECT s.likes, (SELECT count(*) FROM s0000.likes_received r WHERE r.post_id = s.post_id),"
        " (SELECT count(*) FROM s0000.likes_given g WHERE g.post_id = s.post_id) FROM s0000.post_stats s"
    ).fetchall()
    assert len(rows) == 2
    assert all(likes == received == given for likes, received, given in rows), rows


def test_a_post_that_everyone_likes_while_it_is_deleted_leaves_no_like(busy_site, people, owner):
    for _ in range(10):
        post_id = busy_site.posts.publish(people[0], "hello")

        def like(person, post_id=post_id):
            try:
                busy_site.posts.like(person, post_id)
                busy_site.posts.unlike(person, post_id)
                busy_site.posts.like(person, post_id)
            except NotFoundError:
                pass

        likes = [lambda person=person: like(person) for person in people[1:]]
        at_once([*likes, lambda post_id=post_id: busy_site.posts.delete(people[0], post_id)])
    for table in ("likes_given", "likes_received", "post_stats", "posts"):
        assert owner.execute(f"SELECT count(*) FROM s0000.{table}").fetchone() == (0,), table


def test_people_who_follow_each_other_at_the_same_moment_do_not_deadlock(busy_site, people, owner):
    def follow_all(me):
        for turn in range(4):
            for other in people:
                if other != me:
                    (busy_site.follows.follow if turn % 2 == 0 else busy_site.follows.unfollow)(me, other.handle)
        busy_site.follows.follow(me, people[people.index(me) - 1].handle)

    at_once([lambda me=me: follow_all(me) for me in people])
    counts = owner.execute("SELECT followers, following FROM s0000.author_stats").fetchall()
    assert counts == [(1, 1)] * THREADS
    assert owner.execute("SELECT count(*) FROM s0000.followers").fetchone() == (THREADS,)


def test_the_newest_post_is_right_when_one_person_posts_and_deletes_at_once(busy_site, people, owner):
    me = people[0]

    def post_and_delete():
        for _ in range(8):
            busy_site.posts.delete(me, busy_site.posts.publish(me, "short-lived"))
            busy_site.posts.publish(me, "stays")

    at_once([post_and_delete] * THREADS)
    stats = owner.execute("SELECT last_post_id, posts FROM s0000.author_stats WHERE author_id = %s", [me.account_id])
    assert stats.fetchone() == owner.execute("SELECT max(id), count(*) FROM s0000.posts").fetchone()


def while_blocked(site, owner, deed, change):
    """Do the deed while another transaction holds the author's row; that one changes it and commits in between."""
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT FROM s0000.author_stats FOR UPDATE")
        done = pool.submit(deed)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
        deadline_s = time.monotonic() + WAIT_S
        while other.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < deadline_s, "the deed does not wait for the author's row"
            time.sleep(0.01)
        for statement in change:
            other.execute(*statement)
        other.commit()
        return done.result(WAIT_S)


def a_later_post(author):
    post_id = make_id(since_epoch_ms=2**39, bucket=0, sequence=0)
    return post_id, [
        ("INSERT INTO s0000.posts VALUES (%s, %s, 'later')", [post_id, author.account_id]),
        ("UPDATE s0000.author_stats SET last_post_id = %s WHERE author_id = %s", [post_id, author.account_id]),
    ]


def test_deleting_a_post_does_not_overlook_a_newer_one_committed_meanwhile(busy_site, people, owner):
    author = people[0]
    newest = busy_site.posts.publish(author, "the newest, for now")
    later, change = a_later_post(author)
    while_blocked(busy_site, owner, lambda: busy_site.posts.delete(author, newest), change)
    found = owner.execute("SELECT last_post_id FROM s0000.author_stats WHERE author_id = %s", [author.account_id])
    assert found.fetchone() == (later,)


def test_publishing_does_not_take_the_place_of_a_newer_post_committed_meanwhile(busy_site, people, owner):
    author = people[0]
    later, change = a_later_post(author)
    assert while_blocked(busy_site, owner, lambda: busy_site.posts.publish(author, "slow"), change) < later
    found = owner.execute("SELECT last_post_id FROM s0000.author_stats WHERE author_id = %s", [author.account_id])
    assert found.fetchone() == (later,)


def test_the_same_new_hashtags_from_many_at_once_become_one_each(busy_site, people, owner):
    for turn in range(4):
        tags = [f"#new{turn}{letter}" for letter in "abcd"]
        deeds = [
            partial(busy_site.posts.publish, me, " ".join(tags[::order]))
            for me, order in zip(people, [1, -1] * 4, strict=True)
        ]
        at_once(deeds)
    assert owner.execute("SELECT count(*), count(DISTINCT name) FROM g.hashtag").fetchone() == (16, 16)
    assert len(busy_site.timelines.hashtag(None, "new0a").items) == THREADS


def test_one_handle_taken_by_many_at_once_is_given_to_one(busy_site, owner):
    def sign_up():
        try:
            return busy_site.accounts.sign_up(handle="wanted", password="correct horse")
        except InvalidInputError as error:
            return error

    answers = at_once([sign_up] * THREADS)
    assert sum(hasattr(answer, "token") for answer in answers) == 1
    assert sum(getattr(answer, "problems", None) is not None for answer in answers) == THREADS - 1


def test_a_site_used_before_a_fork_gives_each_process_connections_of_its_own(settings):
    site = open_site(replace(settings, pool_size=1))
    try:
        viewer = site.accounts.sign_up(handle="ada", password="correct horse").viewer
        before = backend(site)
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            # In the child: any exception must end here, not in pytest.
            try:
                for number in range(20):
                    site.posts.publish(viewer, f"from the child {number}")
                os.write(tell, str(backend(site)).encode())
                site.close()
            finally:
                os._exit(0)
        os.close(tell)
        for number in range(20):
            site.posts.publish(viewer, f"from the parent {number}")
        try:
            in_child = int(os.read(told, 100) or b"0")
        finally:
            os.close(told)
            ended = threading.Timer(WAIT_S, os.kill, (child, signal.SIGKILL))
            ended.start()
            os.waitpid(child, 0)
            ended.cancel()
        assert in_child not in {0, before}
        assert backend(site) == before
        assert site.timelines.profile(None, "ada").profile.posts == 40
    finally:
        site.close()


def backend(site):
    with site.database.read() as work:
        return work.connection.info.backend_pid


def test_more_requests_than_connections_wait_and_then_are_refused(settings):
    site = open_site(replace(settings, pool_size=1, pool_wait_s=0.3))
    try:
        site.ping()
        with site.database.read(), pytest.raises(UnavailableError):
            site.ping()
        site.ping()
    finally:
        site.close()


def test_a_statement_that_takes_too_long_is_given_up(settings):
    site = open_site(replace(settings, statement_timeout_s=0.2, lock_timeout_s=0.1))
    try:
        viewer = site.accounts.sign_up(handle="ada", password="correct horse").viewer
        with psycopg.connect(settings.owner_url) as other:
            other.execute("LOCK TABLE s0000.posts IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(UnavailableError, match="lock timeout"):
                site.posts.publish(viewer, "hello")
        site.posts.publish(viewer, "hello")
        with pytest.raises(UnavailableError, match="statement timeout"), site.database.read() as work:
            work.one("SELECT pg_sleep(5)", {})
    finally:
        site.close()


def test_after_the_database_ended_every_resting_connection_no_request_fails(settings, owner, database_server):
    site = open_site(replace(settings, pool_size=3))
    try:
        with site.database.read(), site.database.read(), site.database.read():
            pass
        database_server.run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE datname = '{owner.info.dbname}' AND usename = 'flotilla_app'"
        )
        for _ in range(6):
            site.ping()
    finally:
        site.close()
