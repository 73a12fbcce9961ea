"""The pages about people, lists, notifications and search, as a browser without scripts uses them."""

import re
from html import unescape

import psycopg
import pytest


@pytest.fixture
def crew(aboard):
    return {handle: aboard(handle, display_name=handle.capitalize()) for handle in ("ada", "bob", "cy")}


def press(person, page, action, **fields):
    """Press a button of the page at `page`: it has to be there."""
    shown = person.get(page).text
    assert f'action="{action}"' in shown, f"no button {action} on {page}"
    answer = person.post_form(page, action, next=page, **fields)
    assert answer.status_code == 303, answer.text
    return person.get(answer.location)


def words(answer):
    """What a person reads on a page, in one line."""
    main = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def lock(site_of, handle):
    me = site_of.accounts.sign_in(handle=handle, password="a calm sea at dawn").viewer
    site_of.follows.set_locked(me, locked=True)


@pytest.fixture
def site_of(app):
    return app.extensions["flotilla.site"]


def test_following_back_and_forth_shows_on_both_sides(crew):
    press(crew["bob"], "/@ada", "/@ada/follow")
    assert "Bob @bob" in words(crew["cy"].get("/@ada/followers"))
    assert "Ada @ada" in words(crew["cy"].get("/@bob/following"))
    shown = press(crew["ada"], "/@ada/followers", "/@bob/follow")
    assert "follows you" in words(shown)
    press(crew["ada"], "/@ada/followers", "/@bob/unfollow")
    assert "Nobody" in words(crew["ada"].get("/@ada/following"))


def test_a_locked_account_is_asked_and_lets_in(crew, site_of):
    lock(site_of, "ada")
    press(crew["bob"], "/@ada/options", "/@ada/follow")
    press(crew["cy"], "/@ada/options", "/@ada/follow")
    assert "For followers only" in words(crew["bob"].get("/@ada/followers"))
    assert "Cy , Bob ask to follow you" in words(crew["ada"].get("/notifications"))
    press(crew["ada"], "/follow-requests", "/@bob/authorize")
    press(crew["ada"], "/follow-requests", "/@cy/reject")
    assert "Nobody waits" in words(crew["ada"].get("/follow-requests"))
    assert "Bob @bob" in words(crew["bob"].get("/@ada/followers"))
    assert "For followers only" in words(crew["cy"].get("/@ada/followers"))


def test_a_profile_tells_what_is_between_its_owner_and_the_viewer(crew, site_of):
    ada, bob = crew["ada"], crew["bob"]
    bob.publish("hello from bob")
    press(bob, "/@ada", "/@ada/follow")
    assert "follows you" in words(ada.get("/@bob"))
    press(ada, "/@bob/options", "/@bob/mute", lifetime="")
    assert "You mute them" in words(ada.get("/@bob"))
    lock(site_of, "cy")
    assert "Take the request back" in words(press(ada, "/@cy", "/@cy/follow"))
    press(ada, "/@bob/options", "/@bob/block")
    shown = words(ada.get("/@bob"))
    assert ("You block them" in shown, "hello from bob" in shown) == (True, False)
    for path in ("/@ada", "/@ada/replies", "/@ada/media", "/@ada/options", "/@ada/followers", "/@ada/following"):
        assert bob.get(path).status_code == 404, path
    assert "hello from bob" in words(press(ada, "/@bob", "/@bob/unblock"))


def test_a_request_can_be_taken_back(crew, site_of):
    lock(site_of, "ada")
    shown = press(crew["bob"], "/@ada/options", "/@ada/follow")
    assert "Take the request back" in words(shown)
    press(crew["bob"], "/@ada/options", "/@ada/unfollow")
    assert "Nobody waits" in words(crew["ada"].get("/follow-requests"))


def test_one_person_can_be_muted_for_a_while_blocked_removed_and_put_on_lists(crew):
    ada = crew["ada"]
    press(ada, "/@bob/options", "/@bob/follow")
    press(crew["bob"], "/@ada/options", "/@ada/follow")
    assert "hides what they repost" in words(press(ada, "/@bob/options", "/@bob/reposts", show="no"))
    assert "shows what they repost" in words(press(ada, "/@bob/options", "/@bob/reposts", show="yes"))
    assert "until" in words(press(ada, "/@bob/options", "/@bob/mute", lifetime="3600", notifications="yes"))
    assert "Bob @bob" in words(ada.get("/muted"))
    press(ada, "/muted", "/@bob/unmute")
    answer = ada.post_form("/@bob/options", "/@bob/mute", lifetime="7")
    assert answer.status_code == 400
    assert "A mute lasts up to a year" in words(answer)
    press(ada, "/@bob/options", "/@bob/remove-follower")
    assert "Nobody" in words(ada.get("/@ada/followers"))
    press(ada, "/@bob/options", "/@bob/block")
    assert ada.get("/@ada").status_code == 200
    press(ada, "/blocked", "/@bob/unblock")
    assert "Nobody" in words(ada.get("/blocked"))


def test_lists_are_made_filled_renamed_read_and_deleted(crew):
    ada = crew["ada"]
    answer = ada.post_form("/lists", "/lists", title=" ", replies="list")
    assert (answer.status_code, "A list needs a title." in words(answer)) == (400, True)
    made = ada.post_form("/lists", "/lists", title="<b>Harbour</b>", replies="followed")
    people = made.location
    assert "<b>Harbour" not in ada.get("/lists").text
    list_id = int(re.search(r"/lists/(\d+)/people", people)[1])
    for handle, problem in (("bob", "Only people whom you follow"), ("nobody", "nobody with this handle")):
        answer = ada.post_form(people, f"/lists/{list_id}/add", handle=handle)
        assert (answer.status_code, problem in words(answer)) == (400, True)
        assert f'value="{handle}"' in answer.text
    press(ada, "/@bob/options", "/@bob/follow")
    crew["bob"].publish("hello from the harbour")
    assert "Bob @bob" in words(press(ada, people, f"/lists/{list_id}/add", handle="@Bob"))
    assert "hello from the harbour" in words(ada.get(f"/lists/{list_id}"))
    account = re.search(r'name="account" value="(\d+)"', ada.get(people).text)[1]
    assert "Nobody is on it" in words(press(ada, people, f"/lists/{list_id}/remove", account=account))
    shown = press(ada, "/@bob/options", "/@bob/lists", list=str(list_id))
    assert re.search(rf'value="{list_id}" checked', shown.text)
    press(ada, people, people, title="Port", replies="none")
    assert ada.get(people).text.count("Port") > 1
    answer = ada.post_form(people, people, title="", replies="none")
    assert (answer.status_code, "needs a title" in words(answer)) == (400, True)
    for path in (people, f"/lists/{list_id}", f"/lists/{list_id}/delete"):
        assert crew["bob"].get(path).status_code == 404
    ada.post_form(f"/lists/{list_id}/delete", f"/lists/{list_id}/delete")
    assert ada.get(people).status_code == 404


def test_hashtags_are_followed_from_their_page_of_settings(crew):
    ada = crew["ada"]
    ada.post_form("/followed-tags", "/followed-tags", tag="#Été 2")
    assert "cannot be a hashtag" in words(ada.post_form("/followed-tags", "/followed-tags", tag="two words"))
    ada.post_form("/followed-tags", "/followed-tags", tag="#Été")
    assert "#été" in words(ada.get("/followed-tags"))
    assert "#été" not in words(press(ada, "/followed-tags", "/tags/%C3%A9t%C3%A9/unfollow"))


def test_notifications_are_lines_with_a_badge_until_they_are_marked_as_read(crew):
    ada, bob, cy = crew.values()
    post = ada.publish("a calm <sea>")
    for person in (bob, cy):
        person.post_form("/public", f"/posts/{post}/like")
        person.post_form("/@ada", "/@ada/follow")
    said = words(ada.get("/notifications"))
    assert "Cy , Bob like your post" in said
    assert "follow you" in said
    assert '<b class="badge">2' in ada.get("/home").text
    newest = re.search(r'name="newest" value="(\d+)"', ada.get("/notifications").text)[1]
    press(ada, "/notifications", "/notifications/read", newest=newest)
    shown = ada.get("/notifications").text
    assert 'class="badge"' not in shown
    assert "Mark all as read" not in shown
    cy.publish("hello @ada, how are you?")
    assert "mentioned you" in words(ada.get("/notifications"))
    key = re.search(r'id="told-(mention-\d+)"', ada.get("/notifications").text)[1]
    assert "mentioned you" not in words(press(ada, "/notifications", "/notifications/dismiss", key=key))
    assert ada.post_form("/notifications", "/notifications/dismiss", key="x").status_code == 404
    ada.post_form("/notifications/clear", "/notifications/clear")
    assert "All quiet" in words(ada.get("/notifications"))


def test_search_finds_people_hashtags_and_posts_and_keeps_what_was_typed(crew):
    ada = crew["ada"]
    crew["bob"].publish("a calm sea, #Bobbing")
    shown = ada.get("/search?q=bob")
    assert ("Bob @bob" in words(shown), "#bobbing" in words(shown)) == (True, True)
    shown = ada.get("/search?q=calm+%22sea%22")
    assert "a calm sea" in words(shown)
    assert 'value="calm &#34;sea&#34;"' in shown.text
    answer = ada.get("/search?q=" + "x" * 201)
    assert (answer.status_code, "at most 200 characters" in words(answer)) == (400, True)
    assert ada.get("/search?q=%3Cscript%3E").status_code == 200
    assert "<script>" not in ada.get("/search?q=%3Cscript%3E").text.split("<main")[1]


def test_older_results_of_a_search_are_a_link_away(crew):
    ada = crew["ada"]
    for number in range(21):
        ada.publish(f"sea & sky {number}")
    first = ada.get("/search?q=sea+%26")
    older = unescape(re.search(r'rel="next" href="([^"]+)"', first.text)[1])
    shown = words(ada.get(older))
    assert "sea & sky 0" in shown
    assert "sea & sky 1 " not in shown


SIGNED_IN_ONLY = (
    "/@bob/options",
    "/blocked",
    "/follow-requests",
    "/followed-tags",
    "/lists",
    "/muted",
    "/notifications",
    "/notifications/clear",
    "/people",
    "/search",
)


def test_what_is_ones_own_is_for_people_who_are_signed_in(crew, visitor):
    stranger = visitor()
    for path in SIGNED_IN_ONLY:
        answer = stranger.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/sign-in"), path
        assert crew["ada"].get(path).status_code == 200, path


def test_no_deed_without_the_pages_token(crew):
    for deed in ("follow", "unfollow", "block", "mute", "authorize", "lists", "reposts"):
        assert crew["ada"].client.post(f"/@bob/{deed}").status_code == 403, deed
        assert crew["ada"].post_form("/lists", f"/@nobody/{deed}").status_code == 404, deed


def test_no_page_of_people_asks_the_database_more_than_six_times(crew, monkeypatch):
    ada, bob, cy = crew.values()
    asked = []
    execute = psycopg.Connection.execute

    def counted(self, statement, *rest, **more):
        asked.append(statement)
        return execute(self, statement, *rest, **more)

    post = ada.publish("hello #sea")
    for person in (bob, cy):
        person.post_form("/@ada", "/@ada/follow")
        person.post_form("/public", f"/posts/{post}/like")
        person.publish("hello @ada #sea")
    ada.post_form("/@ada", "/@bob/follow")
    made = ada.post_form("/lists", "/lists", title="Harbour", replies="list").location
    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    for path in (
        *SIGNED_IN_ONLY,
        "/@ada/followers",
        "/@bob/following",
        "/search?q=sea",
        "/search?q=from:bob+sea",
        made,
        made.removesuffix("/people"),
    ):
        asked.clear()
        assert ada.get(path).status_code == 200
        assert len(asked) <= 6, (path, asked)


def test_a_hashtag_is_followed_on_its_own_page(crew):
    ada = crew["ada"]
    assert "Unfollow" in words(press(ada, "/tags/Tea", "/tags/Tea/follow"))
    crew["bob"].publish("a cup of #tea")
    assert "a cup of" in words(ada.get("/home"))
    press(ada, "/tags/tea", "/tags/tea/unfollow")
    assert "a cup of" not in words(ada.get("/home"))
