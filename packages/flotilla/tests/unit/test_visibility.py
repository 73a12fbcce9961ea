"""Who may see a post: the whole table of it, written down by hand."""

from itertools import product

import pytest

from flotilla.social.visibility import (
    VISITOR_ID,
    Visibility,
    may_repost,
    may_see,
    stands_at_home,
    stands_in_list,
    stands_in_public,
    stands_on_profile,
    wants_to_see,
    widest_for,
)
from flotilla.store.posts import PostRow

AUTHOR, ME, OTHER = 7, 8, 9
PUBLIC, UNLISTED, FOLLOWERS, DIRECT = Visibility


def post(**facts) -> PostRow:
    """A plain public post of AUTHOR, whom the reader does not follow, but for what is said otherwise."""
    plain = dict.fromkeys(PostRow._fields, False) | {
        "post_id": 100,
        "author_id": AUTHOR,
        "author_active": True,
        "reposts_wanted": None,
        "visibility": PUBLIC,
        "parent_id": None,
        "parent_author_id": None,
        "repost_of": None,
        "mentioned_ids": [],
    }
    return PostRow(**(plain | facts))


WHO = {
    "visitor": (VISITOR_ID, {}),
    "stranger": (ME, {}),
    "follower": (ME, {"reposts_wanted": True}),
    "mentioned": (ME, {"mentioned_ids": [OTHER, ME]}),
    "author": (AUTHOR, {}),
    "blocked follower": (ME, {"reposts_wanted": True, "blocked_by_author": True}),
    "blocked mentioned": (ME, {"mentioned_ids": [ME], "blocked_by_author": True}),
}
SEEN = {
    #                     public unlisted followers direct
    "visitor": (True, True, False, False),
    "stranger": (True, True, False, False),
    "follower": (True, True, True, False),
    "mentioned": (True, True, True, True),
    "author": (True, True, True, True),
    "blocked follower": (False, False, False, False),
    "blocked mentioned": (False, False, False, False),
}


@pytest.mark.parametrize(("who", "visibility"), list(product(WHO, Visibility)))
def test_who_may_see_which_post(who: str, visibility: Visibility) -> None:
    reader, facts = WHO[who]
    assert may_see(post(visibility=visibility, **facts), reader) is SEEN[who][visibility]


@pytest.mark.parametrize(("who", "visibility"), list(product(WHO, Visibility)))
def test_nobody_but_the_author_sees_a_suspended_persons_posts(who: str, visibility: Visibility) -> None:
    reader, facts = WHO[who]
    assert may_see(post(visibility=visibility, author_active=False, **facts), reader) is (who == "author")


@pytest.mark.parametrize("who", [who for who in WHO if not who.startswith("blocked")])
def test_only_what_everyone_may_see_can_be_spread_even_by_its_author(who: str) -> None:
    reader, facts = WHO[who]
    allowed = [may_repost(post(visibility=visibility, **facts), reader) for visibility in Visibility]
    assert allowed == [True, True, False, False]


def test_a_visitor_has_no_id_that_a_post_could_mention() -> None:
    assert not may_see(post(visibility=DIRECT, mentioned_ids=[VISITOR_ID]), VISITOR_ID)
    assert not may_see(post(visibility=DIRECT, author_id=VISITOR_ID), VISITOR_ID)


def test_whom_one_muted_or_blocked_is_left_out_of_lists_but_can_be_opened() -> None:
    hidden = post(author_hidden=True, reposts_wanted=True)
    assert may_see(hidden, ME)
    assert not wants_to_see(hidden, ME, {})
    assert not stands_at_home(hidden, ME, {})
    assert not stands_in_public(hidden, ME)
    assert stands_on_profile(hidden, ME, {})


def test_a_silenced_author_stands_in_public_only_for_followers_and_themselves() -> None:
    assert not stands_in_public(post(author_silenced=True), VISITOR_ID)
    assert not stands_in_public(post(author_silenced=True), ME)
    assert stands_in_public(post(author_silenced=True, reposts_wanted=False), ME)
    assert stands_in_public(post(author_silenced=True), AUTHOR)
    assert may_see(post(author_silenced=True), VISITOR_ID)


@pytest.mark.parametrize("visibility", [UNLISTED, FOLLOWERS, DIRECT])
def test_only_public_posts_stand_in_public(visibility: Visibility) -> None:
    assert not stands_in_public(post(visibility=visibility, reposts_wanted=True, mentioned_ids=[ME]), ME)


def test_direct_posts_stand_in_no_timeline_of_anyone() -> None:
    direct = post(visibility=DIRECT, mentioned_ids=[ME], reposts_wanted=True)
    assert not stands_at_home(direct, ME, {})
    assert not stands_at_home(direct, AUTHOR, {})
    assert not stands_on_profile(direct, AUTHOR, {})
    assert not stands_in_list(direct, ME, {}, members={AUTHOR}, replies="list")


def test_a_repost_stands_where_its_original_may_be_seen() -> None:
    repost = post(post_id=200, repost_of=100, reposts_wanted=True)
    for original, stands in (
        (post(author_id=OTHER), True),
        (post(author_id=OTHER, visibility=UNLISTED), True),
        (post(author_id=OTHER, visibility=FOLLOWERS, reposts_wanted=True), False),
        (post(author_id=OTHER, author_hidden=True), False),
        (post(author_id=OTHER, blocked_by_author=True), False),
        (post(author_id=OTHER, author_active=False), False),
    ):
        assert stands_at_home(repost, ME, {100: original}) is stands
        assert stands_on_profile(repost, ME, {100: original}) is stands
    assert not stands_at_home(repost, ME, {})


def test_hidden_reposts_hide_reposts_and_nothing_else() -> None:
    original = {100: post(author_id=OTHER)}
    assert not stands_at_home(post(repost_of=100, reposts_wanted=False), ME, original)
    assert not stands_in_list(post(repost_of=100, reposts_wanted=False), ME, original, members={AUTHOR}, replies="list")
    assert stands_at_home(post(reposts_wanted=False), ME, {})


@pytest.mark.parametrize(
    ("parent", "stands"),
    [({"parent_author_id": AUTHOR}, True), ({"parent_author_id": ME}, True), ({"parent_author_id": OTHER}, False),
     ({"parent_author_id": OTHER, "parent_followed": True}, True)],
)  # fmt: skip
def test_at_home_replies_stand_only_within_the_circle(parent: dict[str, object], stands: bool) -> None:
    assert stands_at_home(post(reposts_wanted=True, parent_id=1, **parent), ME, {}) is stands


def test_ones_own_replies_always_stand_at_home() -> None:
    assert stands_at_home(post(parent_id=1, parent_author_id=OTHER), AUTHOR, {})


@pytest.mark.parametrize(
    ("replies", "to_member", "to_followed", "to_oneself", "to_stranger"),
    [("list", True, False, True, False), ("followed", False, True, True, False), ("none", False, False, True, False)],
)
def test_a_list_shows_the_replies_it_was_told_to(
    replies: str, to_member: bool, to_followed: bool, to_oneself: bool, to_stranger: bool
) -> None:
    def stands(**parent: object) -> bool:
        return stands_in_list(post(parent_id=1, **parent), ME, {}, members={AUTHOR, 11}, replies=replies)

    assert stands(parent_author_id=11) is to_member
    assert stands(parent_author_id=OTHER, parent_followed=True) is to_followed
    assert stands(parent_author_id=AUTHOR) is to_oneself
    assert stands(parent_author_id=OTHER) is to_stranger


def test_what_is_not_read_for_a_viewer_they_could_not_have_seen() -> None:
    for reader in (VISITOR_ID, ME):
        for visibility in Visibility:
            if visibility > widest_for(reader):
                assert visibility == DIRECT or not may_see(post(visibility=visibility), reader)
