"""Followers, requests, blocks, mutes, lists and followed hashtags, on the real PostgreSQL."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from random import Random

import psycopg
import pytest

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social import open_site

WAIT_S = 60


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(7)]


def handles(page):
    return [person.handle for person in page.items]


def walked(ask):
    found, before = [], None
    for _ in range(100):
        page = ask(before)
        found += handles(page)
        before = page.next_before
        if before is None:
            return found
    raise AssertionError("the pages never end")


def test_followers_and_following_come_in_pages_without_gaps(site, people):
    me, *others = people
    for person in others:
        site.follows.follow(person, me.handle)
        site.follows.follow(me, person.handle)
    expected = [person.handle for person in sorted(others, key=lambda person: -person.account_id)]
    for ask in (site.relations.followers, site.relations.following):
        for viewer in (None, me, others[0]):
            assert walked(lambda before, ask=ask, viewer=viewer: ask(viewer, "P0", before=before, limit=2).people) == (
                expected
            )
        assert handles(ask(None, me.account_id).people) == expected


def test_a_locked_persons_circle_is_for_themselves_and_their_followers(site, people):
    me, follower, stranger = people[:3]
    site.follows.follow(follower, me.handle)
    site.follows.set_locked(me, locked=True)
    site.follows.follow(stranger, me.handle)
    for ask in (site.relations.followers, site.relations.following):
        assert [ask(viewer, "p0").hidden for viewer in (me, follower, stranger, None)] == [False, False, True, True]
        assert ask(stranger, "p0").people.items == ()
    assert handles(site.relations.followers(follower, "p0").people) == ["p1"]


def test_familiar_followers_are_those_one_follows_and_of_a_locked_person_nobody(site, people):
    me, friend, other, stranger, star = people[:5]
    for follower, followed in (
        (me, friend), (me, other), (friend, star), (other, star), (stranger, star), (friend, stranger),
        (other, stranger), (star, friend),
    ):  # fmt: skip
        site.follows.follow(follower, followed.handle)

    def familiar(*asked):
        found = site.relations.familiar(me, [person.account_id for person in asked])
        return [sorted(person.handle for person in found[one.account_id]) for one in asked]

    assert familiar(star, stranger, friend, me) == [["p1", "p2"], ["p1", "p2"], [], []]
    site.follows.set_locked(star, locked=True)
    assert familiar(star, stranger) == [[], ["p1", "p2"]]
    site.follows.follow(me, "p4")
    site.follows.authorize(star, "p0")
    assert familiar(star) == [["p1", "p2"]]
    site.blocks.block(friend, "p0")
    assert familiar(star, stranger) == [["p2"], ["p2"]]
    site.blocks.block(stranger, "p0")
    assert familiar(stranger) == [[]]
    assert site.relations.familiar(me, [-1, 2**70]) == {}


def test_whoever_is_blocked_finds_neither_the_person_nor_them_among_others(site, people):
    me, blocked, third = people[:3]
    for person in (me, blocked):
        site.follows.follow(person, third.handle)
    site.blocks.block(me, blocked.handle)
    for ask in (site.relations.followers, site.relations.following):
        for who in (me.handle, me.account_id):
            with pytest.raises(NotFoundError):
                ask(blocked, who)
        assert ask(me, blocked.account_id).person.handle == "p1"
    assert handles(site.relations.followers(me, "p2").people) == ["p0"]
    assert handles(site.relations.followers(blocked, "p2").people) == ["p1"]
    assert sorted(handles(site.relations.followers(third, "p2").people)) == ["p0", "p1"]


def test_suspended_people_are_in_no_list(site, people, owner):
    me, suspended = people[:2]
    site.follows.follow(suspended, me.handle)
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE id = %s", [suspended.account_id])
    assert handles(site.relations.followers(me, "p0").people) == []
    with pytest.raises(NotFoundError):
        site.relations.followers(me, "p1")


def test_requests_blocks_and_mutes_are_ones_own_and_can_be_listed(site, people, owner):
    me, one, two, three, four = people[:5]
    site.follows.set_locked(me, locked=True)
    site.follows.follow(one, me.handle)
    site.blocks.block(me, two.handle)
    site.blocks.block(two, me.handle)
    site.blocks.mute(me, three.handle)
    site.blocks.mute(me, four.handle, lifetime=timedelta(hours=1))
    assert handles(site.relations.requests(me)) == ["p1"]
    assert handles(site.relations.blocked(me)) == ["p2"]
    assert sorted(handles(site.relations.muted(me))) == ["p3", "p4"]
    owner.execute("UPDATE s0000.mutes SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL")
    assert handles(site.relations.muted(me)) == ["p3"]
    for ask in (site.relations.requests, site.relations.blocked, site.relations.muted):
        assert ask(one).items == ()


def test_what_is_between_two_people_is_what_their_deeds_left(site, people):
    """Against a plain set of edges."""
    random, few = Random(3), people[:4]
    follows, blocks, mutes, hidden = set(), set(), set(), set()
    for _ in range(120):
        me, other = random.sample(few, 2)
        edge = (me.handle, other.handle)
        match random.randrange(7):
            case 0 | 1 | 2 if not blocks & {edge, edge[::-1]}:
                wanted = random.random() < 0.5
                site.follows.follow(me, other.handle, show_reposts=wanted)
                follows.add(edge)
                hidden = hidden - {edge} if wanted else hidden | {edge}
            case 3:
                site.follows.unfollow(me, other.handle)
                follows.discard(edge)
            case 4:
                site.blocks.block(me, other.handle)
                blocks.add(edge)
                follows -= {edge, edge[::-1]}
            case 5:
                site.blocks.unblock(me, other.handle)
                blocks.discard(edge)
            case 6:
                if edge in mutes:
                    site.blocks.unmute(me, other.handle)
                else:
                    site.blocks.mute(me, other.handle, notifications=False)
                mutes ^= {edge}
    for me in few:
        others = [person for person in few if person != me]
        for other, shown in zip(
            others, site.relations.between(me, [other.account_id for other in others]), strict=True
        ):
            edge = (me.handle, other.handle)
            assert shown.account_id == other.account_id
            assert shown.following == (edge in follows)
            assert shown.followed_by == (edge[::-1] in follows)
            assert shown.blocking == (edge in blocks)
            assert shown.blocked_by == (edge[::-1] in blocks)
            assert (shown.muting, shown.muting_notifications) == (edge in mutes, False)
            assert not shown.following or shown.show_reposts == (edge not in hidden)


def test_requests_show_on_both_sides(site, people):
    me, other = people[:2]
    site.follows.set_locked(other, locked=True)
    site.follows.follow(me, other.handle)
    (mine,) = site.relations.between(me, [other.account_id])
    (theirs,) = site.relations.between(other, [me.account_id])
    assert (mine.requested, mine.requested_by, theirs.requested, theirs.requested_by) == (True, False, False, True)


def test_relations_to_nobody_are_not_asked_for(site, people):
    assert site.relations.between(people[0], [0, -1, 2**63]) == ()
    assert len(site.relations.between(people[0], range(1, 200))) == 100


def test_only_people_one_follows_can_be_on_a_list_and_leave_it_with_the_follow(site, people):
    me, followed, other = people[:3]
    site.follows.follow(me, followed.handle)
    harbour = site.lists.create(me, "  Harbour \n friends ", replies="none")
    assert (harbour.title, harbour.replies) == ("Harbour friends", "none")
    site.lists.add(me, harbour.id, [followed.account_id])
    site.lists.add(me, harbour.id, [followed.account_id])
    with pytest.raises(NotFoundError, match="whom you follow"):
        site.lists.add(me, harbour.id, [other.account_id])
    site.follows.follow(me, other.handle)
    site.lists.add(me, harbour.id, [other.account_id])
    assert sorted(handles(site.lists.members(me, harbour.id))) == ["p1", "p2"]
    assert site.lists.containing(me, other.account_id) == (harbour,)
    site.lists.remove(me, harbour.id, [followed.account_id, 2**63])
    site.follows.unfollow(me, other.handle)
    assert site.lists.members(me, harbour.id).items == ()
    assert site.lists.containing(me, other.account_id) == ()


def test_a_refused_member_leaves_the_list_as_it_was(site, people):
    me, followed, other = people[:3]
    site.follows.follow(me, followed.handle)
    harbour = site.lists.create(me, "Harbour")
    with pytest.raises(NotFoundError):
        site.lists.add(me, harbour.id, [followed.account_id, other.account_id])
    assert site.lists.members(me, harbour.id).items == ()


def test_a_list_is_renamed_and_deleted_by_its_owner_alone(site, people, owner):
    me, other = people[:2]
    harbour = site.lists.create(me, "Harbour")
    site.lists.create(me, "Anchorage")
    assert [one.title for one in site.lists.all(me)] == ["Anchorage", "Harbour"]
    assert site.lists.all(other) == ()
    for list_id in (harbour.id, 0, 2**63):
        for deed in (
            lambda list_id=list_id: site.lists.read(other, list_id),
            lambda list_id=list_id: site.lists.change(other, list_id, title="Mine", replies="list"),
            lambda list_id=list_id: site.lists.delete(other, list_id),
            lambda list_id=list_id: site.lists.members(other, list_id),
            lambda list_id=list_id: site.lists.add(other, list_id, []),
            lambda list_id=list_id: site.lists.remove(other, list_id, []),
        ):
            with pytest.raises(NotFoundError, match="no such list"):
                deed()
    site.lists.change(me, harbour.id, title="Port", replies="followed")
    assert site.lists.read(me, harbour.id).title == "Port"
    site.lists.delete(me, harbour.id)
    assert [one.title for one in site.lists.all(me)] == ["Anchorage"]


@pytest.mark.parametrize(
    ("title", "replies", "field"), [(" ", "list", "title"), ("x" * 61, "list", "title"), ("x", "all", "replies")]
)
def test_a_list_needs_a_title_and_a_rule_for_replies(site, people, title, replies, field):
    with pytest.raises(InvalidInputError) as caught:
        site.lists.create(people[0], title, replies=replies)
    assert list(caught.value.problems) == [field]


def test_lists_their_members_and_followed_hashtags_have_an_end(settings, monkeypatch):
    monkeypatch.setattr("flotilla.social.lists.LISTS_MAX", 2)
    monkeypatch.setattr("flotilla.social.lists.MEMBERS_MAX", 2)
    monkeypatch.setattr("flotilla.social.tags.TAGS_MAX", 2)
    busy = open_site(replace(settings, pool_size=4, pool_wait_s=30, lock_timeout_s=20))
    try:
        me, *others = [busy.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(5)]
        for other in others:
            busy.follows.follow(me, other.handle)
        first = busy.lists.create(me, "first")
        start = threading.Barrier(4, timeout=WAIT_S)

        def at_once(number):
            start.wait()
            refused = 0
            for deed in (
                lambda: busy.lists.create(me, f"list {number}"),
                lambda: busy.lists.add(me, first.id, [others[number].account_id]),
                lambda: busy.tags.follow(me, f"tag{number}"),
            ):
                try:
                    deed()
                except InvalidInputError:
                    refused += 1
            return refused

        with ThreadPoolExecutor(4) as pool:
            refused = sum(pool.map(at_once, range(4), timeout=WAIT_S))
        assert refused == 3 + 2 + 2
        assert len(busy.lists.all(me)) == 2
        assert len(busy.lists.members(me, first.id).items) == 2
        assert len(busy.tags.page(me)) == 2
    finally:
        busy.close()


def test_whoever_is_put_on_a_list_at_the_same_moment_is_counted(site, people, owner, monkeypatch):
    monkeypatch.setattr("flotilla.social.lists.MEMBERS_MAX", 1)
    me, one, other = people[:3]
    for person in (one, other):
        site.follows.follow(me, person.handle)
    harbour = site.lists.create(me, "Harbour")
    with psycopg.connect(owner.info.dsn, password=owner.info.password) as busy, ThreadPoolExecutor(1) as pool:
        busy.execute("SELECT FROM s0000.lists FOR UPDATE")
        busy.execute("INSERT INTO s0000.list_members VALUES (%s, %s)", [harbour.id, one.account_id])
        adding = pool.submit(site.lists.add, me, harbour.id, [other.account_id])
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"
        deadline_s = time.monotonic() + WAIT_S
        while busy.execute(waiting).fetchone() == (0,) and not adding.done():
            assert time.monotonic() < deadline_s, "nobody waits for the list"
            time.sleep(0.01)
        busy.commit()
        with pytest.raises(InvalidInputError, match="at most 1 people"):
            adding.result(WAIT_S)
    assert handles(site.lists.members(me, harbour.id)) == [one.handle]


def test_followed_hashtags_have_one_spelling_and_need_not_be_used_yet(site, people):
    me, other = people[:2]
    site.tags.follow(me, "#Sailing")
    site.tags.follow(me, "sailing")
    site.tags.follow(me, "Knots")
    assert {tag.name for tag in site.tags.page(me)} == {"sailing", "knots"}
    assert site.tags.is_followed(me, "SAILING")
    assert not site.tags.is_followed(other, "sailing")
    assert not site.tags.is_followed(me, "#")
    first = site.tags.page(me, limit=1)[0]
    assert [tag.name for tag in site.tags.page(me, before=first.id)] == [tag.name for tag in site.tags.page(me)[1:]]
    site.tags.unfollow(me, "#SAILING")
    assert {tag.name for tag in site.tags.page(me)} == {"knots"}
    for wrong in ("", "#", "two words", "12"):
        with pytest.raises(NotFoundError):
            site.tags.follow(me, wrong)
