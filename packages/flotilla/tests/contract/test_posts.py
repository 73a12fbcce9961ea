"""What belongs to posts: replies, reposts, edits, pins, keys, conversations, and what is left when they go."""

import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import Visibility
from flotilla.social.cleanup import clean_up
from flotilla.social.posts import PINS_MAX


@pytest.fixture
def join(site):
    return lambda handle: site.accounts.sign_up(handle=handle, password="correct horse").viewer


@pytest.fixture
def ada(join):
    return join("ada")


@pytest.fixture
def bo(join):
    return join("bo")


def last_post_id(owner, viewer):
    return owner.execute(
        "SELECT last_post_id, posts FROM s0000.author_stats WHERE author_id = %s", [viewer.account_id]
    ).fetchone()


def test_a_post_tells_everything_it_was_published_with(site, ada, bo):
    parent = site.posts.publish(bo, "question")
    post_id = site.posts.publish(
        ada,
        "answer @bo #tea",
        warning="  Long\n story ",
        visibility=Visibility.UNLISTED,
        language="de",
        parent_id=parent,
    )

    post = site.posts.read(bo, post_id)

    assert (post.text, post.warning, post.sensitive, post.language) == ("answer @bo #tea", "Long story", True, "de")
    assert (post.visibility, post.parent_id, post.parent_author.handle) == (Visibility.UNLISTED, parent, "bo")
    assert [person.handle for person in post.mentions] == ["bo"]
    assert site.posts.read(None, parent).replies == 1
    assert site.timelines.hashtag(None, "tea").items == ()


@pytest.mark.parametrize(
    ("fields", "field"), [({"warning": "w" * 201}, "warning"), ({"text": "x" * 501}, "text"), ({"text": ""}, "text")]
)
def test_what_is_too_long_or_empty_is_refused_by_name(site, ada, fields, field):
    with pytest.raises(InvalidInputError) as refused:
        site.posts.publish(ada, **({"text": "hello"} | fields))
    assert set(refused.value.problems) == {field}


def test_a_language_that_is_none_is_left_out(site, ada):
    for odd in ("english please", "<b>", "x" * 50):
        assert site.posts.read(ada, site.posts.publish(ada, "hello", language=odd)).language == ""


def test_direct_posts_neither_count_nor_stand_in_the_way_of_home(site, ada, owner):
    first = site.posts.publish(ada, "hello")
    site.posts.publish(ada, "psst", visibility=Visibility.DIRECT)
    assert last_post_id(owner, ada) == (first, 1)
    assert [post.id for post in site.timelines.home(ada).items] == [first]
    site.posts.delete(ada, first)
    assert last_post_id(owner, ada) == (0, 0)


def test_a_repost_counts_once_stands_at_home_and_can_be_taken_back(site, ada, bo, owner):
    post_id = site.posts.publish(ada, "hello")
    repost_id = site.posts.repost(bo, post_id)
    assert site.posts.repost(bo, post_id) == repost_id
    assert site.posts.repost(bo, repost_id) == repost_id

    (shown,) = site.timelines.home(bo).items
    assert (shown.id, shown.author.handle, shown.repost_of.id, shown.repost_of.reposts) == (repost_id, "bo", post_id, 1)
    assert shown.repost_of.reposted_by_viewer
    assert [person.handle for person in site.posts.reposters(None, post_id).items] == ["bo"]
    assert last_post_id(owner, bo) == (repost_id, 1)
    assert site.timelines.public(None).items[0].id == post_id

    site.posts.unrepost(bo, post_id)
    site.posts.unrepost(bo, post_id)
    assert site.posts.read(bo, post_id).reposts == 0
    assert last_post_id(owner, bo) == (0, 0)
    again = site.posts.repost(bo, post_id)
    site.posts.delete(bo, again)
    assert not site.posts.read(bo, post_id).reposted_by_viewer


def test_liking_bookmarking_and_answering_a_repost_means_the_original(site, ada, bo):
    post_id = site.posts.publish(ada, "hello")
    repost_id = site.posts.repost(bo, post_id)
    assert site.posts.like(ada, repost_id) == 1
    site.posts.bookmark(bo, repost_id)
    reply = site.posts.publish(bo, "hi", parent_id=repost_id)

    assert site.posts.read(bo, reply).parent_id == post_id
    original = site.posts.read(bo, repost_id).repost_of
    assert (original.likes, original.replies, original.bookmarked_by_viewer) == (1, 1, True)
    assert [person.handle for person in site.posts.likers(None, repost_id).items] == ["ada"]


def test_a_deleted_post_takes_everything_with_it_but_the_replies(site, ada, bo, owner):
    parent = site.posts.publish(bo, "question")
    post_id = site.posts.publish(ada, "answer #tea @bo", parent_id=parent)
    reply = site.posts.publish(bo, "thanks", parent_id=post_id)
    site.posts.like(bo, post_id)
    site.posts.bookmark(bo, post_id)
    site.posts.repost(bo, post_id)
    site.posts.edit(ada, post_id, "answer #rum @bo")

    site.posts.delete(ada, post_id)

    for table in ("likes_given", "likes_received", "bookmarks_given", "bookmarks_received", "reposts_given",
                  "reposts_received", "post_edits", "tag_index", "mention_index", "replies_received"):  # fmt: skip
        assert owner.execute(f"SELECT count(*) FROM s0000.{table}").fetchone() == (0,), table
    assert {post.id for post in site.timelines.by_author(None, "bo").items} == {parent, reply}
    assert site.posts.read(bo, parent).replies == 0
    left = site.posts.read(bo, reply)
    assert (left.parent_id, left.parent_author.handle) == (post_id, "ada")
    assert site.posts.thread(bo, reply).ancestors == ()
    assert last_post_id(owner, bo) == (reply, 2)


def test_a_thread_is_read_from_the_top_with_each_reply_under_its_parent(site, ada, bo):
    def reply(who, text, parent):
        return site.posts.publish(who, text, parent_id=parent)

    root = site.posts.publish(ada, "root")
    one = reply(bo, "1", root)
    two = reply(ada, "2", root)
    one_one = reply(ada, "1.1", one)
    reply(bo, "2.1", two)
    reply(bo, "1.1.1", one_one)
    reply(ada, "1.2", one)

    thread = site.posts.thread(None, root)
    read = list(zip([post.text for post in thread.descendants], thread.depths, strict=True))
    assert read == [("1", 1), ("1.1", 2), ("1.1.1", 3), ("1.2", 2), ("2", 1), ("2.1", 2)]
    assert not thread.more
    middle = site.posts.thread(None, one_one)
    assert [post.text for post in middle.ancestors] == ["root", "1"]
    assert [post.text for post in middle.descendants] == ["1.1.1"]


def test_a_thread_of_any_length_is_cut_and_says_so(site, ada, monkeypatch):
    monkeypatch.setattr("flotilla.social.threads.ANCESTORS_MAX", 3)
    monkeypatch.setattr("flotilla.social.threads.DESCENDANTS_MAX", 4)
    post_id, chain = None, []
    for number in range(9):
        post_id = site.posts.publish(ada, str(number), parent_id=post_id)
        chain.append(post_id)

    top, end = site.posts.thread(ada, chain[0]), site.posts.thread(ada, chain[-1])

    assert ([post.text for post in top.descendants], top.more) == (["1", "2", "3", "4"], True)
    assert [post.text for post in end.ancestors] == ["5", "6", "7"]


def test_edits_keep_every_wording_and_move_hashtags_and_mentions(site, ada, bo, join):
    join("cy")
    post_id = site.posts.publish(ada, "first #tea @bo", warning="w")
    site.posts.edit(ada, post_id, "second #rum @cy")
    site.posts.edit(ada, post_id, "second #rum @cy")
    site.posts.edit(ada, post_id, "third #rum")

    versions = site.posts.history(bo, post_id)

    assert [(version.text, version.warning) for version in versions] == [
        ("first #tea @bo", "w"), ("second #rum @cy", ""), ("third #rum", ""),
    ]  # fmt: skip
    assert [version.written_at for version in versions] == sorted({version.written_at for version in versions})
    post = site.posts.read(bo, post_id)
    assert (post.text, post.mentions, post.edited_at) == ("third #rum", (), versions[-1].written_at)
    assert site.timelines.hashtag(None, "tea").items == ()
    assert [post.id for post in site.timelines.hashtag(None, "rum").items] == [post_id]


def test_an_edited_direct_post_stays_with_the_people_it_was_sent_to(site, ada, bo, join):
    cy = join("cy")
    post_id = site.posts.publish(ada, "for @bo", visibility=Visibility.DIRECT)
    site.posts.edit(ada, post_id, "for @cy after all")
    assert site.posts.read(bo, post_id).text == "for @cy after all"
    with pytest.raises(NotFoundError):
        site.posts.read(cy, post_id)


def test_a_refused_edit_changes_nothing(site, ada):
    post_id = site.posts.publish(ada, "hello")
    with pytest.raises(InvalidInputError):
        site.posts.edit(ada, post_id, " ")
    assert site.posts.read(ada, post_id).edited_at is None
    assert len(site.posts.history(ada, post_id)) == 1


def test_at_most_so_many_posts_are_pinned_and_the_newest_stands_first(site, ada):
    ids = [site.posts.publish(ada, f"post {number}") for number in range(PINS_MAX + 1)]
    for post_id in ids[:PINS_MAX]:
        site.posts.pin(ada, post_id)
        site.posts.pin(ada, post_id)
    with pytest.raises(InvalidInputError, match=f"{PINS_MAX} posts"):
        site.posts.pin(ada, ids[-1])
    assert [post.id for post in site.timelines.pinned(None, "ada")] == ids[PINS_MAX - 1 :: -1]
    assert site.timelines.profile(None, "ada").pinned[0].pinned
    site.posts.unpin(ada, ids[0])
    site.posts.pin(ada, ids[-1])
    for unfit in (site.posts.publish(ada, "psst", visibility=Visibility.DIRECT), site.posts.repost(ada, ids[0])):
        with pytest.raises(ForbiddenError):
            site.posts.pin(ada, unfit)


def test_the_same_key_publishes_once_for_each_person(site, ada, bo):
    first = site.posts.publish(ada, "hello", key="k" * 300)
    assert site.posts.publish(ada, "hello", key="k" * 300) == first
    assert site.posts.publish(bo, "hello", key="k" * 300) != first
    assert site.posts.publish(ada, "hello", key="another") != first
    assert len(site.timelines.public(None).items) == 3
    with pytest.raises(InvalidInputError):
        site.posts.publish(ada, "", key="refused")
    site.posts.publish(ada, "now", key="refused")
    assert site.timelines.public(None).items[0].text == "now"


def test_keys_are_forgotten_after_a_day_and_not_before(site, ada, owner):
    site.posts.publish(ada, "hello", key="of today")
    site.posts.publish(ada, "hello", key="of long ago")
    owner.execute("UPDATE s0000.publish_keys SET post_id = 1 WHERE post_id = (SELECT max(id) FROM s0000.posts)")
    assert clean_up(site.database) == 1
    assert clean_up(site.database) == 0
    site.posts.publish(ada, "hello", key="of today")
    assert owner.execute("SELECT count(*) FROM s0000.posts").fetchone() == (2,)


def test_each_set_of_people_has_one_conversation(site, ada, bo, join):
    cy = join("cy")
    two = site.conversations.start(ada, "@bo", "hello")
    assert site.conversations.start(bo, "ADA", "hello yourself") == two
    three = site.conversations.start(ada, "bo, cy", "all of us")
    assert three != two
    site.conversations.write(cy, three, "indeed")
    site.posts.publish(bo, "@cy @ada in a post", visibility=Visibility.DIRECT)

    page = site.conversations.page(ada)
    assert [(item.id, item.last_post.text, item.unread) for item in page.items] == [
        (three, "@cy @ada in a post", True), (two, "hello yourself", True),
    ]  # fmt: skip
    assert [person.handle for person in page.items[1].others] == ["bo"]
    assert [post.text for post in site.conversations.posts(cy, three).items] == [
        "@cy @ada in a post", "indeed", "all of us",
    ]  # fmt: skip
    assert site.conversations.unread(ada) == 2
    site.conversations.mark_read(ada, three)
    assert site.conversations.unread(ada) == 1
    assert not site.conversations.one(ada, three).unread
    assert site.conversations.opened(ada, two)[0].unread
    assert site.conversations.unread(ada) == 0


def test_a_deleted_message_leaves_its_conversation_and_the_last_one_ends_it(site, ada, bo):
    conversation_id = site.conversations.start(ada, "bo", "first")
    site.conversations.write(ada, conversation_id, "second")
    (second, first) = [post.id for post in site.conversations.posts(bo, conversation_id).items]
    site.posts.delete(ada, second)
    assert site.conversations.page(bo).items[0].last_post.id == first
    site.posts.delete(ada, first)
    assert site.conversations.page(bo).items == site.conversations.page(ada).items == ()


def test_a_member_who_takes_a_conversation_off_their_list_takes_it_from_nobody_else(site, ada, bo):
    conversation_id = site.conversations.start(ada, "bo", "first")
    site.conversations.delete(bo, conversation_id)
    assert site.conversations.page(bo).items == ()
    assert len(site.conversations.page(ada).items) == 1
