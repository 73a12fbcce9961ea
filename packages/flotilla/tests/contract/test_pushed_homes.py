"""Home timelines that are pushed show what they would show looked up: after random histories, and many at once."""

import contextlib
import dataclasses
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from random import Random

import psycopg
import pytest
import structlog

from flotilla.errors import FlotillaError
from flotilla.social import Paging, Visibility, open_site
from flotilla.social import feeds as feeds_module
from flotilla.social.checkup import check_up
from flotilla.store import follows as follow_rows
from flotilla.store import home_feeds, timelines
from flotilla.store import jobs as job_rows
from flotilla.store import people as people_rows
from flotilla.store import posts as post_rows
from flotilla.store.ids import MAX_ID, bucket_of
from flotilla.store.posts import NewPost

PEOPLE = 7
PAGE_SIZE = 4
WAIT_S = 60
LANE = ("timelines",)


@pytest.fixture
def small(monkeypatch):
    """Feeds of few entries, cut often; followers by twos; whoever has more than three is pulled by `hybrid`."""
    monkeypatch.setattr(home_feeds, "ENTRIES_MAX", 9)
    monkeypatch.setattr(home_feeds, "CUT_EVERY", 2)
    monkeypatch.setattr(feeds_module, "FOLLOWERS_AT_ONCE", 2)
    monkeypatch.setattr(feeds_module, "PULLED_ABOVE", 3)


class Town:
    """One database, seen by a process that looks timelines up and by one that has them pushed."""

    def __init__(self, settings, mode, *, jobs):
        changes = {"page_size": PAGE_SIZE, "pool_size": 12, "pool_wait_s": 30, "lock_timeout_s": 20}
        self.pulled = open_site(dataclasses.replace(settings, **changes))
        self.pushed = open_site(dataclasses.replace(settings, **changes, timeline=mode, jobs=jobs))
        self.owner = psycopg.connect(settings.owner_url, autocommit=True)
        self.schemas = [row[0] for row in self.owner.execute("SELECT DISTINCT schema_name FROM g.shard_map")]
        sign_up = self.pulled.accounts.sign_up
        self.people = [sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(PEOPLE)]
        self.posts = []
        self.answered = Counter()

    def everywhere(self, statement, *parameters):
        """The statement in each schema; every row it gives."""
        found = []
        for schema in self.schemas:
            cursor = self.owner.execute(statement.replace("SHARD", schema), parameters)
            found += cursor.fetchall() if cursor.description else []
        return found

    def count_answers(self, monkeypatch):
        """Count which windows were read from what was pushed."""
        read = timelines.pushed_home

        def counted(*arguments, **keywords):
            scan = read(*arguments, **keywords)
            self.answered[scan is not None] += 1
            return scan

        monkeypatch.setattr(timelines, "pushed_home", counted)

    def drain(self):
        """Let whatever was left to the jobs process be done."""
        while self.pushed.background.do_next(LANE):
            pass

    def close(self):
        self.owner.close()
        self.pulled.close()
        self.pushed.close()

    def agree(self, random):
        """Every page of every home, and pages from any moment, are the same either way."""
        self.drain()
        for me in self.people:
            pages, before = [], None
            while True:
                page = self.pulled.timelines.home(me, Paging(before=before))
                assert outline(self.pushed.timelines.home(me, Paging(before=before))) == outline(page), (me, before)
                self.drain()
                pages += [post.id for post in page.items]
                before = page.next_before
                if before is None:
                    break
            moments = [post_id + step for post_id in pages for step in (-1, 0, 1)] or [5]
            for turn in range(4):
                after, before = sorted(random.choices(moments, k=2))
                asked = Paging(before=before, after=after, oldest_first=turn % 2 == 0, limit=3)
                assert outline(self.pushed.timelines.home(me, asked)) == outline(self.pulled.timelines.home(me, asked))

    def something_happens(self, random):
        """One of the things that change what somebody's home shows, by either process."""
        site = random.choice([self.pulled, self.pushed])
        me, other = random.sample(self.people, 2)
        post_id = random.choice(self.posts) if self.posts else 1
        deeds = [
            *[partial(self.publish, site, me, random)] * 5,
            *[partial(site.follows.follow, me, other.handle, show_reposts=random.choice([None, True, False]))] * 4,
            partial(site.follows.unfollow, me, other.handle),
            *[partial(site.posts.repost, me, post_id)] * 2,
            partial(site.posts.unrepost, me, post_id),
            partial(site.posts.delete, me, post_id),
            partial(site.posts.edit, me, post_id, "other words #rum"),
            partial(site.blocks.block, me, other.handle),
            partial(site.blocks.unblock, me, other.handle),
            partial(site.blocks.mute, me, other.handle, lifetime=random.choice([None, timedelta(hours=1)])),
            partial(site.blocks.unmute, me, other.handle),
            partial(self.everywhere, "UPDATE SHARD.mutes SET expires_at = now() - interval '1 s'"),
            partial(site.follows.set_locked, me, locked=random.random() < 0.5),
            partial(site.follows.authorize, me, other.handle),
            partial(site.follows.remove_follower, me, other.handle),
            partial(site.tags.follow, me, random.choice(["tea", "rum"])),
            partial(site.tags.unfollow, me, random.choice(["tea", "rum"])),
            partial(self.suspend, other, random),
            *[partial(site.timelines.home, me)] * 4,
        ]
        # Seldom, or there would never be a feed of any age: the jobs process forgets who does not look; is told to look
        # up instead; the copies are thrown away.
        if random.random() < 0.02:
            deeds = [
                partial(self.nobody_looked, me, random),
                partial(self.pulled.feeds.sweep),
                partial(self.everywhere, "TRUNCATE SHARD.home_feed, SHARD.home_entry, SHARD.home_pulled"),
            ]
        # There is nothing to edit, nobody asked to follow ...
        with contextlib.suppress(FlotillaError):
            random.choice(deeds)()
        if random.random() < 0.3:
            self.drain()

    def publish(self, site, me, random):
        visibility = random.choices(list(Visibility), [6, 1, 3, 2])[0]
        parent = random.choice(self.posts) if self.posts and random.random() < 0.3 else None
        text = f"{random.choice(['hello', '#tea'])} @{random.choice(self.people).handle}"
        self.posts.append(site.posts.publish(me, text, visibility=visibility, parent_id=parent))

    def suspend(self, person, random):
        state = random.choice(["active", "active", "suspended"])
        self.owner.execute("UPDATE g.account SET state = %s WHERE id = %s", [state, person.account_id])

    def nobody_looked(self, person, random):
        days = random.choice([13, 15])
        self.everywhere(
            "UPDATE SHARD.home_feed SET asked_on = current_date - %s WHERE account_id = %s", days, person.account_id
        )
        self.pushed.feeds.sweep()


def outline(page):
    return [(post.id, post.repost_of and post.repost_of.id) for post in page.items], page.next_before


@pytest.fixture
def town(settings, small):
    with structlog.testing.capture_logs():
        made = Town(settings, "push", jobs=False)
        yield made
        made.close()


@pytest.mark.parametrize(
    ("number", "mode", "jobs", "schemas"),
    [(1, "push", True, 1), (2, "hybrid", False, 1), (4, "hybrid", True, 2)],
)
def test_a_pushed_home_is_the_home_that_is_looked_up_after_any_history(
    request, small, monkeypatch, number, mode, jobs, schemas
):
    settings = request.getfixturevalue("settings" if schemas == 1 else "two_schemas")
    random = Random(number)
    with structlog.testing.capture_logs():
        town = Town(settings, mode, jobs=jobs)
        town.count_answers(monkeypatch)
        try:
            for _ in range(4):
                for _ in range(45):
                    town.something_happens(random)
                town.agree(random)
            assert check_up(town.pulled.database, town.pulled.files) == ()
            assert town.answered[True] > town.answered[False] / 2, "hardly any page was read from what was pushed"
        finally:
            town.close()


def test_nothing_is_missing_when_people_publish_follow_and_look_while_pushing_is_switched_on_and_off(town):
    def one_person(number):
        random = Random(number)
        me = town.people[number]
        for turn in range(12):
            site = town.pushed if (number + turn) % 2 else town.pulled
            town.posts.append(site.posts.publish(me, f"post {turn}"))
            other = random.choice(town.people)
            if other != me:
                (site.follows.unfollow if random.random() < 0.3 else site.follows.follow)(me, other.handle)
            town.pushed.timelines.home(me)
            if number == 0 and turn == 5:
                town.pulled.feeds.sweep()

    start = threading.Barrier(PEOPLE, timeout=WAIT_S)

    def run(number):
        start.wait()
        one_person(number)

    with structlog.testing.capture_logs() as logs, ThreadPoolExecutor(PEOPLE) as pool:
        for done in [pool.submit(run, number) for number in range(PEOPLE)]:
            done.result(WAIT_S)
    assert not [line for line in logs if "could not" in line["event"] or "failed" in line["event"]]
    town.agree(Random(1))
    assert check_up(town.pulled.database, town.pulled.files) == ()


def feed(town, person):
    found = town.everywhere("SELECT complete_above FROM SHARD.home_feed WHERE account_id = %s", person.account_id)
    return found[0][0] if found else None


def entries(town, person):
    return town.everywhere("SELECT post_id FROM SHARD.home_entry WHERE account_id = %s ORDER BY 1", person.account_id)


def waits(town, work_in_thread):
    """Wait until somebody in the database waits for a lock."""
    deadline_s = time.monotonic() + WAIT_S
    while town.owner.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):
        assert time.monotonic() < deadline_s
        assert not work_in_thread.done(), "it was built beside what is not stored yet"
        time.sleep(0.01)


def test_a_feed_is_built_after_what_is_being_published_and_followed_just_then(settings, small):
    town = Town(settings, "push", jobs=True)
    ada, bob, cy, *_ = (person.account_id for person in town.people)
    me, *_ = town.people
    try:
        with structlog.testing.capture_logs(), ThreadPoolExecutor(1) as pool:
            old = town.pulled.posts.publish(town.people[1], "from before they were followed")
            town.pulled.follows.follow(me, "p2")
            town.pushed.timelines.home(me)
            # Whoever publishes does not know yet that posts are pushed.
            with town.pulled.database.write() as work:
                new = post_rows.insert(work, NewPost(author_id=cy, bucket=bucket_of(cy), body="just now"))
                built = pool.submit(town.drain)
                waits(town, built)
            built.result(WAIT_S)
            assert (feed(town, me), entries(town, me)) == (0, [(new,)])

            town.everywhere("TRUNCATE SHARD.home_feed, SHARD.home_entry, SHARD.home_pulled")
            town.pushed.timelines.home(me)
            with town.pulled.database.write() as work:
                people_rows.lock(work, (ada, bob))
                follow_rows.insert(work, follower_id=ada, followee_id=bob)
                built = pool.submit(town.drain)
                waits(town, built)
                # Meanwhile the feed is there, and nothing in it.
                assert outline(town.pushed.timelines.home(me)) == ([(new, None)], None)
            built.result(WAIT_S)
            assert (feed(town, me), entries(town, me)) == (0, [(old,), (new,)])
    finally:
        town.close()


def test_whoever_comes_back_after_a_fortnight_misses_nothing_and_has_a_feed_again(town):
    ada, bob, *_ = town.people
    town.pushed.follows.follow(ada, bob.handle)
    town.pushed.timelines.home(ada)
    first = town.pushed.posts.publish(bob, "first")
    assert (feed(town, ada), entries(town, ada)) == (0, [(first,)])
    town.everywhere("UPDATE SHARD.home_feed SET asked_on = current_date - 15")
    town.pushed.feeds.sweep()
    second = town.pushed.posts.publish(bob, "second")
    assert (feed(town, ada), entries(town, ada)) == (None, [])
    assert [post.id for post in town.pushed.timelines.home(ada).items] == [second, first]
    assert (feed(town, ada), entries(town, ada)) == (0, [(first,), (second,)])


def test_a_feed_keeps_so_many_of_the_newest_and_older_pages_are_looked_up(town, monkeypatch):
    monkeypatch.setattr(home_feeds, "CUT_EVERY", 1)
    ada, bob, *_ = town.people
    town.pushed.follows.follow(ada, bob.handle)
    town.pushed.timelines.home(ada)
    posts = [town.pushed.posts.publish(bob, f"post {number}") for number in range(20)]
    assert entries(town, ada) == [(post_id,) for post_id in posts[-9:]]
    assert feed(town, ada) == posts[-10]
    town.agree(Random(1))


def test_the_work_of_pushing_is_kept_with_the_post_or_not_at_all_and_publishing_sends_no_more_statements(
    settings, small, statements
):
    town = Town(settings, "push", jobs=True)
    try:
        ada, bob, *_ = town.people
        town.pushed.follows.follow(ada, bob.handle)
        with statements() as without:
            town.pushed.posts.publish(bob, "before anybody looked")
        town.pushed.timelines.home(ada)
        town.drain()
        with statements() as sent:
            post_id = town.pushed.posts.publish(bob, "pushed")
        told = [statement for statement in sent if "pg_notify" in statement]
        assert (len(sent), len(told)) == (len(without), 1)
        assert (post_id,) not in entries(town, ada)
        assert town.pushed.feeds.lag_s() >= 0
        (job,) = town.owner.execute("SELECT arguments FROM g.job WHERE task = 'fan_out'").fetchone()
        assert job == {"post_id": post_id, "author_id": bob.account_id}
        town.drain()
        assert (post_id,) in entries(town, ada)
        assert (town.pushed.feeds.lag_s(), town.pulled.feeds.lag_s()) == (0.0, None)
        with pytest.raises(FlotillaError):
            town.pushed.posts.publish(bob, "a picture that is none", media_ids=[5])
        assert town.owner.execute("SELECT count(*) FROM g.job").fetchone() == (0,)
    finally:
        town.close()


def test_a_post_whose_worker_was_killed_reaches_the_followers_a_minute_later(settings, small):
    town = Town(settings, "push", jobs=True)
    try:
        ada, bob, *_ = town.people
        town.pushed.follows.follow(ada, bob.handle)
        town.pushed.timelines.home(ada)
        town.drain()
        post_id = town.pushed.posts.publish(bob, "in hand")
        with town.pushed.database.write(hides=False) as work:
            assert job_rows.take(work, queues=LANE).task == "fan_out"  # by somebody who is never heard of again
        assert not town.pushed.background.do_next(LANE)
        town.owner.execute("UPDATE g.job SET due_at = due_at - interval '1 minute'")
        assert town.pushed.background.do_next(LANE)
        assert (post_id,) in entries(town, ada)
    finally:
        town.close()


def test_check_finds_what_a_feed_lacks_and_mends_it(town):
    ada, bob, *_ = town.people
    town.pushed.follows.follow(ada, bob.handle)
    town.pushed.timelines.home(ada)
    lost, _ = (town.pushed.posts.publish(bob, text) for text in ("lost", "kept"))
    town.everywhere("DELETE FROM SHARD.home_entry WHERE post_id = %s", lost)
    (finding,) = check_up(town.pushed.database, town.pushed.files, repair=True)
    assert (finding.count, finding.examples, finding.mended) == (1, (f"{ada.account_id} {lost}",), True)
    assert feed(town, ada) == MAX_ID
    town.agree(Random(1))
    assert feed(town, ada) == 0
