"""A post that somebody may not see is for them, in every use case, no different from one that is not there."""

from functools import partial

import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import Visibility


@pytest.fixture
def join(site):
    return lambda handle: site.accounts.sign_up(handle=handle, password="correct horse").viewer


@pytest.fixture
def ada(join):
    return join("ada")


@pytest.fixture
def eve(join):
    return join("eve")


def use_cases(posts, who, post_id):
    """Everything that is done with a post by its number, by the name of the use case."""
    names = (
        "read", "thread", "history", "likers", "reposters", "like", "unlike", "repost", "unrepost", "bookmark",
        "unbookmark", "pin", "unpin", "delete",
    )  # fmt: skip
    cases = {name: partial(getattr(posts, name), who, post_id) for name in names}
    cases["edit"] = partial(posts.edit, who, post_id, "mine")
    return cases


def nothing_works(site, who, post_id):
    for use in use_cases(site.posts, who, post_id).values():
        with pytest.raises(NotFoundError):
            use()
    with pytest.raises(InvalidInputError, match="gone"):
        site.posts.publish(who, "aha", parent_id=post_id)
    assert site.posts.read_several(who, [post_id]) == ()


def test_what_is_not_there_cannot_be_used(site, eve):
    nothing_works(site, eve, 12345)
    nothing_works(site, eve, 2**70)
    nothing_works(site, eve, -1)


@pytest.mark.parametrize("visibility", [Visibility.FOLLOWERS, Visibility.DIRECT])
def test_strangers_can_do_nothing_with_a_post_for_others(site, ada, eve, join, owner, visibility):
    post_id = site.posts.publish(ada, "for @bo only", visibility=visibility, recipients=[join("bo").account_id])

    nothing_works(site, eve, post_id)
    for use in (site.posts.read, site.posts.thread, site.posts.history, site.posts.likers, site.posts.reposters):
        with pytest.raises(NotFoundError):
            use(None, post_id)
    for table in ("likes_given", "bookmarks_given", "reposts_given", "replies_received"):
        assert owner.execute(f"SELECT count(*) FROM s0000.{table}").fetchone() == (0,), table


def test_whom_the_author_blocks_can_do_nothing_with_even_a_public_post(site, ada, eve):
    post_id = site.posts.publish(ada, "good morning")
    site.posts.like(eve, post_id)
    site.blocks.block(ada, "eve")

    nothing_works(site, eve, post_id)


def test_a_suspended_persons_post_is_gone_for_all_others(site, ada, eve, owner):
    post_id = site.posts.publish(ada, "good morning")
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'ada'")

    nothing_works(site, eve, post_id)


def test_followers_and_people_mentioned_can(site, ada, eve):
    for_followers = site.posts.publish(ada, "for followers", visibility=Visibility.FOLLOWERS)
    for_eve = site.posts.publish(ada, "for @eve", visibility=Visibility.DIRECT)
    site.follows.follow(eve, "ada")
    for post_id in (for_followers, for_eve):
        assert site.posts.read(eve, post_id).id == post_id
        site.posts.like(eve, post_id)
        site.posts.bookmark(eve, post_id)
        assert post_id in [post.id for post in site.timelines.bookmarks(eve).items]
        with pytest.raises(ForbiddenError):
            site.posts.repost(eve, post_id)
        with pytest.raises(ForbiddenError):
            site.posts.repost(ada, post_id)
    site.follows.unfollow(eve, "ada")
    with pytest.raises(NotFoundError):
        site.posts.read(eve, for_followers)
    assert [post.id for post in site.timelines.bookmarks(eve).items] == [for_eve]


def test_only_the_author_changes_what_everyone_sees(site, ada, eve):
    post_id = site.posts.publish(ada, "good morning")
    for name in ("delete", "edit", "pin", "unpin"):
        with pytest.raises(ForbiddenError):
            use_cases(site.posts, eve, post_id)[name]()
    assert site.posts.read(None, post_id).text == "good morning"


def test_a_repost_does_not_lead_around_its_originals_rules(site, ada, eve, join):
    bo = join("bo")
    post_id = site.posts.publish(ada, "good morning")
    repost_id = site.posts.repost(bo, post_id)
    site.blocks.block(ada, "eve")

    for name in ("read", "like", "bookmark", "repost", "likers", "reposters", "thread"):
        with pytest.raises(NotFoundError):
            use_cases(site.posts, eve, repost_id)[name]()
    assert site.posts.read_several(eve, [repost_id]) == ()
    assert site.timelines.by_author(eve, "bo").items == ()


def test_threads_leave_out_what_the_reader_may_not_see(site, ada, eve, join):
    bo = join("bo")
    root = site.posts.publish(ada, "root")
    secret = site.posts.publish(bo, "between us @ada", parent_id=root, visibility=Visibility.DIRECT)
    below = site.posts.publish(ada, "aloud", parent_id=secret)

    thread = site.posts.thread(eve, root)
    assert [post.text for post in thread.descendants] == ["aloud"]
    assert thread.post.replies == 0
    assert [post.text for post in site.posts.thread(eve, below).ancestors] == ["root"]
    assert [post.text for post in site.posts.thread(ada, root).descendants] == ["between us @ada", "aloud"]


def test_conversations_are_seen_by_their_members_only(site, ada, eve, join):
    join("bo")
    conversation_id = site.conversations.start(ada, "bo", "between us")
    for use in (site.conversations.one, site.conversations.opened, site.conversations.posts,
                site.conversations.mark_read, site.conversations.delete):  # fmt: skip
        with pytest.raises(NotFoundError):
            use(eve, conversation_id)
    with pytest.raises(NotFoundError):
        site.conversations.write(eve, conversation_id, "hello?")
    assert site.conversations.page(eve).items == ()
    assert [post.text for post in site.conversations.posts(ada, conversation_id).items] == ["between us"]


def test_a_message_does_not_reach_whom_its_author_is_blocked_by(site, ada, eve, owner):
    site.blocks.block(eve, "ada")
    with pytest.raises(InvalidInputError, match="None of these people"):
        site.conversations.start(ada, "eve", "hello")
    post_id = site.posts.publish(ada, "hello @eve", visibility=Visibility.DIRECT)
    assert site.posts.read(ada, post_id).mentions == ()
    assert site.conversations.page(eve).items == ()
    assert owner.execute("SELECT count(*) FROM s0000.posts WHERE visibility = 3").fetchone() == (1,)
