"""Likes, follows and read markers stored together: each as if it were alone, none lost, counts equal to rows."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import psycopg
import pytest
import structlog

from flotilla.errors import FlotillaError, NotFoundError
from flotilla.social import Visibility, open_site
from flotilla.social.checkup import check_up
from flotilla.store.ids import MAX_ID

THREADS = 8
WAIT_S = 60


def opened(settings, **changes):
    patient = {"pool_size": 2 * THREADS, "pool_wait_s": 30, "lock_timeout_s": 20, "statement_timeout_s": 20}
    return open_site(replace(settings, **(patient | {"batch_ms": 5.0} | changes)))


@pytest.fixture
def batching(settings):
    """A site whose batches wait for the one before, however long that takes: who is in which batch is certain."""
    site = opened(settings, batch_ms=1000.0 * WAIT_S)
    yield site
    site.close()


@pytest.fixture
def sizes(batching):
    """Kind and size of each batch of that site."""
    told = []
    batching.together.watch(lambda kind, size: told.append((kind, size)))
    return told


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(THREADS)]


def until(is_so):
    deadline_s = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


@contextmanager
def held(owner, statement, *parameters):
    """Another transaction holds what the statement names, until the block ends; yields that connection."""
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as other:
        other.execute(statement, parameters)
        yield other
        other.rollback()


def in_one_batch(batching, owner, first, held_row, deeds):
    """Do `first`, which waits for the row, and meanwhile the deeds: one batch of them all; what became of each."""
    with ThreadPoolExecutor(len(deeds) + 1) as pool, structlog.testing.capture_logs() as logs:
        with held(owner, *held_row) as other:
            blocker = pool.submit(first)
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
            until(lambda: other.execute(waiting).fetchone() != (0,))
            done = [pool.submit(outcome, deed) for deed in deeds]
            batches = (batching.together._likes, batching.together._follows, batching.together._reads)
            until(lambda: sum(len(batch._waiting) for batch in batches) == len(deeds))
        blocker.result(WAIT_S)
        answers = [future.result(WAIT_S) for future in done]
    assert not [line for line in logs if "done again" in line["event"]], "the batch failed, and each did it alone"
    return answers


def outcome(deed):
    """What a deed gave, or the sentence with which it was refused."""
    try:
        return deed()
    except FlotillaError as error:
        return type(error).__name__, str(error)


def test_each_like_of_a_batch_gets_the_answer_it_would_get_alone(site, batching, sizes, people, owner):
    ada, bob, cy, dan, *_ = people
    post, other = site.posts.publish(ada, "hello"), site.posts.publish(ada, "and more")
    secret = site.posts.publish(ada, "psst @p2", visibility=Visibility.DIRECT)
    inside = site.posts.publish(ada, "friends", visibility=Visibility.FOLLOWERS)
    gone = site.posts.publish(ada, "gone")
    site.posts.delete(ada, gone)
    spread = site.posts.repost(bob, other)
    site.follows.follow(bob, ada.handle)
    site.blocks.block(ada, dan.handle)
    site.posts.like(cy, other)
    asked = [
        (bob, post), (bob, post), (cy, post), (ada, post), (cy, other), (dan, post), (dan, other), (cy, secret),
        (dan, secret), (bob, inside), (cy, inside), (bob, gone), (cy, spread),
    ]  # fmt: skip
    hold = ("SELECT FROM s0000.post_stats WHERE post_id = %s FOR UPDATE", inside)
    answers = in_one_batch(
        batching,
        owner,
        partial(batching.posts.like, ada, inside),
        hold,
        [partial(batching.posts.like, *key) for key in asked],
    )
    # Likes of one post are counted one after the other, whoever came first.
    assert sizes == [("likes", 1), ("likes", len(asked))]
    assert sorted(answers[:4]) == [1, 1, 2, 3]
    assert (answers[4], answers[7], answers[9], answers[12]) == (1, 1, 2, 1)
    for key, answer in zip(asked, answers, strict=True):
        if not isinstance(answer, int):
            assert answer == outcome(partial(site.posts.like, *key)), key
    assert [isinstance(answer, int) for answer in answers].count(False) == 5
    (line,) = [group for group in site.notifications.page(ada).items if group.post and group.post.id == post]
    assert (line.count, {actor.handle for actor in line.actors}) == (2, {"p1", "p2"})
    assert check_up(site.database, site.files) == ()


def test_each_follow_of_a_batch_gets_the_answer_it_would_get_alone(site, batching, sizes, people, owner):
    ada, bob, cy, dan, eve, fay, *_ = people
    site.follows.set_locked(eve, locked=True)
    site.blocks.block(fay, bob.handle)
    site.follows.follow(cy, bob.handle)
    site.follows.follow(people[6], ada.handle)
    asked = [
        (ada, "p1"), (bob, ada.account_id), (cy, "P0 "), (cy, "p1"), (dan, "p4"), (eve, "nobody"), (fay, fay.handle),
        (people[6], "p0"),
    ]  # fmt: skip
    hold = ("SELECT FROM s0000.author_stats WHERE author_id = %s FOR UPDATE", people[6].account_id)
    answers = in_one_batch(
        batching,
        owner,
        partial(batching.follows.follow, people[7], people[6].handle),
        hold,
        [partial(batching.follows.follow, *key) for key in asked],
    )
    assert sizes == [("follows", 1), ("follows", len(asked))]
    for key, answer in zip(asked, answers, strict=True):
        assert answer == outcome(partial(site.follows.follow, *key)), key
    assert outcome(partial(batching.follows.follow, bob, fay.handle)) == outcome(
        partial(site.follows.follow, bob, fay.handle)
    )
    edges = owner.execute("SELECT follower_id, followee_id FROM s0000.following").fetchall()
    expected = [(7, 6), (2, 1), (0, 1), (1, 0), (2, 0), (6, 0)]
    assert set(edges) == {(people[one].account_id, people[other].account_id) for one, other in expected}
    assert [person.handle for person in site.relations.requests(eve).items] == ["p3"]
    (line,) = site.notifications.page(ada).items
    assert (line.kind.name, line.count) == ("FOLLOW", 3)
    assert check_up(site.database, site.files) == ()


def test_markers_of_a_batch_never_move_back(site, batching, sizes, people, owner):
    ada, bob, *_ = people
    site.notifications.read_up_to(bob, "home", 50)
    hold = ("LOCK TABLE s0000.markers IN EXCLUSIVE MODE",)
    moves = [(ada, "home", 7), (ada, "home", 9), (ada, "home", 8), (ada, "notifications", 3), (bob, "home", 49)]
    in_one_batch(
        batching,
        owner,
        partial(batching.notifications.read_up_to, ada, "home", 5),
        hold,
        [partial(batching.notifications.read_up_to, *move) for move in moves],
    )
    assert sizes == [("markers", 1), ("markers", len(moves))]
    assert {marker.timeline: marker.last_read_id for marker in site.notifications.markers(ada)} == {
        "home": 9,
        "notifications": 3,
    }
    assert [marker.last_read_id for marker in site.notifications.markers(bob)] == [50]


def test_whoever_waits_in_vain_for_a_post_fails_alone(site, settings, people, owner):
    busy, free = (site.posts.publish(people[0], text) for text in ("busy", "free"))
    impatient = opened(settings, batch_ms=1000.0 * WAIT_S, lock_timeout_s=0.3)
    try:
        with (
            held(owner, "SELECT FROM s0000.post_stats WHERE post_id = %s FOR UPDATE", busy),
            ThreadPoolExecutor(3) as pool,
            structlog.testing.capture_logs(),
        ):
            likes = [
                pool.submit(outcome, partial(impatient.posts.like, person, post_id))
                for person, post_id in [(people[1], busy), (people[2], busy), (people[3], free)]
            ]
            answers = [like.result(WAIT_S) for like in likes]
        assert (answers[0][0], answers[1][0], answers[2]) == ("UnavailableError", "UnavailableError", 1)
    finally:
        impatient.close()


def at_once(deeds):
    start = threading.Barrier(len(deeds), timeout=WAIT_S)

    def run(deed):
        start.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result(WAIT_S) for future in [pool.submit(run, deed) for deed in deeds]]


def test_storms_in_two_processes_worth_of_batches_end_without_deadlock_and_every_count_is_its_rows(
    settings, site, people, owner
):
    posts = [site.posts.publish(people[0], f"post {number}") for number in range(4)]
    sites = [opened(settings) for _ in range(2)]

    def storm(number):
        # Half go through posts and people in the other order; some delete, some undo, all follow and unfollow.
        mine, me = sites[number % 2], people[number // 2]
        order = 1 if number % 4 < 2 else -1
        for turn in range(7):
            for post_id in posts[::order]:
                try:
                    (mine.posts.unlike if turn % 3 == 1 else mine.posts.like)(me, post_id)
                except NotFoundError:
                    assert post_id == posts[3]
            for other in people[::order]:
                if other != me:
                    (mine.follows.unfollow if turn % 3 == 1 else mine.follows.follow)(me, other.handle)
            if number == 0 and turn == 4:
                mine.posts.delete(me, posts[3])

    try:
        with structlog.testing.capture_logs() as logs:
            at_once([partial(storm, number) for number in range(2 * THREADS)])
        assert not [line for line in logs if "deadlock" in str(line)], logs
        assert check_up(site.database, site.files) == ()
        likes = owner.execute("SELECT post_id, likes FROM s0000.post_stats ORDER BY post_id").fetchall()
        assert likes == [(post_id, THREADS) for post_id in posts[:3]]
        counts = owner.execute("SELECT followers, following FROM s0000.author_stats").fetchall()
        assert counts == [(THREADS - 1, THREADS - 1)] * THREADS
    finally:
        for each in sites:
            each.close()


def in_a_child(settings, likes, tell):
    """Never returns: likes until it is killed, and tells of each like once it is acknowledged."""
    try:
        site = opened(settings)
        with ThreadPoolExecutor(THREADS) as pool:
            for person in likes:
                pool.submit(_like_all, site, person, likes[person], tell)
    finally:
        os._exit(1)


def _like_all(site, person, post_ids, tell):
    for post_id in post_ids:
        site.posts.like(person, post_id)
        os.write(tell, f"{person.account_id} {post_id}\n".encode())


def test_kill_9_in_the_middle_of_batches_loses_no_like_that_was_acknowledged(settings, site, people, owner):
    posts = [site.posts.publish(people[0], f"post {number}") for number in range(150)]
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        in_a_child(settings, dict.fromkeys(people, posts), tell)
    os.close(tell)
    try:
        heard = b""
        while heard.count(b"\n") < 100:
            more = os.read(told, 4096)
            assert more, "the child ended by itself"
            heard += more
        os.kill(child, signal.SIGKILL)
        while more := os.read(told, 4096):
            heard += more
    finally:
        os.close(told)
        _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    # PostgreSQL may still be at what the dead process had sent.
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'flotilla_app' AND pid <> ALL(%s)"
    with site.database.read() as work:
        mine = [work.connection.info.backend_pid]
    until(lambda: owner.execute(sessions + " AND state = 'active'", [mine]).fetchone() == (0,))
    acknowledged = {tuple(map(int, line.split())) for line in heard.decode().splitlines()}
    stored = set(owner.execute("SELECT account_id, post_id FROM s0000.likes_received").fetchall())
    assert 100 <= len(acknowledged) < THREADS * len(posts)
    assert acknowledged <= stored
    assert check_up(site.database, site.files) == ()


def test_a_site_that_batched_before_a_fork_batches_in_parent_and_child(settings, people, owner):
    site = opened(settings)
    posts = [site.posts.publish(people[0], text) for text in ("one", "two", "three")]
    site.posts.like(people[1], posts[0])
    # As a server forks in the middle of work: a thread that the child does not have holds the lock.
    likes, held_up, go_on = site.together._likes, threading.Event(), threading.Event()

    def hold():
        with likes._changed:
            held_up.set()
            go_on.wait(WAIT_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held_up.wait(WAIT_S)
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(20)
            os._exit(site.posts.like(people[2], posts[1]) != 1)
        finally:
            os._exit(2)
    go_on.set()
    holder.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert site.posts.like(people[3], posts[1]) == 2
    site.close()


def test_ids_that_no_row_can_have_are_refused_as_ever(batching, sizes, people):
    for post_id in (0, -1, MAX_ID + 1):
        with pytest.raises(NotFoundError):
            batching.posts.like(people[0], post_id)
    with pytest.raises(NotFoundError):
        batching.follows.follow(people[0], MAX_ID + 1)
    assert sizes == []
