"""What is between people, and what they are told, when their rows are in two schemas."""

import psycopg
import pytest

from flotilla.errors import NotFoundError
from flotilla.social import open_site
from flotilla.store.ids import bucket_of


@pytest.fixture
def site(two_schemas):
    site = open_site(two_schemas)
    yield site
    site.close()


@pytest.fixture
def people(site):
    """Eight people, half of them in either schema."""
    made = [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(24)]
    here = [person for person in made if bucket_of(person.account_id) < 4096][:4]
    there = [person for person in made if bucket_of(person.account_id) >= 4096][:4]
    assert (len(here), len(there)) == (4, 4)
    return [person for pair in zip(here, there, strict=True) for person in pair]


def handles(people):
    return {person.handle for person in people}


def test_requests_follows_blocks_lists_and_notifications_reach_across(site, people):
    me, *others = people
    site.follows.set_locked(me, locked=True)
    for person in others:
        site.follows.follow(person, me.handle)
    assert handles(site.relations.requests(me).items) == handles(others)
    (line,) = site.notifications.page(me).items
    assert (line.kind.name, line.count, handles(line.actors)) == ("REQUEST", 7, handles(others))
    site.follows.authorize(me, others[0].handle)
    site.follows.set_locked(me, locked=False)
    assert handles(site.relations.followers(None, me.handle).people.items) == handles(others)
    assert site.timelines.profile(me, me.handle).profile.followers == 7
    assert site.notifications.page(me).items == ()

    post = site.posts.publish(me, f"#Tea with {' '.join(f'@{person.handle}' for person in others)}")
    for person in others:
        site.posts.like(person, post)
        (told,) = site.notifications.page(person).items
        assert (told.kind.name, told.post.id) == ("MENTION", post)
    (line,) = site.notifications.page(me).items
    assert (line.kind.name, line.count) == ("LIKE", 7)

    site.blocks.block(me, others[0].handle)
    site.blocks.block(others[1], me.handle)
    apart = handles(others[:2])
    assert handles(site.relations.followers(me, me.handle).people.items) == handles(others) - apart
    (line,) = site.notifications.page(me).items
    assert handles(line.actors) == handles(others) - apart
    for person in others[:2]:
        assert site.notifications.page(person).items == ()
    with pytest.raises(NotFoundError):
        site.follows.follow(others[0], me.handle)
    relations = site.relations.between(me, [person.account_id for person in others])
    assert [relation.followed_by for relation in relations] == [False, False, True, True, True, True, True]
    assert [relation.blocked_by for relation in relations][:2] == [False, True]

    shown = site.lists.create(me, "Harbour")
    for person in others[2:]:
        site.follows.follow(me, person.handle)
    site.lists.add(me, shown.id, [person.account_id for person in others[2:]])
    assert handles(site.lists.members(me, shown.id).items) == handles(others[2:])
    site.posts.delete(me, post)
    assert site.notifications.page(me).items == ()
    assert all(site.notifications.page(person).items[0].kind.name == "FOLLOW" for person in others[2:])

    star = others[3]
    for person in (others[2], others[5]):
        site.follows.follow(person, star.handle)
    assert handles(site.relations.familiar(me, [star.account_id])[star.account_id]) == handles([others[2], others[5]])


def test_search_and_suggestions_find_people_tags_and_posts_of_both(site, people, two_schemas):
    me, *others = people
    posts = [site.posts.publish(person, f"harbour #tag{number} #common") for number, person in enumerate(others)]
    assert [post.id for post in site.search.posts(me, "harbour").items] == sorted(posts, reverse=True)
    assert [post.id for post in site.search.posts(me, f"from:{others[2].handle} harbour").items] == [posts[2]]
    assert site.search.hashtags("tag") == tuple(f"tag{number}" for number in range(7))
    assert len(site.search.people(me, "p")) == 20, "of 24"
    assert handles(site.search.people(me, me.handle)) >= {me.handle}
    assert handles(site.suggestions.people(me)) == handles(others)
    site.follows.follow(me, others[0].handle)
    site.follows.follow(others[0], others[5].handle)
    first, *_ = site.suggestions.people(me)
    assert first.handle == others[5].handle
    site.tags.follow(me, "common")
    assert [tag.name for tag in site.tags.page(me)] == ["common"]
    with psycopg.connect(two_schemas.owner_url) as connection:
        for shard in ("s0000", "s0001"):
            assert connection.execute(f"SELECT count(*) > 1 FROM {shard}.posts").fetchone() == (True,)
