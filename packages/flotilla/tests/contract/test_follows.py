"""Following, asking to, blocking and muting, on the real PostgreSQL."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random

import psycopg
import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import open_site

THREADS = 8
WAIT_S = 60

EDGES = (
    ("following", "follower_id", "followee_id", "followers", "followee_id", "follower_id"),
    (
        "follow_requests",
        "requester_id",
        "target_id",
        "follow_requests_received",
        "target_id",
        "requester_id",
    ),
    ("blocks", "account_id", "target_id", "blocked_by", "account_id", "by_id"),
)


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=handle, password="correct horse").viewer for handle in ("ada", "bob", "cy")]


def edges(owner, kind):
    """The edges of a kind, (from, to); checked to be their mirror rows too."""
    table, source, target, mirror, mirror_of, mirror_from = next(edge for edge in EDGES if edge[0] == kind)
    found = set(owner.execute(f"SELECT {source}, {target} FROM s0000.{table}").fetchall())
    assert found == set(owner.execute(f"SELECT {mirror_from}, {mirror_of} FROM s0000.{mirror}").fetchall())
    return found


def test_whoever_is_locked_is_asked_and_may_let_in_or_refuse(site, people, owner):
    ada, bob, cy = people
    site.follows.set_locked(ada, locked=True)
    site.follows.follow(bob, "ada")
    site.follows.follow(bob, "ada")
    site.follows.follow(cy, ada.account_id)
    asked = {(bob.account_id, ada.account_id), (cy.account_id, ada.account_id)}
    assert (edges(owner, "follow_requests"), edges(owner, "following")) == (asked, set())
    site.follows.authorize(ada, "bob")
    site.follows.reject(ada, "cy")
    assert edges(owner, "follow_requests") == set()
    assert edges(owner, "following") == {(bob.account_id, ada.account_id)}
    with pytest.raises(NotFoundError, match="does not ask"):
        site.follows.authorize(ada, "cy")
    site.follows.authorize(ada, "bob")  # pressed twice
    assert site.timelines.profile(ada, "ada").profile.followers == 1


def test_a_request_can_be_taken_back(site, people, owner):
    ada, bob, _ = people
    site.follows.set_locked(ada, locked=True)
    site.follows.follow(bob, "ada")
    site.follows.unfollow(bob, "ada")
    assert edges(owner, "follow_requests") == set()


def test_whoever_follows_already_keeps_following_when_the_account_is_locked(site, people, owner):
    ada, bob, _ = people
    site.follows.follow(bob, "ada")
    site.follows.set_locked(ada, locked=True)
    site.follows.follow(bob, "ada")
    assert (len(edges(owner, "following")), len(edges(owner, "follow_requests"))) == (1, 0)


def test_unlocking_lets_everyone_in_who_waits(site, people, owner, monkeypatch):
    monkeypatch.setattr("flotilla.social.follows.LET_IN_AT_ONCE", 2)
    ada, *others = people
    others += [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(3)]
    site.follows.set_locked(ada, locked=True)
    for other in others:
        site.follows.follow(other, "ada")
    site.follows.set_locked(ada, locked=False)
    assert edges(owner, "following") == {(other.account_id, ada.account_id) for other in others}
    assert edges(owner, "follow_requests") == set()
    assert site.timelines.profile(ada, "ada").profile.followers == len(others)


def test_while_those_who_wait_are_let_in_one_may_follow_at_once_and_a_new_lock_stops_it(site_with, owner):
    site = site_with(jobs=True)
    ada, bob, cy = [
        site.accounts.sign_up(handle=handle, password="correct horse").viewer for handle in ("ada", "bob", "cy")
    ]
    site.follows.set_locked(ada, locked=True)
    for other in (bob, cy):
        site.follows.follow(other, "ada")
    site.follows.set_locked(ada, locked=False)
    site.follows.follow(bob, "ada")
    assert edges(owner, "follow_requests") == {(cy.account_id, ada.account_id)}
    site.follows.set_locked(ada, locked=True)
    while site.background.do_next(("default",)):
        pass
    assert edges(owner, "following") == {(bob.account_id, ada.account_id)}
    site.follows.set_locked(ada, locked=False)
    while site.background.do_next(("default",)):
        pass
    assert edges(owner, "following") == {(bob.account_id, ada.account_id), (cy.account_id, ada.account_id)}
    assert edges(owner, "follow_requests") == set()


def test_a_block_ends_follows_and_requests_in_both_directions(site, people, owner):
    ada, bob, cy = people
    site.follows.follow(ada, "bob")
    site.follows.follow(bob, "ada")
    site.follows.follow(bob, "cy")
    site.follows.set_locked(cy, locked=True)
    site.follows.follow(ada, "cy")
    site.blocks.block(ada, "bob")
    site.blocks.block(ada, "bob")
    site.blocks.block(cy, "ada")
    assert edges(owner, "following") == {(bob.account_id, cy.account_id)}
    assert edges(owner, "follow_requests") == set()
    assert edges(owner, "blocks") == {(ada.account_id, bob.account_id), (cy.account_id, ada.account_id)}
    for viewer, counts in ((ada, (0, 0)), (bob, (0, 1)), (cy, (1, 0))):
        shown = site.timelines.profile(viewer, viewer.handle).profile
        assert (shown.followers, shown.following) == counts


def test_nobody_follows_across_a_block_and_only_its_maker_is_told(site, people, owner):
    ada, bob, _ = people
    site.blocks.block(ada, "bob")
    with pytest.raises(ForbiddenError, match="You block this person"):
        site.follows.follow(ada, "bob")
    with pytest.raises(NotFoundError, match="There is nobody with this handle"):
        site.follows.follow(bob, "ada")
    assert edges(owner, "following") == set()
    site.blocks.unblock(ada, "bob")
    assert edges(owner, "blocks") == set()
    site.follows.follow(bob, "ada")
    assert edges(owner, "following") == {(bob.account_id, ada.account_id)}


def test_a_follower_can_be_removed(site, people, owner):
    ada, bob, _ = people
    site.follows.follow(bob, "ada")
    site.follows.remove_follower(ada, "bob")
    assert edges(owner, "following") == set()


def test_what_somebody_reposts_can_be_hidden_and_shown_again(site, people, owner):
    ada, _, _ = people
    shown = "SELECT show_reposts FROM s0000.following"
    site.follows.follow(ada, "bob")
    assert owner.execute(shown).fetchall() == [(True,)]
    site.follows.follow(ada, "bob", show_reposts=False)
    site.follows.follow(ada, "bob")
    assert owner.execute(shown).fetchall() == [(False,)]
    site.follows.follow(ada, "bob", show_reposts=True)
    assert owner.execute(shown).fetchall() == [(True,)]


def test_a_mute_lasts_as_long_as_was_asked_and_the_last_one_counts(site, people, owner):
    ada, _, _ = people
    left = "SELECT round(extract(epoch FROM expires_at - now()) / 60)::int, notifications FROM s0000.mutes"
    site.blocks.mute(ada, "bob", lifetime=timedelta(hours=1), notifications=False)
    assert owner.execute(left).fetchall() == [(60, False)]
    site.blocks.mute(ada, "bob")
    assert owner.execute(left).fetchall() == [(None, True)]
    site.blocks.unmute(ada, "bob")
    assert owner.execute(left).fetchall() == []


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(seconds=-1), timedelta(days=367)])
def test_a_mute_of_no_time_or_of_more_than_a_year_is_refused(site, people, lifetime):
    with pytest.raises(InvalidInputError, match="A mute lasts up to a year"):
        site.blocks.mute(people[0], "bob", lifetime=lifetime)


def test_nobody_follows_blocks_or_mutes_themselves_or_nobody(site, people):
    ada = people[0]
    for deed in (site.follows.follow, site.blocks.block, site.blocks.mute):
        with pytest.raises(InvalidInputError, match="themselves"):
            deed(ada, "Ada")
        for nobody in ("nobody", "not a handle", 0, -1, 2**63, 12345):
            with pytest.raises(NotFoundError, match="nobody with this handle"):
                deed(ada, nobody)


def test_there_is_an_end_to_how_many_one_follows(site, people, monkeypatch):
    monkeypatch.setattr("flotilla.social.follows.FOLLOWING_MAX", 1)
    ada, bob, _ = people
    site.follows.follow(ada, "bob")
    with pytest.raises(InvalidInputError, match="more than 1 "):
        site.follows.follow(ada, "cy")
    site.follows.follow(bob, "cy")


@pytest.fixture
def busy_site(settings):
    site = open_site(replace(settings, pool_size=THREADS, pool_wait_s=30, lock_timeout_s=20, statement_timeout_s=20))
    yield site
    site.close()


@pytest.fixture
def crowd(busy_site):
    return [busy_site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(THREADS)]


def at_once(deeds):
    """Run the deeds in a thread each, all starting together; raises what any of them raised."""
    start = threading.Barrier(len(deeds), timeout=WAIT_S)

    def run(deed):
        start.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result(WAIT_S) for future in [pool.submit(run, deed) for deed in deeds]]


def counts_are_rows(owner):
    rows = owner.execute(
        "SELECT s.following, (SELECT count(*) FROM s0000.following f WHERE f.follower_id = s.author_id), s.followers,"
        " (SELECT count(*) FROM s0000.followers f WHERE f.followee_id = s.author_id) FROM s0000.author_stats s"
    ).fetchall()
    assert all(following == out and followers == back for following, out, followers, back in rows), rows


def test_a_storm_of_follows_and_blocks_keeps_counts_and_mirrors_and_lets_no_follow_across_a_block(
    busy_site, crowd, owner
):
    few = crowd[:4]  # so that they meet

    def storm(number):
        random, me = Random(number), few[number % len(few)]
        deeds = (
            busy_site.follows.follow,
            busy_site.follows.follow,
            busy_site.follows.unfollow,
            busy_site.blocks.block,
            busy_site.blocks.unblock,
            busy_site.follows.authorize,
        )
        for _ in range(25):
            other = random.choice([person for person in few if person != me])
            with suppress(ForbiddenError, NotFoundError):
                random.choice(deeds)(me, other.handle)
            busy_site.follows.set_locked(me, locked=random.random() < 0.3)

    at_once([lambda number=number: storm(number) for number in range(THREADS)])
    counts_are_rows(owner)
    follows, blocks, requests = edges(owner, "following"), edges(owner, "blocks"), edges(owner, "follow_requests")
    separated = blocks | {(to, source) for source, to in blocks}
    assert not follows & separated
    assert not requests & separated
    assert not requests & follows
    locked = dict(owner.execute("SELECT account_id, locked FROM s0000.profile").fetchall())
    assert all(locked[to] for _, to in requests), "nobody waits in front of an open door"


def test_one_request_let_in_twice_at_once_is_one_follow(busy_site, crowd, owner):
    ada, *others = crowd
    busy_site.follows.set_locked(ada, locked=True)
    for other in others:
        busy_site.follows.follow(other, ada.handle)

    def let_all_in(turn):
        for other in others if turn % 2 else others[::-1]:
            busy_site.follows.authorize(ada, other.handle)

    at_once([lambda turn=turn: let_all_in(turn) for turn in range(4)])
    counts_are_rows(owner)
    assert edges(owner, "following") == {(other.account_id, ada.account_id) for other in others}


def test_people_who_block_each_other_at_the_same_moment_do_not_deadlock(busy_site, crowd, owner):
    for one, other in zip(crowd, [*crowd[1:], crowd[0]], strict=True):
        busy_site.follows.follow(one, other.handle)
        busy_site.follows.follow(other, one.handle)
    at_once(
        [lambda me=me: [busy_site.blocks.block(me, other.handle) for other in crowd if other != me] for me in crowd]
    )
    counts_are_rows(owner)
    assert edges(owner, "following") == set()
    assert len(edges(owner, "blocks")) == THREADS * (THREADS - 1)


def after_waiting(owner, holding, deed):
    """Begin the deed while another transaction holds everybody's counts and changes something, which it then keeps."""
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT FROM s0000.author_stats FOR NO KEY UPDATE")
        for statement, parameters in holding:
            other.execute(statement, parameters)
        done = pool.submit(deed)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
        deadline_s = time.monotonic() + WAIT_S
        while other.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < deadline_s, "the deed does not wait for anybody's counts"
            time.sleep(0.01)
        other.commit()
        return done.result(WAIT_S)


def test_no_follow_slips_past_a_block_made_at_the_same_moment(busy_site, crowd, owner):
    one, other = crowd[:2]
    block = [
        ("INSERT INTO s0000.blocks VALUES (%s, %s)", [one.account_id, other.account_id]),
        ("INSERT INTO s0000.blocked_by VALUES (%s, %s)", [other.account_id, one.account_id]),
    ]
    with pytest.raises(NotFoundError):
        after_waiting(owner, block, lambda: busy_site.follows.follow(other, one.handle))
    assert edges(owner, "following") == set()


def test_nobody_waits_in_front_of_an_account_unlocked_at_the_same_moment(busy_site, crowd, owner):
    one, other = crowd[:2]
    busy_site.follows.set_locked(one, locked=True)
    unlock = [("UPDATE s0000.profile SET locked = false", [])]
    after_waiting(owner, unlock, lambda: busy_site.follows.follow(other, one.handle))
    assert edges(owner, "following") == {(other.account_id, one.account_id)}
    assert edges(owner, "follow_requests") == set()
