"""Notifications on the real PostgreSQL: who is told what, in which groups, and what is new."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social import Visibility, open_site
from flotilla.social.cleanup import clean_up
from flotilla.social.notifications import NotificationKind
from flotilla.social.notifying import forget_post, take_back, tell
from flotilla.social.sanctions import Kind
from flotilla.store.ids import made_at

THREADS = 8
WAIT_S = 60
LIKE, MENTION = NotificationKind.LIKE, NotificationKind.MENTION


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(12)]


def told(site, kind, account, actor, target, message=""):
    with site.database.write() as work:
        tell(work, kind, [account.account_id], actor_id=getattr(actor, "account_id", 0), target=target, message=message)


def taken_back(site, kind, account, actor, target=None):
    with site.database.write() as work:
        take_back(work, kind, account.account_id, actor_id=actor.account_id, target=target)


def seen(site, viewer):
    """The page as (kind, target or 0, count, handles of the actors, is_new)."""
    return [
        (
            group.kind.name,
            group.post.id if group.post else 0,
            group.count,
            [actor.handle for actor in group.actors],
            group.is_new,
        )
        for group in site.notifications.page(viewer).items
    ]


def test_twenty_likes_of_one_post_are_one_line_with_the_latest_first(site, people, owner):
    me, *others = people
    post, other = site.posts.publish(me, "hello"), site.posts.publish(me, "again")
    for person in others:
        told(site, LIKE, me, person, post)
        told(site, LIKE, me, person, post)
    told(site, LIKE, me, others[0], other)
    expected = [person.handle for person in others[::-1]][:8]
    assert seen(site, me) == [("LIKE", other, 1, ["p1"], True), ("LIKE", post, 11, expected, True)]
    assert site.notifications.unread(me) == 2
    singles = site.notifications.events(me, limit=40)
    assert [(event.actor.handle, event.post.id) for event in singles] == [
        ("p1", other),
        *((person.handle, post) for person in others[::-1]),
    ]


def test_the_badge_comes_with_the_session(site, people):
    signed_in = site.accounts.sign_in(handle="p0", password="correct horse")
    for number in range(3):
        told(site, LIKE, people[0], people[1], site.posts.publish(people[0], str(number)))
    assert site.accounts.who_is(signed_in.token).unread_notifications == 3
    newest = site.notifications.page(people[0]).items[0].id
    site.notifications.read_up_to(people[0], "notifications", newest)
    assert site.accounts.who_is(signed_in.token).unread_notifications == 0


def test_unread_is_counted_up_to_a_hundred(site, people, owner):
    me = people[0]
    owner.execute(
        "INSERT INTO s0000.notification_groups SELECT %s, 5, n, n, 1, '{1}' FROM generate_series(1, 150) n",
        [me.account_id],
    )
    signed_in = site.accounts.sign_in(handle="p0", password="correct horse")
    assert site.notifications.unread(me) == 100
    assert site.accounts.who_is(signed_in.token).unread_notifications == 100


def test_nobody_is_told_of_themselves_or_of_whom_they_block_mute_or_are_blocked_by(site, people, owner):
    me, blocked, blocker, muted, muted_in_part, was_muted = people[:6]
    site.blocks.block(me, blocked.handle)
    site.blocks.block(blocker, me.handle)
    site.blocks.mute(me, muted.handle)
    site.blocks.mute(me, muted_in_part.handle, notifications=False)
    site.blocks.mute(me, was_muted.handle)
    site.blocks.unmute(me, was_muted.handle)
    post = site.posts.publish(me, "hello")
    for actor in people[:6]:
        told(site, LIKE, me, actor, post)
    assert seen(site, me) == [("LIKE", post, 2, ["p5", "p4"], True)]
    assert owner.execute("SELECT events FROM s0000.notification_groups").fetchall() == [(2,)]


def test_a_mute_that_ran_out_keeps_nothing_away(site, people, owner):
    me, muted = people[:2]
    post = site.posts.publish(me, "hello")
    site.blocks.mute(me, muted.handle, lifetime=timedelta(hours=1))
    owner.execute("UPDATE s0000.mutes SET expires_at = now() - interval '1 second'")
    told(site, LIKE, me, muted, post)
    assert site.notifications.unread(me) == 1


def test_a_silenced_person_is_heard_by_followers_only(site, people, owner):
    me, follower, silenced = people[:3]
    site.follows.follow(follower, silenced.handle)
    owner.execute("UPDATE g.account SET silenced = true WHERE id = %s", [silenced.account_id])
    for reader in (me, follower):
        told(site, LIKE, reader, silenced, site.posts.publish(reader, "hello"))
    assert (site.notifications.unread(me), site.notifications.unread(follower)) == (0, 1)


def test_a_block_takes_back_what_was_told_in_both_directions_and_a_mute_hides_it_meanwhile(site, people):
    me, other, third = people[:3]
    mine, theirs = site.posts.publish(me, "hello"), site.posts.publish(other, "hello")
    for actor in (other, third):
        told(site, LIKE, me, actor, mine)
    told(site, LIKE, other, me, theirs)
    site.blocks.mute(me, other.handle)
    assert seen(site, me) == [("LIKE", mine, 1, ["p2"], True)]
    site.blocks.unmute(me, other.handle)
    assert seen(site, me) == [("LIKE", mine, 2, ["p2", "p1"], True)]
    site.blocks.block(me, other.handle)
    site.blocks.unblock(me, other.handle)
    assert seen(site, me) == [("LIKE", mine, 1, ["p2"], True)]
    assert seen(site, other) == []


def test_follows_of_a_day_are_one_line_requests_another_and_both_go_with_their_cause(site, people):
    me, *others = people[:5]
    for person in others[:2]:
        site.follows.follow(person, me.handle)
    site.follows.set_locked(me, locked=True)
    for person in others[2:]:
        site.follows.follow(person, me.handle)
    assert seen(site, me) == [("REQUEST", 0, 2, ["p4", "p3"], True), ("FOLLOW", 0, 2, ["p2", "p1"], True)]
    site.follows.unfollow(others[0], me.handle)
    site.follows.unfollow(others[2], me.handle)
    site.follows.authorize(me, others[3].handle)
    assert seen(site, me) == [("FOLLOW", 0, 1, ["p2"], True)]


def test_a_group_whose_latest_people_all_took_it_back_shows_earlier_ones(site, people):
    me, *others = people
    post = site.posts.publish(me, "hello")
    for person in others:
        told(site, LIKE, me, person, post)
    for person in others[3:]:
        taken_back(site, LIKE, me, person, post)
    assert seen(site, me) == [("LIKE", post, 3, ["p3", "p2", "p1"], True)]
    for person in others[:3]:
        taken_back(site, LIKE, me, person)
    assert seen(site, me) == []


def test_what_was_told_about_a_post_goes_with_it(site, people, owner):
    me, other = people[:2]
    post = site.posts.publish(me, "hello")
    told(site, LIKE, me, other, post)
    told(site, MENTION, other, me, post)
    with site.database.write() as work:
        forget_post(work, post)
    assert (seen(site, me), seen(site, other)) == ([], [])
    assert owner.execute("SELECT count(*) FROM s0000.notifications").fetchone() == (0,)


def test_a_post_one_may_not_see_any_more_is_not_shown(site, people, owner):
    me, other = people[:2]
    post = site.posts.publish(other, "hello @p0")
    told(site, MENTION, me, other, post)
    owner.execute("UPDATE s0000.posts SET visibility = 2, mentioned_ids = '{}'")
    assert seen(site, me) == []
    assert site.notifications.events(me) == ()


def test_moderators_messages_have_no_name_beside_them(site, people):
    told(site, NotificationKind.MODERATION, people[0], None, 7, message="A post of yours was removed.")
    (group,) = site.notifications.page(people[0]).items
    assert (group.message, group.actors, group.count) == ("A post of yours was removed.", (), 1)
    (event,) = site.notifications.events(people[0])
    assert (event.message, event.actor) == ("A post of yours was removed.", None)


def test_pages_and_single_events_cover_everything_once(site, people, monkeypatch):
    me, *others = people
    monkeypatch.setattr(site.notifications, "_page_size", 3)
    posts = [site.posts.publish(me, str(number)) for number in range(5)]
    for post in posts:
        for person in others[:2]:
            told(site, LIKE, me, person, post)
    first = site.notifications.page(me)
    second = site.notifications.page(me, before=first.next_before)
    assert [group.post.id for group in first.items + second.items] == posts[::-1]
    assert second.next_before is None
    everything = [event.id for event in site.notifications.events(me, limit=40)]
    assert everything == sorted(everything, reverse=True)
    assert len(everything) == 10
    after = site.notifications.events(me, after=everything[6], limit=2, oldest_first=True)
    assert [event.id for event in after] == everything[4:6]
    before = site.notifications.events(me, before=everything[2], limit=3)
    assert [event.id for event in before] == everything[3:6]
    assert site.notifications.events(me, kinds=[MENTION]) == ()


def test_one_or_a_group_or_all_are_dismissed_and_only_ones_own(site, people):
    me, *others = people
    posts = [site.posts.publish(me, str(number)) for number in range(2)]
    for post in posts:
        for person in others[:3]:
            told(site, LIKE, me, person, post)
    (latest, *_) = site.notifications.events(me)
    site.notifications.dismiss(others[0], latest.id)
    site.notifications.clear(others[0])
    assert site.notifications.one(me, latest.id) == latest
    with pytest.raises(NotFoundError):
        site.notifications.one(others[0], latest.id)
    site.notifications.dismiss(me, latest.id)
    site.notifications.dismiss_group(me, f"like-{posts[0]}")
    assert seen(site, me) == [("LIKE", posts[1], 2, ["p2", "p1"], True)]
    for wrong in ("like-x", "nothing-1", "like", f"like-{2**63}", ""):
        with pytest.raises(NotFoundError):
            site.notifications.dismiss_group(me, wrong)
    site.notifications.clear(me)
    assert seen(site, me) == []


def test_a_marker_never_moves_back(site, people):
    me = people[0]
    for wanted in (5, 3, 9, 9):
        site.notifications.read_up_to(me, "home", wanted)
    site.notifications.read_up_to(me, "notifications", 4)
    markers = {marker.timeline: (marker.last_read_id, marker.version) for marker in site.notifications.markers(me)}
    assert markers == {"home": (9, 2), "notifications": (4, 1)}
    site.notifications.read_up_to(me, "home", 2**63 - 1)
    site.notifications.read_up_to(me, "notifications", 2**63 - 1)
    ahead = [made_at(marker.last_read_id) - datetime.now(UTC) for marker in site.notifications.markers(me)]
    assert all(abs(time) <= timedelta(seconds=WAIT_S) for time in ahead), "nothing of the future was read"
    for timeline, wanted in (("elsewhere", 1), ("home", 0), ("home", 2**63)):
        with pytest.raises(InvalidInputError):
            site.notifications.read_up_to(me, timeline, wanted)


def test_groups_are_what_a_plain_set_of_events_says(site, people):
    random, events = Random(7), set()
    few = people[:5]
    posts = [(author, site.posts.publish(author, "hello")) for author in few for _ in range(2)]
    for _ in range(150):
        author, post = random.choice(posts)
        actor = random.choice([person for person in few if person != author])
        kind = random.choice([LIKE, NotificationKind.REPOST])
        event = (author.handle, kind, post, actor.handle)
        if random.random() < 0.6:
            told(site, kind, author, actor, post)
            events.add(event)
        else:
            taken_back(site, kind, author, actor, post)
            events.discard(event)
    for viewer in few:
        groups = {(group.kind, group.post.id): group for group in site.notifications.page(viewer).items}
        expected = {}
        for handle, kind, post, actor in events:
            if handle == viewer.handle:
                expected.setdefault((kind, post), set()).add(actor)
        assert {key: {actor.handle for actor in group.actors} for key, group in groups.items()} == expected
        assert all(group.count == len(expected[key]) for key, group in groups.items())


def test_storms_of_likes_dismissals_and_blocks_keep_groups_equal_to_their_events(settings, owner):
    busy = open_site(replace(settings, pool_size=THREADS, pool_wait_s=30, lock_timeout_s=20, statement_timeout_s=20))
    people = [busy.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(4)]
    posts = [(author, busy.posts.publish(author, "hello")) for author in people[:2] for _ in range(2)]
    start = threading.Barrier(THREADS, timeout=WAIT_S)

    def storm(number):
        random = Random(number)
        start.wait()
        for _ in range(30):
            author, post = random.choice(posts)
            actor = random.choice([person for person in people if person != author])
            match random.randrange(8):
                case 0 | 1 | 2:
                    told(busy, LIKE, author, actor, post)
                case 3:
                    taken_back(busy, LIKE, author, actor, post)
                case 4:
                    busy.notifications.clear(author)
                case 5:
                    with busy.database.write() as work:
                        forget_post(work, post)
                case 6:
                    busy.blocks.block(actor, author.handle)
                    busy.blocks.unblock(actor, author.handle)
                case 7:
                    for event in busy.notifications.events(author, limit=1):
                        busy.notifications.dismiss(author, event.id)

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            for future in [pool.submit(storm, number) for number in range(THREADS)]:
                future.result(WAIT_S)
    finally:
        busy.close()
    rows = "SELECT account_id, kind, target, count(*)::int FROM s0000.notifications GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    groups = "SELECT account_id, kind, target, events FROM s0000.notification_groups ORDER BY 1, 2, 3"
    assert owner.execute(groups).fetchall() == owner.execute(rows).fetchall()


def test_mutes_that_ran_out_and_notifications_of_half_a_year_ago_are_swept_away(site, people, owner):
    me, other = people[:2]
    old, new = site.posts.publish(me, "old"), site.posts.publish(me, "new")
    for post in (old, new):
        told(site, LIKE, me, other, post)
    long_ago = "(extract(epoch FROM now() - interval '181 days') * 1000 - 1735689600000)::bigint << 23"
    owner.execute(f"UPDATE s0000.notifications SET id = {long_ago} WHERE target = %s", [old])
    owner.execute(f"UPDATE s0000.notification_groups SET last_id = {long_ago} WHERE target = %s", [old])
    site.blocks.mute(me, people[2].handle, lifetime=timedelta(hours=1))
    site.blocks.mute(me, people[3].handle, lifetime=timedelta(hours=1))
    owner.execute("UPDATE s0000.mutes SET expires_at = now() WHERE target_id = %s", [people[2].account_id])
    clean_up(site.database)
    assert seen(site, me) == [("LIKE", new, 1, ["p1"], True)]
    for table in ("notifications", "notification_groups", "mutes"):
        assert owner.execute(f"SELECT count(*) FROM s0000.{table}").fetchone() == (1,), table


def test_whoever_is_sanctioned_reads_why_until_it_is_taken_back(site, people, owner):
    person, moderator = people[:2]
    owner.execute("UPDATE g.account SET role = 'moderator' WHERE id = %s", [moderator.account_id])
    moderator = replace(moderator, role="moderator")
    sanction = site.sanctions.impose(moderator, person.account_id, Kind.WARN, text="Be kind.")
    (group,) = site.notifications.page(person).items
    assert (group.kind, group.message) == (NotificationKind.MODERATION, "The moderators warn you.\nBe kind.")
    assert group.actors == ()
    site.sanctions.undo(moderator, sanction)
    (group,) = site.notifications.page(person).items
    assert group.message == "The moderators took a warning back."


def test_who_replied_for_followers_only_is_heard_by_followers_and_by_whom_they_mention(site, people):
    author, follower, stranger, mentioning = people[:4]
    for poster in (author, follower):
        post = site.posts.publish(poster, "hello")
        for replier in (stranger, mentioning):
            text = f"hi @{poster.handle}" if replier is mentioning else "hi"
            if poster is follower and replier is stranger:
                site.follows.follow(poster, replier.handle)
            site.posts.publish(replier, text, visibility=Visibility.FOLLOWERS, parent_id=post)
    assert [kind for kind, *_ in seen(site, author)] == ["REPLY"]
    assert site.notifications.unread(author) == 1
    assert [kind for kind, *_ in seen(site, follower)] == ["REPLY", "REPLY"]


def test_what_cannot_be_shown_any_more_does_not_stay_new_for_ever(site, people, owner):
    me, other = people[:2]
    told(site, NotificationKind.FOLLOW, me, other, 1)
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE id = %s", [other.account_id])
    page = site.notifications.page(me)
    assert (page.items, site.notifications.unread(me)) == ((), 1)
    site.notifications.read_up_to(me, "notifications", page.newest_id)
    assert (site.notifications.page(me).newest_id, site.notifications.unread(me)) == (0, 0)
