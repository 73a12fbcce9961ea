"""Muting a thread: nobody is told any more of what happens in it, and nothing else changes."""

from dataclasses import replace

import psycopg
import pytest
from mastodon.errors import MastodonNotFoundError

from flotilla.errors import NotFoundError, StartError
from flotilla.social import Visibility, open_site
from flotilla.social.checkup import check_up
from flotilla.store.migrating import migrate


@pytest.fixture
def people(site):
    return [site.accounts.sign_up(handle=handle, password="correct horse").viewer for handle in ("ada", "bo", "cy")]


def told(site, viewer):
    return [event.kind.name for event in site.notifications.events(viewer)[::-1]]


def talk_in_it(site, root, ada, bo, cy):
    """Everything that anybody is told of a thread, two replies deep; the last reply, which is cy's."""
    answer = site.posts.publish(bo, "an answer", parent_id=root)
    mine = site.posts.publish(ada, "and mine", parent_id=answer)
    site.posts.like(bo, mine)
    site.posts.repost(cy, mine)
    site.posts.repost(ada, answer)
    site.posts.edit(bo, answer, "an answer, edited, @ada")
    return site.posts.publish(cy, "what do you say, @ada and @bo?", parent_id=answer)


def test_who_mutes_a_thread_is_told_nothing_of_it_and_everything_else(site, people):
    ada, bo, _ = people
    root, other = site.posts.publish(ada, "hello"), site.posts.publish(ada, "elsewhere")
    site.posts.like(bo, root)
    site.thread_mutes.mute(ada, root)
    site.thread_mutes.mute(ada, root)

    last = talk_in_it(site, root, *people)

    assert told(site, ada) == ["LIKE"]
    assert told(site, bo) == ["REPLY", "REPOST", "REPLY"]
    site.posts.like(bo, other)
    site.posts.publish(bo, "@ada", parent_id=other)
    assert told(site, ada) == ["LIKE", "LIKE", "REPLY"]
    assert site.notifications.unread(ada) == 3
    # A post of the thread is as good as the one it began with.
    site.thread_mutes.unmute(ada, last)
    talk_in_it(site, root, *people)
    assert told(site, ada)[3:] == ["REPLY", "LIKE", "REPOST", "MENTION", "EDIT", "MENTION"]


def test_each_post_of_the_thread_says_that_it_is_muted_to_whoever_muted_it(site, people):
    ada, bo, cy = people
    root = site.posts.publish(ada, "hello")
    last = talk_in_it(site, root, *people)
    repost = site.posts.repost(bo, root)
    other = site.posts.publish(bo, "elsewhere")

    site.thread_mutes.mute(bo, repost)

    thread = site.posts.thread(bo, root)
    assert [post.muted_by_viewer for post in (thread.post, *thread.descendants)] == [True] * 4
    assert site.posts.read(bo, repost).muted_by_viewer
    assert site.posts.read(bo, last).muted_by_viewer
    assert not site.posts.read(bo, other).muted_by_viewer
    for viewer in (None, ada, cy):
        assert not site.posts.read(viewer, root).muted_by_viewer


def test_a_thread_stays_muted_when_the_post_it_began_with_is_gone(site, people):
    ada, bo, _ = people
    root = site.posts.publish(bo, "hello")
    mine = site.posts.publish(ada, "hello bo", parent_id=root)
    site.thread_mutes.mute(ada, mine)

    site.posts.delete(bo, root)
    again = site.posts.publish(bo, "hello ada", parent_id=mine)

    assert told(site, ada) == []
    assert site.posts.read(ada, again).muted_by_viewer


def test_a_thread_that_one_may_not_see_cannot_be_muted(site, people, owner):
    ada, _, cy = people
    hidden = site.posts.publish(ada, "for @bo", visibility=Visibility.DIRECT)
    for post_id in (hidden, 12345, 2**70, -1):
        for deed in (site.thread_mutes.mute, site.thread_mutes.unmute):
            with pytest.raises(NotFoundError):
                deed(cy, post_id)
    assert owner.execute("SELECT count(*) FROM s0000.thread_mutes").fetchone() == (0,)


def test_likes_that_are_stored_together_keep_to_it(settings, people):
    ada, bo, _ = people
    site = open_site(replace(settings, batch_ms=5.0))
    try:
        muted, other = site.posts.publish(ada, "hello"), site.posts.publish(ada, "elsewhere")
        site.thread_mutes.mute(ada, muted)
        assert [site.posts.like(bo, post_id) for post_id in (muted, other)] == [1, 1]
        assert [event.post.id for event in site.notifications.events(ada)] == [other]
    finally:
        site.close()


def threads(settings):
    with psycopg.connect(settings.owner_url) as connection:
        return connection.execute(
            "SELECT id, thread_id FROM s0000.posts UNION ALL SELECT id, thread_id FROM s0001.posts ORDER BY 1"
        ).fetchall()


def test_in_two_schemas_old_replies_get_their_threads_from_the_migration_and_from_the_check(two_schemas):
    site = open_site(two_schemas)
    try:
        people = [site.accounts.sign_up(handle=f"p{n}", password="correct horse").viewer for n in range(8)]
        root, gone = (site.posts.publish(people[n], "hello") for n in (0, 1))
        deep = [site.posts.publish(people[2], "hello", parent_id=gone)]
        for number in range(24):
            for parent in (root, gone) if number == 0 else (root, deep[-1]):
                deep.append(site.posts.publish(people[number % 8], "and so on", parent_id=parent))
        site.posts.delete(people[1], gone)
        right = threads(two_schemas)
        assert {thread for _, thread in right} == {None, root, gone}

        with psycopg.connect(two_schemas.owner_url) as connection:
            for shard in ("s0000", "s0001"):
                connection.execute(f"UPDATE {shard}.posts SET thread_id = NULL")
            connection.execute("UPDATE g.schema_version SET version_num = '0011'")
        migrate(two_schemas)
        assert threads(two_schemas) == right

        with psycopg.connect(two_schemas.owner_url) as connection:
            for shard in ("s0000", "s0001"):
                # As a program that does not know of threads leaves it: replies to what is gone, and what hangs on them.
                old = [deep[n] for n in (0, 2, 4, 6, 9)]
                connection.execute(f"UPDATE {shard}.posts SET thread_id = NULL WHERE id = ANY(%s)", [old])
        (finding,) = check_up(site.database, site.files, repair=True)
        assert (finding.what, finding.count) == ("replies that are in another thread than their parent", len(old))
        assert threads(two_schemas) == right
    finally:
        site.close()


def test_threads_of_old_replies_are_filled_in_some_at_a_time_and_go_on_where_that_was_broken_off(
    own_settings, monkeypatch
):
    monkeypatch.setattr("flotilla.store.migrating.ATTEMPTS", 1)
    filled = "SELECT count(*) FROM s0000.posts WHERE thread_id = 1"
    with psycopg.connect(own_settings.owner_url, autocommit=True) as owner:
        owner.execute("INSERT INTO s0000.profile (account_id, handle, display_name) VALUES (1, 'ada', 'Ada')")
        owner.execute(
            "INSERT INTO s0000.posts (id, author_id, body, parent_id, parent_author_id)"
            " SELECT n, 1, 'hello', nullif(1, n), CASE WHEN n > 1 THEN 1 END FROM generate_series(1, 5001) n"
        )
        owner.execute("UPDATE g.schema_version SET version_num = '0011'")
        with psycopg.connect(own_settings.database_url) as other:
            other.execute("SELECT FROM s0000.posts WHERE id = 5000 FOR UPDATE")
            with pytest.raises(StartError, match="a long transaction, holds it up"):
                migrate(own_settings)
        assert owner.execute(filled).fetchone() == (4000,)
        migrate(own_settings)
        assert owner.execute(filled).fetchone() == (5000,)


def test_an_app_mutes_a_thread(server):
    ada, bob = server.aboard("ada"), server.aboard("bob")
    post = ada.status_post("hello")
    hidden = ada.status_post("for nobody", visibility="direct")
    assert post.muted is False

    assert ada.status_mute(post).muted is True
    reply = bob.status_reply(post, "hello yourself")
    bob.status_favourite(post)

    assert ada.notifications() == []
    assert [status.muted for status in ada.status_context(post).descendants] == [True]
    assert bob.status(post).muted is False
    assert ada.status_unmute(reply).muted is False
    bob.status_reply(post, "still there?")
    assert [event.type for event in ada.notifications()] == ["mention"]
    with pytest.raises(MastodonNotFoundError):
        bob.status_mute(hidden)


def test_a_button_on_a_posts_page_mutes_its_thread_and_takes_that_back(aboard):
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("hello")
    page = f"/@ada/{post_id}"
    assert f"/posts/{post_id}/mute" not in ada.get("/home").text

    pressed = ada.post_form(page, f"/posts/{post_id}/mute", next=page)

    assert (pressed.status_code, pressed.location) == (303, f"{page}#post-{post_id}")
    bo.post_form(page, "/posts", text="hello yourself", parent_id=str(post_id))
    assert "hello yourself" not in ada.get("/notifications").text
    assert "Unmute thread" in ada.get(page).text
    assert "Mute thread" in bo.get(page).text
    ada.post_form(page, f"/posts/{post_id}/unmute", next=page)
    bo.post_form(page, "/posts", text="still there?", parent_id=str(post_id))
    assert "still there?" in ada.get("/notifications").text
