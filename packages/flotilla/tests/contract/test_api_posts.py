"""Posts and timelines as apps use them, through Mastodon.py on a running server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mastodon.errors import MastodonAPIError, MastodonNotFoundError


def ids(posts: Any) -> list[str]:
    return [post.id for post in posts]


def test_a_post_is_for_those_it_is_meant_for(server: Any) -> None:
    ada, bob, eve = server.aboard("ada"), server.aboard("bob"), server.aboard("eve")
    bob.account_follow(ada.me())
    posts = {
        name: ada.status_post(f"{name} @eve", visibility=name) for name in ("public", "unlisted", "private", "direct")
    }
    quiet = ada.status_post("for followers", visibility="private")

    assert {name: post.visibility for name, post in posts.items()} == {name: name for name in posts}
    assert set(ids(bob.timeline_home())) == {posts[name].id for name in ("public", "unlisted", "private")} | {quiet.id}
    assert ids(eve.timeline_public()) == [posts["public"].id]
    assert eve.status(posts["direct"]).id == posts["direct"].id
    for client in (bob, eve):
        hidden = posts["direct"] if client is bob else quiet
        for deed in (
            client.status,
            client.status_context,
            client.status_favourite,
            client.status_reblog,
            client.status_bookmark,
            client.status_history,
            client.status_favourited_by,
            client.status_reblogged_by,
        ):
            with pytest.raises(MastodonNotFoundError):
                deed(hidden)
    assert ids(eve.account_statuses(ada.me(), exclude_replies=True)) == ids(
        [posts["private"], posts["unlisted"], posts["public"]]
    )


def test_a_post_sent_again_with_its_key_is_one_post(server: Any) -> None:
    ada = server.aboard("ada")
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: ada.status_post("Once", idempotency_key="k"), range(6)))
    assert len(set(ids(sent))) == 1
    assert ada.status_post("Once", idempotency_key="another").id != sent[0].id
    assert len(ada.timeline_home()) == 2


def test_a_post_is_changed_and_its_former_words_stay(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    first = ada.status_post("Calm see", spoiler_text="Weather", sensitive=True, language="en")
    assert (first.spoiler_text, first.sensitive, first.language, first.edited_at) == ("Weather", True, "en", None)

    changed = ada.status_update(first, "Calm sea", spoiler_text="")
    assert (changed.content, changed.spoiler_text) == ("<p>Calm sea</p>", "")
    assert changed.edited_at > first.created_at
    assert [one.content for one in bob.status_history(first)] == ["<p>Calm see</p>", "<p>Calm sea</p>"]
    assert ada.status_source(first).text == "Calm sea"
    for deed in (lambda: bob.status_update(first, "Mine"), lambda: bob.status_source(first)):
        with pytest.raises(MastodonNotFoundError):
            deed()


def test_a_thread_is_read_from_its_middle(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    top = ada.status_post("Who sails?")
    middle = bob.status_reply(top, "I do")
    low = ada.status_reply(middle, "Good")

    around = bob.status_context(middle)
    assert (ids(around.ancestors), ids(around.descendants)) == ([top.id], [low.id])
    assert (middle.in_reply_to_id, middle.in_reply_to_account_id) == (top.id, ada.me().id)
    assert [person.acct for person in middle.mentions] == ["ada"]
    assert ada.status(top).replies_count == 1


def test_a_repost_carries_the_post_and_is_taken_back(server: Any) -> None:
    ada, bob, eve = server.aboard("ada"), server.aboard("bob"), server.aboard("eve")
    eve.account_follow(bob.me())
    post = ada.status_post("Ahoy")

    repost = bob.status_reblog(post)
    assert (repost.reblog.id, repost.account.acct, repost.reblog.account.acct) == (post.id, "bob", "ada")
    assert bob.status_reblog(post).id == repost.id
    (seen,) = eve.timeline_home()
    assert (seen.id, seen.reblog.content, seen.reblog.reblogs_count) == (repost.id, "<p>Ahoy</p>", 1)
    assert [person.acct for person in ada.status_reblogged_by(post)] == ["bob"]

    after = bob.status_unreblog(post)
    assert (after.id, after.reblogged, after.reblogs_count) == (post.id, False, 0)
    assert eve.timeline_home() == []
    with pytest.raises(MastodonAPIError):
        bob.status_reblog(ada.status_post("Quiet", visibility="private"))


def test_likes_bookmarks_and_pins_come_and_go(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    first, second = ada.status_post("First"), ada.status_post("Second")

    assert bob.status_favourite(first).favourited
    assert bob.status_bookmark(second).bookmarked
    assert (ids(bob.favourites()), ids(bob.bookmarks())) == ([first.id], [second.id])
    assert [person.acct for person in ada.status_favourited_by(first)] == ["bob"]
    assert not bob.status_unfavourite(first).favourited
    assert not bob.status_unbookmark(second).bookmarked
    assert bob.favourites() == bob.bookmarks() == []

    assert ada.status_pin(first).pinned
    assert ids(bob.account_statuses(ada.me(), pinned=True)) == [first.id]
    assert not ada.status_unpin(first).pinned
    assert bob.account_statuses(ada.me(), pinned=True) == []
    with pytest.raises(MastodonAPIError):
        bob.status_pin(first)


def test_the_edges_of_pages_are_exact(server: Any) -> None:
    ada = server.aboard("ada")
    posted = [ada.status_post(f"#sea {number}").id for number in range(9)]
    newest_first = posted[::-1]
    for read in (ada.timeline_home, ada.timeline_public, lambda **part: ada.timeline_hashtag("sea", **part)):
        assert ids(read(limit=3)) == newest_first[:3]
        assert ids(read(limit=3, max_id=posted[4])) == newest_first[5:8]
        # since_id: the newest of what is newer; min_id: what comes right after it.
        assert ids(read(limit=3, since_id=posted[2])) == newest_first[:3]
        assert ids(read(limit=3, min_id=posted[2])) == newest_first[3:6]
        assert ids(read(limit=3, min_id=posted[7])) == [posted[8]]
        assert ids(read(max_id=posted[6], min_id=posted[3])) == [posted[5], posted[4]]
        assert ids(read(max_id=posted[0])) == []
        page = read(limit=3, max_id=posted[6])
        assert ids(ada.fetch_previous(page)) == newest_first[:3]
        assert ids(ada.fetch_next(page)) == newest_first[6:9]
        assert len(read(limit=0)) == 1
        assert len(read(limit=10_000)) == 9


def test_what_cannot_be_posted_is_told(server: Any) -> None:
    ada = server.aboard("ada")
    for wrong, said in (
        ({"status": "  "}, "Write something"),
        ({"status": "x" * 501}, "1 more"),
        ({"status": "x", "visibility": "secret"}, None),
        ({"status": "x", "in_reply_to_id": 12345}, "reply to"),
        ({"status": "x", "spoiler_text": "w" * 201}, "warning"),
        ({"status": "x", "poll": ada.make_poll(["a", "b"], 3600)}, "polls"),
        ({"status": "x", "scheduled_at": datetime.now(UTC) + timedelta(days=1)}, "scheduled"),
    ):
        with pytest.raises((MastodonAPIError, ValueError)) as raised:
            ada.status_post(**wrong)
        if said is not None:
            assert raised.value.args[1] == 422
            assert said in raised.value.args[3]
    assert ada.timeline_home() == []


def test_conversations_hold_direct_posts(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    first = ada.status_post("@bob psst", visibility="direct")

    (seen,) = bob.conversations()
    assert (seen.unread, [person.acct for person in seen.accounts], seen.last_status.id) == (True, ["ada"], first.id)
    assert bob.conversations_read(seen).unread is False
    assert bob.conversations()[0].unread is False
    second = bob.status_reply(first, "what?", visibility="direct")
    assert [(one.unread, one.last_status.id) for one in ada.conversations()] == [(True, second.id)]
    with pytest.raises(MastodonNotFoundError):
        server.aboard("eve").conversations_read(seen)
