"""Whom a new post reaches, against the timelines themselves: what is told live is exactly what a page would show."""

from random import Random

import pytest

from flotilla.errors import RuleError
from flotilla.social.visibility import Visibility

PEOPLE = 6
STEPS = 90


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(PEOPLE)]


def change_circles(site, random, people, lists):
    me, other = random.sample(people, 2)
    try:
        match random.choice(["follow"] * 6 + ["unfollow", "block", "unblock", "mute", "unmute", "tag", "list", "list"]):
            case "follow":
                site.follows.follow(me, other.handle, show_reposts=random.random() < 0.7)
            case "unfollow":
                site.follows.unfollow(me, other.handle)
            case "block":
                site.blocks.block(me, other.handle)
            case "unblock":
                site.blocks.unblock(me, other.handle)
            case "mute":
                site.blocks.mute(me, other.handle)
            case "unmute":
                site.blocks.unmute(me, other.handle)
            case "tag":
                site.tags.follow(me, "tea")
            case "list":
                owner, wanted = random.choice(lists)
                site.lists.add(owner, wanted, [random.choice(people).account_id])
    except RuleError:
        pass  # some of it is refused, as it should be


def say(site, random, people, posts):
    me = random.choice(people)
    if posts and random.random() < 0.3:
        try:
            return site.posts.repost(me, random.choice(posts))
        except RuleError:
            return None
    parent = random.choice(posts) if posts and random.random() < 0.4 else None
    text = random.choice(["hello", "#tea", f"hello @{random.choice(people).handle}"])
    try:
        return site.posts.publish(me, text, visibility=random.choice(list(Visibility)), parent_id=parent)
    except RuleError:
        return None


def readers_of(people, page_of, post):
    return {me.account_id for me in people if post in {found.id for found in page_of(me).items}}


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 6))])
def test_a_post_reaches_exactly_those_on_whose_timelines_it_stands(site, people, seed):
    random, posts, seen = Random(seed), [], set()
    lists = [
        (owner, site.lists.create(owner, "crew", replies=replies).id)
        for owner, replies in zip(people, ("list", "followed", "none"), strict=False)
    ]
    ids = [me.account_id for me in people]
    for _ in range(STEPS):
        change_circles(site, random, people, lists)
        post = say(site, random, people, posts)
        if post is None or post in posts:  # reposted once more: the old one stays where it was
            continue
        posts.append(post)
        reach = site.reaches.of(post, reader_ids=ids, list_ids=[wanted for _, wanted in lists])
        assert reach.home == readers_of(people, site.timelines.home, post)
        assert reach.public == readers_of(people, site.timelines.public, post)
        assert reach.tagged == readers_of(people, lambda me: site.timelines.hashtag(me, "tea"), post)
        on_lists = {
            wanted
            for owner, wanted in lists
            if post in {found.id for found in site.timelines.of_list(owner, wanted).items}
        }
        assert reach.lists == on_lists
        seen |= {name for name in ("home", "public", "tagged", "lists") if getattr(reach, name)}
    assert seen == {"home", "public", "tagged", "lists"}


def test_a_post_that_is_gone_reaches_nobody(site, people):
    assert site.reaches.of(2**40, reader_ids=[me.account_id for me in people]) is None


def test_only_members_hear_that_somebody_is_typing(site, people, owner, monkeypatch):
    told = []
    monkeypatch.setattr("flotilla.social.reach.publish", lambda _work, kind, **ids: told.append((kind, ids)))
    me, other, stranger, blocked = people[:4]
    site.posts.publish(me, f"between us @{other.handle} @{blocked.handle}", visibility=Visibility.DIRECT)
    (conversation,) = site.conversations.page(me).items
    site.blocks.block(blocked, me.handle)
    site.reaches.typing(stranger, conversation.id)
    assert told == []
    site.reaches.typing(me, conversation.id)
    ((_, ids),) = told
    assert (ids["account_ids"], ids["handle"]) == ([other.account_id], me.handle)
