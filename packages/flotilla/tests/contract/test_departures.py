"""Leaving: hidden at once, gone soon, nothing of it left anywhere, and every count right."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from flotilla.errors import InvalidInputError, NotFoundError, RuleError, SignInError
from flotilla.jobs import run_jobs
from flotilla.social.visibility import Visibility

PASSWORD = "correct horse"
# The tombstone keeps the handle; what others wrote stays as they wrote it, and so does the moderators' log.
ALLOWED = {
    ("g", "account", "id"),
    ("s0000", "posts", "parent_author_id"),
    ("s0000", "posts", "mentioned_ids"),
    ("s0000", "conversations", "member_ids"),
    ("g", "audit_log", "account_id"),
    ("g", "audit_log", "actor_id"),
    ("g", "report", "account_id"),
    ("g", "report", "reporter_id"),
}
COUNTS = """
    SELECT s.author_id FROM s0000.author_stats s WHERE
        s.posts <> (SELECT count(*) FROM s0000.posts p WHERE p.author_id = s.author_id AND p.in_timelines)
        OR s.followers <> (SELECT count(*) FROM s0000.followers f WHERE f.followee_id = s.author_id)
        OR s.following <> (SELECT count(*) FROM s0000.following f WHERE f.follower_id = s.author_id)
    UNION ALL
    SELECT s.post_id FROM s0000.post_stats s WHERE
        s.likes <> (SELECT count(*) FROM s0000.likes_received l WHERE l.post_id = s.post_id)
        OR s.reposts <> (SELECT count(*) FROM s0000.reposts_received r WHERE r.post_id = s.post_id)
        OR s.replies <> (SELECT count(*) FROM s0000.replies_received r WHERE r.post_id = s.post_id AND r.counted)
    UNION ALL
    SELECT l.post_id FROM s0000.likes_given l WHERE NOT EXISTS (SELECT FROM s0000.likes_received r
        WHERE r.post_id = l.post_id AND r.account_id = l.account_id)
    UNION ALL
    SELECT g.account_id FROM s0000.notification_groups g WHERE g.events <> (SELECT count(*) FROM s0000.notifications n
        WHERE n.account_id = g.account_id AND n.kind = g.kind AND n.target = g.target)
    """


def where_it_is_found(owner, wanted):
    """Every column of every table that holds one of these ids, alone or in an array."""
    columns = owner.execute(
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema IN ('g', 's0000') AND (data_type = 'bigint' OR udt_name = '_int8')"
    ).fetchall()
    found = set()
    for schema, table, column, kind in columns:
        test = f'"{column}" = ANY(%s)' if kind == "bigint" else f'"{column}" && %s::bigint[]'
        if owner.execute(f'SELECT 1 FROM "{schema}"."{table}" WHERE {test} LIMIT 1', [list(wanted)]).fetchone():
            found.add((schema, table, column))
    return found


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=handle, password=PASSWORD).viewer for handle in ("ada", "bob", "eve")]


def live_together(site, ada, bob, eve):
    """Everything that two people can have to do with each other; ada's and bob's posts."""
    for one, other in ((ada, "bob"), (bob, "ada"), (eve, "ada")):
        site.follows.follow(one, other)
    hers = [site.posts.publish(ada, f"#tea with @bob, cup {number}") for number in range(3)]
    his = site.posts.publish(bob, "#tea with @ada and @eve")
    answer = site.posts.publish(ada, "More tea!", parent_id=his)
    site.posts.publish(bob, "Certainly", parent_id=answer)
    site.posts.publish(ada, "@bob in secret", visibility=Visibility.DIRECT)
    site.posts.publish(bob, "@ada a secret too", visibility=Visibility.DIRECT)
    site.posts.pin(ada, hers[0])
    site.posts.edit(ada, hers[1], "No #coffee, thank you, @eve")
    for one, posts in ((ada, [his, hers[0]]), (bob, hers), (eve, [his, *hers])):
        for post_id in posts:
            site.posts.like(one, post_id)
            site.posts.bookmark(one, post_id)
    site.posts.repost(ada, his)
    site.posts.repost(eve, hers[0])
    site.blocks.mute(bob, "ada")
    site.blocks.mute(ada, "eve")
    site.thread_mutes.mute(ada, his)
    mine = site.lists.create(bob, "Friends")
    site.lists.add(bob, mine.id, [ada.account_id])
    site.lists.create(ada, "Crew")
    site.tags.follow(ada, "tea")
    site.newcomers.invite(ada)
    site.second_factor.begin(ada, password=PASSWORD)
    return hers, his


def test_the_password_is_asked_and_then_it_is_gone_at_once_for_everybody(site_with, people, owner):
    site = site_with(jobs=True)  # nothing of the work beside the request is done here
    ada, bob, eve = people
    hers, _ = live_together(site, *people)
    token = site.accounts.sign_up(handle="zoe", password=PASSWORD).token
    with pytest.raises(InvalidInputError):
        site.departures.leave(ada, password="wrong horse")
    assert site.timelines.profile(bob, "ada")

    site.departures.leave(ada, password=PASSWORD)

    assert owner.execute("SELECT count(*) FROM s0000.posts WHERE author_id = %s", [ada.account_id]).fetchone()[0] > 3
    for viewer in (None, bob, eve):
        with pytest.raises(NotFoundError):
            site.timelines.profile(viewer, "ada")
        for post_id in hers:
            with pytest.raises(NotFoundError):
                site.posts.read(viewer, post_id)
        shown = [site.timelines.public(viewer), site.timelines.hashtag(viewer, "tea")]
        shown += [site.timelines.home(viewer)] if viewer else []
        assert not [post for page in shown for post in page.items if post.author.handle == "ada"]
        assert not [post for page in shown for post in page.items if post.repost_of and not post.repost_of.author]
    with pytest.raises(SignInError):
        site.accounts.sign_in(handle="ada", password=PASSWORD)
    with pytest.raises(InvalidInputError):
        site.accounts.sign_up(handle="ada", password=PASSWORD)
    with pytest.raises(NotFoundError):
        site.departures.close(ada.account_id)
    assert site.accounts.who_is(token).handle == "zoe"


def test_nothing_of_it_is_left_anywhere_and_every_count_is_its_rows(site, people, owner):
    ada, bob, _ = people
    hers, his = live_together(site, *people)
    assert owner.execute(COUNTS).fetchall() == []
    gone = [row[0] for row in owner.execute("SELECT id FROM s0000.posts WHERE author_id = %s", [ada.account_id])]
    assert set(hers) < set(gone)

    site.departures.leave(ada, password=PASSWORD)

    assert where_it_is_found(owner, [ada.account_id]) <= ALLOWED
    assert where_it_is_found(owner, gone) <= {("s0000", "posts", "parent_id")}
    assert owner.execute(COUNTS).fetchall() == []
    assert [version.likes for version in [site.posts.read(bob, his)]] == [1]
    state = "SELECT handle, state, email, reason, role FROM g.account WHERE id = %s"
    assert owner.execute(state, [ada.account_id]).fetchone() == ("ada", "deleted", None, "", "member")


def test_leaving_while_writing_leaves_nothing_dangling(site_with, people, owner):
    site = site_with(jobs=True, pool_size=8, pool_wait_s=30, lock_timeout_s=20, statement_timeout_s=20)
    ada, bob, _eve = people
    his = site.posts.publish(bob, "Stay!")
    left, start = threading.Event(), threading.Barrier(4, timeout=30)

    def write():
        start.wait()
        for number in range(30):
            with suppress(RuleError):
                post_id = site.posts.publish(ada, f"Still here @bob #tea {number}")
                site.posts.like(ada, his)
                site.posts.unlike(ada, his)
                site.posts.like(bob, post_id)
                site.follows.follow(ada, "eve")
                site.follows.follow(ada, "bob")

    def leave():
        start.wait()
        site.departures.leave(ada, password=PASSWORD)
        run_jobs(site, once=True)  # the first pass, among the writers
        left.set()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(write) for _ in range(3)] + [pool.submit(leave)]:
            future.result(60)
    assert left.is_set()
    owner.execute("UPDATE g.job SET due_at = now()")  # two minutes later
    run_jobs(site, once=True)

    assert owner.execute("SELECT count(*) FROM g.job WHERE task = 'remove_account'").fetchone() == (0,)
    assert where_it_is_found(owner, [ada.account_id]) <= ALLOWED
    assert owner.execute(COUNTS).fetchall() == []
    assert owner.execute("SELECT count(*) FROM s0000.tag_index").fetchone() == (0,)


def test_removing_twice_at_once_comes_to_the_same(site_with, people, owner):
    site = site_with(jobs=True, pool_size=8, pool_wait_s=30)
    ada = people[0]
    live_together(site, *people)
    site.departures.leave(ada, password=PASSWORD)
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(site.departures._remove, ada.account_id, last) for last in (0, 1)]:
            future.result(60)
    site.departures._remove(ada.account_id, 1)
    assert where_it_is_found(owner, [ada.account_id]) <= ALLOWED
    assert owner.execute(COUNTS).fetchall() == []
