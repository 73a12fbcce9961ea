"""The pages of single posts and conversations, through Flask's test client, on a real database."""

import re
from collections.abc import Callable

import pytest
from flask import Flask


def key_on(page: str) -> str:
    return re.search(r'name="key" value="([^"]+)"', page)[1]


def article(page: str, post_id: int) -> str:
    return re.search(rf'<article class="post" id="post-{post_id}".*?</article>', page, re.DOTALL)[0]


def published(visitor, text, **fields) -> int:
    """Publish through the form; the id, read off one's own page with replies, or off the messages."""
    answer = visitor.post_form("/home", "/posts", text=text, **fields)
    assert answer.status_code == 303, answer.text
    found = re.search(rf'id="post-(\d+)"(?:(?!</article>).)*{re.escape(text)}', visitor.get("/home").text, re.DOTALL)
    return int(found[1])


def test_the_same_form_sent_twice_publishes_once(aboard: Callable) -> None:
    ada = aboard("ada")
    key = key_on(ada.get("/home").text)

    for _ in range(2):
        assert ada.post_form("/home", "/posts", text="Only once", key=key).status_code == 303

    assert ada.get("/home").text.count("Only once") == 1
    assert key_on(ada.get("/home").text) != key


def test_a_refused_post_keeps_its_warning_audience_and_key(aboard: Callable) -> None:
    ada = aboard("ada")

    answer = ada.post_form(
        "/home", "/posts", text="x" * 501, warning="<b>Long</b>", visibility="2", key="the key of this form"
    )

    assert answer.status_code == 400
    assert 'value="&lt;b&gt;Long&lt;/b&gt;"' in answer.text
    assert '<option value="2" selected>' in answer.text
    assert 'name="key" value="the key of this form"' in answer.text
    assert "<details" in answer.text
    assert re.search(r'<details class="more-of" open>', answer.text)


def test_a_reply_is_written_under_the_post_and_both_lead_to_each_other(app: Flask, aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Which way to the lighthouse?")
    page = bo.get(f"/@ada/{post_id}").text
    assert "@ada </textarea>" in page
    fields = {"parent_id": str(post_id), "next": f"/@ada/{post_id}", "key": key_on(page)}

    answer = bo.post_form(f"/@ada/{post_id}", "/posts", text="@ada North", **fields)

    assert (answer.status_code, answer.location) == (303, f"/@ada/{post_id}")
    thread = app.test_client().get(f"/@ada/{post_id}").text
    assert "North" in thread
    assert "1 reply" in article(thread, post_id)
    reply = re.search(r'id="replies".*?id="post-(\d+)"', thread, re.DOTALL)[1]
    above = app.test_client().get(f"/@bo/{reply}").text
    assert "Which way to the lighthouse?" in above
    assert f'<a href="/@ada/{post_id}">Reply to @ada</a>' in above


def test_a_refused_reply_comes_back_under_its_post(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Which way to the lighthouse?")

    answer = bo.post_form("/home", "/posts", text="n" * 501, parent_id=str(post_id))

    assert answer.status_code == 400
    assert "Which way to the lighthouse?" in answer.text
    assert "Your reply was not published" in answer.text
    assert "n" * 501 + "</textarea>" in answer.text


def test_a_warning_hides_the_text_until_it_is_opened(aboard: Callable) -> None:
    ada = aboard("ada")
    post_id = published(ada, "The butler", warning="Ending of a film")

    shown = article(ada.get(f"/@ada/{post_id}").text, post_id)

    opened = re.search(
        r"<details class=\"warning\"><summary>Ending of a film</summary>(.*?)</details>", shown, re.DOTALL
    )
    assert "The butler" in opened[1]


@pytest.mark.parametrize(("deed", "undo"), [("repost", "unrepost"), ("bookmark", "unbookmark"), ("like", "unlike")])
def test_every_button_can_be_taken_back(aboard: Callable, deed: str, undo: str) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Land ahoy")
    page = f"/@ada/{post_id}"

    for press, then in ((deed, undo), (undo, deed)):
        answer = bo.post_form(page, f"/posts/{post_id}/{press}", next=page)
        assert (answer.status_code, answer.location) == (303, f"{page}#post-{post_id}")
        assert f"/posts/{post_id}/{then}" in bo.get(page).text


def test_a_repost_shows_the_original_with_its_author_on_the_reposters_page(app: Flask, aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Land ahoy")
    bo.post_form(f"/@ada/{post_id}", f"/posts/{post_id}/repost")

    page = app.test_client().get("/@bo").text

    assert "reposted" in page
    assert "Land ahoy" in page
    assert f'href="/@ada/{post_id}"' in page
    assert "bo" in app.test_client().get(f"/@ada/{post_id}/reposts").text


def test_bookmarks_and_likes_have_a_page_that_only_their_owner_sees(app: Flask, aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Land ahoy")
    for path, deed in (("/bookmarks", "bookmark"), ("/likes", "like")):
        assert "Land ahoy" not in bo.get(path).text
        bo.post_form("/home", f"/posts/{post_id}/{deed}")
        assert "Land ahoy" in bo.get(path).text
        assert "Land ahoy" not in ada.get(path).text
        assert app.test_client().get(path).status_code == 303


def test_a_changed_post_says_so_and_its_history_is_there_to_read(app: Flask, aboard: Callable) -> None:
    ada = aboard("ada")
    post_id = ada.publish("The erth is flat")
    form = ada.get(f"/posts/{post_id}/edit").text
    assert "The erth is flat</textarea>" in form

    answer = ada.post_form(f"/posts/{post_id}/edit", f"/posts/{post_id}/edit", text="The earth is round")

    assert (answer.status_code, answer.location) == (303, f"/@ada/{post_id}")
    page = app.test_client().get(f"/@ada/{post_id}").text
    assert "The earth is round" in page
    assert "erth" not in page
    assert f'<a href="/@ada/{post_id}/history">Edited</a>' in page
    history = app.test_client().get(f"/@ada/{post_id}/history").text
    assert history.index("The earth is round") < history.index("The erth is flat")


def test_only_its_author_is_offered_and_allowed_to_change_delete_or_pin_a_post(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Land ahoy")
    for way in ("edit", "delete", "pin"):
        assert f"/posts/{post_id}/{way}" in ada.get(f"/@ada/{post_id}").text
        assert f"/posts/{post_id}/{way}" not in bo.get(f"/@ada/{post_id}").text
        assert bo.post_form("/home", f"/posts/{post_id}/{way}", text="mine").status_code == 403
    assert bo.get(f"/posts/{post_id}/edit").status_code == 403
    assert "Land ahoy" in ada.get(f"/@ada/{post_id}").text


def test_a_pinned_post_stands_first_on_its_authors_page(app: Flask, aboard: Callable) -> None:
    ada = aboard("ada")
    post_id = ada.publish("Read this first")
    ada.publish("Nothing new")
    ada.post_form(f"/@ada/{post_id}", f"/posts/{post_id}/pin")

    page = app.test_client().get("/@ada").text

    assert page.index("Read this first") < page.index("Nothing new")
    assert 'id="pinned"' in page
    assert 'id="pinned"' not in app.test_client().get("/@ada/replies").text


def test_a_profile_shows_replies_to_others_on_a_tab_of_their_own(app: Flask, aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = ada.publish("Which way?")
    bo.post_form("/home", "/posts", text="That way", parent_id=str(post_id))

    assert "That way" not in app.test_client().get("/@bo").text
    assert "That way" in app.test_client().get("/@bo/replies").text


def test_people_write_each_other_and_nobody_else_reads_it(app: Flask, aboard: Callable) -> None:
    ada, bo, eve = aboard("ada"), aboard("bo"), aboard("eve")

    started = ada.post_form("/messages", "/messages", to="bo", text="A secret")

    assert started.status_code == 303
    conversation = started.location
    assert re.fullmatch(r"/messages/\d+", conversation)
    assert 'class="unread"' in bo.get("/messages").text
    assert re.search(r'href="/messages"[^>]*>.*?<b class="badge">1<', bo.get("/home").text)
    assert "A secret" in bo.get(conversation).text
    assert 'class="unread"' not in bo.get("/messages").text
    assert 'class="badge"' not in re.search(r'href="/messages".*?</a>', bo.get("/home").text, re.DOTALL)[0]
    answered = bo.post_form(conversation, conversation, text="Safe with me")
    assert (answered.status_code, answered.location) == (303, conversation)
    assert "Safe with me" in ada.get(conversation).text
    for stranger in (eve.client, app.test_client()):
        for path in ("/messages", "/public", "/@ada", "/@ada/replies", "/@bo", "/home"):
            assert "secret" not in stranger.get(path).text, path
    assert eve.get(conversation).status_code == 404
    assert eve.post_form("/home", conversation, text="Hello?").status_code == 404


def test_a_message_to_nobody_is_refused_and_keeps_its_words(aboard: Callable) -> None:
    ada = aboard("ada")
    for to, says in (
        ("nobody_here", "There is nobody called nobody_here."),
        (" ", "Say to whom"),
        ("ada", "Say to whom"),
    ):
        answer = ada.post_form("/messages", "/messages", to=to, text="Hello out there")
        assert answer.status_code == 400
        assert says in answer.text
        assert "Hello out there</textarea>" in answer.text


def test_a_conversation_taken_off_the_list_comes_back_with_the_next_message(aboard: Callable) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    conversation = ada.post_form("/messages", "/messages", to="bo", text="First").location

    assert bo.post_form(conversation, f"{conversation}/delete").location == "/messages"
    assert "No messages yet" in bo.get("/messages").text
    assert "First" in ada.get(conversation).text
    ada.post_form(conversation, conversation, text="Second")

    assert "Second" in bo.get(conversation).text
    assert "First" not in bo.get(conversation).text


def test_a_form_starts_with_the_audience_its_writer_chose_for_all_posts(aboard: Callable, owner) -> None:
    ada, bo = aboard("ada"), aboard("bo")
    post_id = bo.publish("Which way?")
    owner.execute("UPDATE s0000.profile SET default_visibility = 2 WHERE handle = 'ada'")
    for path in ("/home", f"/@bo/{post_id}"):
        assert '<option value="2" selected>' in ada.get(path).text
    assert '<option value="2" selected>' not in bo.get("/home").text
