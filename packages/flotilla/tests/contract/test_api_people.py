"""People as apps see them, and what is between them, through Mastodon.py on a running server."""

import io
from typing import Any

import pytest
import requests
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonNotFoundError, MastodonUnauthorizedError
from PIL import Image


def names(people: Any) -> list[str]:
    return [person.acct for person in people]


def test_an_app_learns_who_it_acts_for(server: Any) -> None:
    ada = server.aboard("ada")
    ada.status_post("Ahoy")
    me = ada.account_verify_credentials()
    assert (me.acct, me.url, me.statuses_count, me.source.privacy) == ("ada", f"{server.url}/@ada", 1, "public")
    assert me.last_status_at is not None
    assert me.role.permissions == "0"
    profile = server.client(server.person("bob"), "profile")
    assert profile.account_verify_credentials().acct == "bob"
    with pytest.raises(MastodonAPIError):
        profile.timeline_home()


def test_a_profile_is_changed_with_its_pictures_and_defaults(server: Any) -> None:
    ada = server.aboard("ada")
    changed = ada.account_update_credentials(
        display_name="Ada L.",
        note="Sails <b> #sea",
        avatar=io.BytesIO(picture()),
        avatar_mime_type="image/png",
        locked=True,
        bot=False,
        discoverable=False,
        fields=[("Boat", "Kestrel"), ("Web", "https://example.org/")],
        default_privacy="unlisted",
        default_sensitive=True,
        default_language="de",
    )
    assert (changed.display_name, changed.locked, changed.discoverable) == ("Ada L.", True, False)
    assert changed.note.startswith("<p>Sails &lt;b&gt; <a href=")
    assert [field.name for field in changed.fields] == ["Boat", "Web"]
    assert changed.fields[1].value.startswith('<a href="https://example.org/"')
    assert (changed.source.privacy, changed.source.sensitive, changed.source.language) == ("unlisted", True, "de")
    assert requests.get(changed.avatar, timeout=10).headers["Content-Type"].startswith("image/")
    post = ada.status_post("As usual")
    # Mastodon.py itself says that the post is not sensitive.
    assert (post.visibility, post.sensitive, post.language) == ("unlisted", False, "de")
    assert ada.status_post("Not as usual", visibility="public", sensitive=False).visibility == "public"
    ada.account_delete_avatar()
    assert "/media/" not in ada.me().avatar
    with pytest.raises(MastodonAPIError):
        ada.account_update_credentials(note="x" * 501)


def picture() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 40), (200, 120, 40)).save(stream, "PNG")
    return stream.getvalue()


def test_people_are_found_by_id_and_by_handle(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    visitor = Mastodon(api_base_url=server.url)
    for reader in (ada, visitor):
        assert reader.account(bob.me().id).acct == "bob"
        assert reader.account_lookup("Bob").id == bob.me().id
        assert reader.account_lookup(f"bob@{server.url.removeprefix('http://')}").id == bob.me().id
        for wrong in ("nobody", "bob@elsewhere.example", "@", ""):
            with pytest.raises(MastodonNotFoundError):
                reader.account_lookup(wrong)


def test_following_and_its_end_are_seen_by_both(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    followed = ada.account_follow(bob.me(), reblogs=False)
    assert (followed.following, followed.showing_reblogs, followed.requested) == (True, False, False)
    assert names(bob.account_followers(bob.me())) == names(ada.account_followers(bob.me())) == ["ada"]
    assert names(bob.account_following(ada.me())) == ["bob"]
    (seen,) = bob.account_relationships([ada.me()])
    assert (seen.id, seen.following, seen.followed_by) == (ada.me().id, False, True)
    assert ada.account(bob.me()).followers_count == 1

    assert not ada.account_unfollow(bob.me()).following
    assert bob.account_followers(bob.me()) == []
    with pytest.raises(MastodonAPIError):
        ada.account_follow(ada.me())


def test_an_app_is_told_whom_one_knows_among_followers_and_how_busy_the_weeks_were(server: Any) -> None:
    ada, bob, eve = server.aboard("ada"), server.aboard("bob"), server.aboard("eve")
    ada.account_follow(bob.me())
    bob.account_follow(eve.me())

    known = ada.account_familiar_followers([eve.me(), bob.me()])

    assert [(one.id, [person.acct for person in one.accounts]) for one in known] == [
        (eve.me().id, ["bob"]),
        (bob.me().id, []),
    ]
    (running, *_) = ada.instance_activity()
    assert running.week.weekday() == 0
    assert min(running.statuses, running.logins, running.registrations) >= 0


def test_whoever_is_locked_is_asked(server: Any) -> None:
    bob_viewer = server.person("bob")
    ada, bob = server.aboard("ada"), server.client(bob_viewer)
    server.site.follows.set_locked(bob_viewer, locked=True)

    assert ada.account_follow(bob.me()).requested
    assert names(bob.follow_requests()) == ["ada"]
    assert bob.follow_request_authorize(ada.me()).followed_by
    assert ada.account_relationships([bob.me()])[0].following
    eve = server.aboard("eve")
    eve.account_follow(bob.me())
    bob.follow_request_reject(eve.me())
    assert not eve.account_relationships([bob.me()])[0].following
    assert bob.follow_requests() == []
    # Whom a locked person's followers are is for themselves and their followers.
    assert eve.account_followers(bob.me()) == []


def test_blocks_and_mutes_are_kept_and_taken_back(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    bob.account_follow(ada.me())
    assert ada.account_block(bob.me()).blocking
    assert names(ada.blocks()) == ["bob"]
    with pytest.raises(MastodonNotFoundError):
        bob.account_follow(ada.me())
    assert bob.account_statuses(ada.me()) == []
    assert not ada.account_unblock(bob.me()).blocking

    muted = ada.account_mute(bob.me(), notifications=False, duration=60)
    assert (muted.muting, muted.muting_notifications) == (True, False)
    assert muted.muting_expires_at is not None
    assert names(ada.mutes()) == ["bob"]
    assert not ada.account_unmute(bob.me()).muting


def test_lists_are_their_owners_alone(server: Any) -> None:
    ada, bob, eve = server.aboard("ada"), server.aboard("bob"), server.aboard("eve")
    ada.account_follow(bob.me())
    made = ada.list_create("Crew", replies_policy="none")
    assert (made.title, made.replies_policy) == ("Crew", "none")
    ada.list_accounts_add(made, bob.me())
    post = bob.status_post("Ahoy")

    assert names(ada.list_accounts(made)) == ["bob"]
    assert [one.id for one in ada.timeline_list(made)] == [post.id]
    assert [one.id for one in ada.account_lists(bob.me())] == [made.id]
    assert ada.list_update(made, title="Old crew", replies_policy="list").title == "Old crew"
    for deed in (
        lambda: eve.list(made),
        lambda: eve.list_accounts(made),
        lambda: eve.timeline_list(made),
        lambda: eve.list_update(made, title="Mine"),
        lambda: eve.list_delete(made),
        lambda: eve.list_accounts_add(made, bob.me()),
    ):
        with pytest.raises(MastodonNotFoundError):
            deed()
    with pytest.raises(MastodonNotFoundError):
        ada.list_accounts_add(made, eve.me())
    ada.list_accounts_delete(made, bob.me())
    assert ada.list_accounts(made) == []
    ada.list_delete(made)
    assert ada.lists() == []


def test_a_followed_hashtag_brings_its_posts_home(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    assert ada.tag_follow("Sailing").following
    assert [tag.name for tag in ada.followed_tags()] == ["sailing"]
    post = bob.status_post("Out #sailing")
    assert [one.id for one in ada.timeline_home()] == [post.id]
    assert ada.tag("sailing").following
    assert not Mastodon(api_base_url=server.url).tag("sailing").following
    assert not ada.tag_unfollow("sailing").following
    assert ada.followed_tags() == []


def test_notifications_tell_what_happened_and_go(server: Any) -> None:
    ada, bob = server.aboard("ada"), server.aboard("bob")
    post = ada.status_post("Ahoy")
    bob.account_follow(ada.me())
    bob.status_favourite(post)
    bob.status_reblog(post)
    reply = bob.status_reply(post, "Aye")

    told = ada.notifications()
    assert [one.type for one in told] == ["mention", "reblog", "favourite", "follow"]
    assert {one.account.acct for one in told} == {"bob"}
    assert [one.status.id for one in told[:3]] == [reply.id, post.id, post.id]
    assert [one.type for one in ada.notifications(types=["follow", "favourite"])] == ["favourite", "follow"]
    assert [one.type for one in ada.notifications(exclude_types=["follow", "mention"])] == ["reblog", "favourite"]
    assert [one.id for one in ada.notifications(max_id=told[1].id)] == [told[2].id, told[3].id]
    assert [one.id for one in ada.notifications(min_id=told[3].id, limit=1)] == [told[2].id]
    assert ada.notifications_unread_count().count == 4
    assert ada.notifications(told[0].id).status.id == reply.id
    with pytest.raises(MastodonNotFoundError):
        bob.notifications(told[0].id)

    ada.notifications_dismiss(told[0])
    assert [one.id for one in ada.notifications()] == [one.id for one in told[1:]]
    ada.notifications_clear()
    assert ada.notifications() == []


def test_markers_move_forward_only(server: Any) -> None:
    ada = server.aboard("ada")
    first, second = ada.status_post("1"), ada.status_post("2")
    assert ada.markers_set(["home"], [second.id])["home"].last_read_id == second.id
    assert ada.markers_set(["home"], [first.id])["home"].last_read_id == second.id
    assert ada.markers_get(["home"])["home"].version >= 1
    assert "notifications" not in ada.markers_get(["home", "notifications"])


def test_an_app_signs_somebody_up(server: Any) -> None:
    made = server.site.apps.register(name="Compass", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="read write")
    token = server.site.grants.token_for_app(
        client_id=made.app.client_id, client_secret=made.client_secret, scopes="read write"
    ).token
    given = {"username": "nell", "password": "a calm sea at dawn", "email": "nell@example.org", "agreement": True}
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{server.url}/api/v1/accounts"

    answer = requests.post(address, json=given, headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    nell = Mastodon(access_token=answer.json()["access_token"], api_base_url=server.url)
    assert nell.account_verify_credentials().acct == "nell"
    taken = requests.post(address, json=given, headers=headers, timeout=10)
    assert taken.status_code == 422
    assert list(taken.json()["details"]) == ["handle"]
    disagreeing = given | {"username": "nora", "agreement": False}
    assert requests.post(address, json=disagreeing, headers=headers, timeout=10).status_code == 422
    assert requests.post(address, json=given, timeout=10).status_code == 401


def test_somebody_suspended_is_told_so_and_their_posts_are_gone(server: Any, owner: Any) -> None:
    eve = server.aboard("eve")
    post, me = eve.status_post("Ahoy"), eve.me()
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'eve'")
    with pytest.raises(MastodonAPIError) as raised:
        eve.timeline_home()
    assert raised.value.args[1] == 403
    visitor = Mastodon(api_base_url=server.url)
    for read in (lambda: visitor.status(post), lambda: visitor.account(me)):
        with pytest.raises(MastodonNotFoundError):
            read()
    owner.execute("UPDATE g.account SET state = 'deleted' WHERE handle = 'eve'")
    with pytest.raises(MastodonUnauthorizedError):
        eve.timeline_home()
