"""Searching on the real PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from flotilla.errors import InvalidInputError
from flotilla.social import Paging, Visibility, open_site
from flotilla.social.searching import folded
from flotilla.store.ids import EPOCH, bucket_of, make_id


@pytest.fixture
def people(site):
    names = {"ada": "Ada Lovelace", "adam": "Ádám Tamás", "bob": "Bob Øst", "cy": "Cyrus ada-Smith"}
    return [
        site.accounts.sign_up(handle=handle, password="correct horse", display_name=name).viewer
        for handle, name in names.items()
    ]


def found(site, viewer, typed):
    return [post.id for post in site.search.posts(viewer, typed).items]


def handles(site, viewer, typed, **more):
    return [person.handle for person in site.search.people(viewer, typed, **more)]


def say(site, viewer, text, visibility=Visibility.PUBLIC, warning=""):
    return site.posts.publish(viewer, text, visibility=visibility, warning=warning)


def test_posts_are_found_by_their_words_newest_first(site, people):
    ada, bob = people[0], people[2]
    calm = say(site, ada, "A calm sea at dawn, #Sailing with @bob")
    creme = say(site, bob, "Crème brûlée in Łódź on the Straße, see https://example.org/recipes")
    warned = say(site, bob, "no words of note", warning="Calm down")
    for typed, expected in {
        "calm": [warned, calm],
        "CALM SEA": [calm],
        '"calm sea"': [calm],
        '"sea calm"': [],
        "calm -sea": [warned],
        "dawn or brulee": [creme, calm],
        "creme brulee": [creme],
        "BRÛLÉE": [creme],
        "lodz strasse": [creme],
        "sailing": [calm],
        "#sailing": [calm],
        "@bob": [calm],
        "example.org": [creme],
        "from:@bob calm": [warned],
        "from:bob": [warned, creme],
        "from:nobody calm": [],
        "from:@ calm": [],
        "cal": [],
        "-sea": [],
        "": [],
        "'": [],
    }.items():
        assert found(site, ada, typed) == expected, typed


def test_only_public_posts_and_ones_own_are_found(site, people):
    ada, bob = people[0], people[2]
    site.follows.follow(ada, "bob")
    ids = {visibility: say(site, bob, "a secret harbour @ada", visibility) for visibility in Visibility}
    assert found(site, ada, "harbour") == [ids[Visibility.PUBLIC]]
    assert found(site, bob, "harbour") == sorted(ids.values(), reverse=True)
    assert found(site, ada, "from:bob harbour") == [ids[Visibility.PUBLIC]]


def test_posts_of_whom_one_does_not_want_to_meet_or_may_not_are_not_found(site, people, owner):
    ada, _, bob, cy = people
    for person in people:
        say(site, person, "harbour")
    site.blocks.block(ada, "adam")
    site.blocks.block(bob, "ada")
    owner.execute("UPDATE g.account SET silenced = true WHERE handle = 'cy'")

    def authors(viewer, typed):
        # Posts of one millisecond stand in the order of their authors' buckets, and a fast machine writes two in one.
        return sorted(post.author.handle for post in site.search.posts(viewer, typed).items)

    assert authors(ada, "harbour") == ["ada"]
    assert authors(ada, "from:bob harbour") == []
    assert authors(cy, "harbour") == ["ada", "adam", "bob", "cy"]
    owner.execute("UPDATE g.account SET state = 'suspended', silenced = false WHERE handle = 'adam'")
    assert authors(cy, "harbour") == ["ada", "bob", "cy"]


def test_reposts_are_not_found_beside_what_they_repost(site, people):
    ada, bob = people[0], people[2]
    post = say(site, ada, "harbour")
    site.posts.repost(bob, post)
    assert found(site, bob, "harbour") == [post]


def test_an_edited_post_is_found_by_its_new_words_and_a_deleted_one_by_none(site, people, owner):
    ada = people[0]
    post = say(site, ada, "harbour")
    owner.execute("UPDATE s0000.posts SET body = 'lighthouse'")
    assert (found(site, ada, "harbour"), found(site, ada, "lighthouse")) == ([], [post])
    site.posts.delete(ada, post)
    assert found(site, ada, "lighthouse") == []


def test_pages_of_old_and_new_posts_join_without_gap_or_doublet(site, people, owner):
    ada = people[0]
    now_ms = (datetime.now(UTC) - EPOCH) // timedelta(milliseconds=1)
    bucket, day_ms = bucket_of(ada.account_id), 86_400_000
    ids = [
        make_id(since_epoch_ms=now_ms - days * day_ms, bucket=bucket, sequence=days)
        for days in (1, 30, 60, 89, 90, 91, 120, 200, 300)
    ]
    for post_id in ids:
        owner.execute(
            "INSERT INTO s0000.posts (id, author_id, body) VALUES (%s, %s, 'harbour')", [post_id, ada.account_id]
        )
        owner.execute("INSERT INTO s0000.post_stats (post_id) VALUES (%s)", [post_id])
    for limit in (1, 2, 3, 4, 5, 8, 9, 20):
        walked, before = [], None
        for _ in range(20):
            page = site.search.posts(ada, "harbour", Paging(before=before, limit=limit))
            walked += [post.id for post in page.items]
            assert len(page.items) <= limit
            before = page.next_before
            if before is None:
                break
        assert walked == ids, limit
    assert [post.id for post in site.search.posts(ada, "harbour", Paging(after=ids[4])).items] == ids[:4]


def test_people_are_found_by_the_beginning_of_their_handle_or_of_any_word_of_their_name(site, people):
    bob = people[2]
    assert handles(site, bob, "ada") == ["ada", "adam", "cy"]
    assert handles(site, bob, "@ADA") == ["ada", "adam", "cy"]
    assert handles(site, bob, "adam t") == ["adam"]
    assert handles(site, bob, "tamas") == ["adam"]
    assert handles(site, bob, "ost") == ["bob"]
    assert handles(site, bob, "love ada") == ["ada"]
    assert handles(site, bob, "ovelace") == []
    assert handles(site, bob, "#ada") == []
    assert handles(site, bob, "%") == handles(site, bob, "_da") == handles(site, bob, "") == []
    assert handles(site, bob, "ada", limit=1) == ["ada"]


def test_people_one_follows_come_first_and_then_whom_most_follow(site, people):
    ada, _, bob, cy = people
    site.accounts.sign_up(handle="dan", password="correct horse", display_name="Ada D")
    for follower in (ada, cy):
        site.follows.follow(follower, "dan")
    site.follows.follow(bob, "cy")
    assert handles(site, bob, "ada") == ["ada", "cy", "dan", "adam"]
    assert handles(site, cy, "ada")[:2] == ["ada", "dan"]


def test_people_with_a_block_between_them_do_not_find_each_other(site, people, owner):
    ada, adam, bob, _ = people
    site.blocks.block(bob, "adam")
    assert handles(site, bob, "adam") == []
    assert handles(site, adam, "bob") == []
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'cy'")
    assert handles(site, ada, "cy") == []


def test_hashtags_in_use_are_found_by_their_beginning(site, people):
    ada = people[0]
    say(site, ada, "#Sail #sailing #seaside #éclair")
    site.tags.follow(ada, "sailors")
    assert site.search.hashtags("sail") == ("sail", "sailing")
    assert site.search.hashtags("#SAILI") == ("sailing",)
    assert site.search.hashtags("#é") == ("éclair",)
    assert site.search.hashtags("s", limit=2) == ("sail", "sailing")
    assert site.search.hashtags("@sail") == site.search.hashtags("") == site.search.hashtags("%") == ()


def test_everything_is_found_at_once_people_and_hashtags_on_the_first_page(site, people):
    ada = people[0]
    posts = [say(site, ada, "#ada") for _ in range(3)]
    first = site.search.everything(ada, "ada", Paging(limit=2))
    assert ([post.id for post in first.posts.items], first.hashtags) == (posts[:0:-1], ("ada",))
    assert [person.handle for person in first.people] == ["ada", "adam", "cy"]
    second = site.search.everything(ada, "ada", Paging(limit=2, before=first.posts.next_before))
    assert ([post.id for post in second.posts.items], second.people, second.hashtags) == ([posts[0]], (), ())


def test_a_search_that_takes_too_long_ends_with_advice(settings, people, owner):
    hasty = open_site(replace(settings, statement_timeout_s=0.3))
    try:
        # However fast the machine is, nobody reads what another holds.
        with owner.transaction():
            owner.execute("LOCK TABLE s0000.post_stats IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(InvalidInputError, match="would take too long"):
                hasty.search.posts(people[0], "harbour -word")
    finally:
        hasty.close()


@pytest.mark.parametrize(
    "text",
    ["Crème Brûlée", "ŁÓDŹ Đak", "İSTANBUL Isparta ıslak", "Straße ẞ", "naïve œuvre ﬁn", "Ærø Ǽ", "hello_world 12ab"],
)
def test_words_are_folded_here_as_in_the_database(owner, text):
    same = owner.execute(
        "SELECT s0000.words_of(%s) = to_tsvector('simple', %s), s0000.words_of(%s)", [text, folded(text), text]
    ).fetchone()
    assert same[0], same


def test_rare_words_are_looked_up_in_the_index(owner, people):
    owner.execute(
        "INSERT INTO s0000.posts (id, author_id, body) SELECT n, %s, 'harbour ' || n FROM generate_series(1, 4000) n",
        [people[0].account_id],
    )
    owner.execute("ANALYZE s0000.posts")
    plan = owner.execute(
        "EXPLAIN SELECT id FROM s0000.posts WHERE s0000.words_of(warning || ' ' || body)"
        " @@ websearch_to_tsquery('simple', '1234') AND repost_of IS NULL ORDER BY id DESC LIMIT 20"
    ).fetchall()
    assert any("posts_words" in line for (line,) in plan), plan


def test_suggestions_are_people_ones_people_follow_then_those_who_write_and_never_known_ones(site, people, owner):
    _, adam, bob, _ = people
    me = site.accounts.sign_up(handle="eve", password="correct horse").viewer
    for person in people:
        say(site, person, "hello")
    site.follows.follow(adam, "ada")
    site.follows.follow(bob, "ada")

    def suggested():
        return [person.handle for person in site.suggestions.people(me)]

    assert suggested() == ["ada", "adam", "bob", "cy"]
    site.follows.follow(me, "bob")
    site.follows.follow(bob, "cy")
    assert suggested() == ["ada", "cy", "adam"]
    site.blocks.block(me, "adam")
    assert suggested() == ["ada", "cy"]
    site.blocks.mute(me, "cy")
    assert suggested() == ["ada"]
    owner.execute("UPDATE s0000.profile SET discoverable = false WHERE handle = 'ada'")
    assert suggested() == []
    owner.execute("UPDATE s0000.profile SET discoverable = true")
    owner.execute("UPDATE g.account SET silenced = true WHERE handle = 'ada'")
    assert suggested() == []
