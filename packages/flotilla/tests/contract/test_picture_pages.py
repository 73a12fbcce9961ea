"""Pictures at the pages: sent with a post, shown with what they show, and served so that nothing in them ever runs."""

import dataclasses
import io
import re
from pathlib import Path

import pytest
from PIL import Image

from flotilla.errors import UnavailableError
from flotilla.social.pictures import PictureWorkshop
from flotilla.web.sizes import REQUEST_MAX_BYTES


def picture(kind="PNG", size=(60, 40)):
    stream = io.BytesIO()
    Image.new("RGB", size, "red").save(stream, kind)
    return stream.getvalue()


def form(person, **fields):
    """Send the compose form of the home page; bytes become files."""
    data = {"csrf_token": person.token("/home"), "text": ""}
    for name, value in fields.items():
        data[name] = (io.BytesIO(value), "C:\\..\\<b>.php") if isinstance(value, bytes) else value
    return person.client.post("/posts", data=data, content_type="multipart/form-data")


def fetched(client, path, **headers):
    """The answer, read to its end."""
    return client.get(path, buffered=True, headers={name.replace("_", "-"): value for name, value in headers.items()})


def files_of(app):
    folder = Path(app.extensions["flotilla.settings"].media_folder)
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_form_asks_what_each_picture_shows(aboard):
    page = aboard("ada").get("/home").text
    assert 'enctype="multipart/form-data"' in page
    for number in range(1, 5):
        assert f'<label for="picture_{number}">' in page
        assert f'<label for="picture_{number}_alt">What does it show, to someone who cannot see it?</label>' in page
    assert 'accept="image/jpeg,image/png,image/webp,image/gif"' in page


def test_a_post_is_shown_with_its_pictures_and_what_they_show(aboard, visitor):
    ada = aboard("ada")
    answer = form(ada, text="Under way", picture_1=picture(), picture_1_alt='A "red" <sail>', picture_3=picture("JPEG"))
    assert (answer.status_code, answer.location) == (303, "/home")

    page = visitor().get("/@ada").text
    found = re.findall(r'<a href="(/media/[^"]+)"><img src="(/media/[^"]+)" alt="([^"]*)" width="60" height="40"', page)
    assert [alt for _, _, alt in found] == ["A &#34;red&#34; &lt;sail&gt;", "Picture without a description"]
    for large, small, _ in found:
        assert fetched(visitor().client, large).status_code == fetched(visitor().client, small).status_code == 200


def test_pictures_alone_are_a_post_and_sensitive_ones_are_behind_a_button(aboard):
    ada = aboard("ada")
    assert form(ada, picture_1=picture(), sensitive="1").status_code == 303
    page = ada.get("/home").text
    assert "<summary>Sensitive pictures: show</summary>" in page
    assert (
        page.index("<summary>Sensitive pictures")
        < page.index('<img src="/media/')
        < page.index("</details>", page.index("/media/"))
    )


def test_what_is_wrong_with_a_picture_is_said_beside_it_and_nothing_is_lost(aboard, app):
    ada = aboard("ada")
    answer = form(ada, text="Keep me", picture_1=picture(), picture_1_alt="A sail", picture_2=b"<svg onload=alert(1)>")
    assert answer.status_code == 400
    assert "Keep me</textarea>" in answer.text
    assert '<p class="wrong" id="picture_2-wrong">This is not a picture that this site takes' in answer.text
    assert "<svg onload" not in answer.text
    (kept,) = re.findall(r'name="media_id" value="(\d+)"', answer.text)
    assert f'<textarea id="alt_{kept}" name="alt_{kept}" rows="2" maxlength="1500">\nA sail</textarea>' in answer.text

    again = form(ada, text="Keep me", media_id=kept, **{f"alt_{kept}": "A red sail"}, picture_1=picture())
    assert again.status_code == 303
    assert re.findall(r'alt="([^"]*)" width', ada.get("/home").text) == ["A red sail", "Picture without a description"]
    assert len(files_of(app)) == 4


def test_that_pictures_shall_be_hidden_is_not_forgotten_with_a_refused_form(aboard):
    ada = aboard("ada")
    ticked = 'name="sensitive" value="1" checked'
    assert ticked not in form(ada, text="x" * 501, picture_1=picture()).text
    answer = form(ada, text="x" * 501, picture_1=picture(), sensitive="1")
    assert answer.text.count(ticked) == 1


def test_a_site_busy_with_other_pictures_says_so_beside_the_picture_and_keeps_the_text(aboard, monkeypatch):
    def busy(*_arguments):
        raise UnavailableError("Too many pictures came at once.")

    ada = aboard("ada")
    monkeypatch.setattr(PictureWorkshop, "make", busy)
    answer = form(ada, text="Keep me", picture_1=picture())
    assert answer.status_code == 400
    assert "Keep me</textarea>" in answer.text
    assert 'id="picture_1-wrong">The site is busy with other pictures.' in answer.text
    token = ada.token("/settings/profile")
    data = {"csrf_token": token, "display_name": "New name", "avatar": (io.BytesIO(picture()), "x")}
    answer = ada.client.post("/settings/profile", data=data, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert 'id="avatar-wrong">The site is busy' in answer.text


def test_posts_start_as_their_author_wants(aboard):
    ada = aboard("ada")
    data = {"csrf_token": ada.token("/home"), "default_visibility": "followers", "default_sensitive": "1"}
    assert ada.client.post("/settings/profile", data=data).status_code == 303
    page = ada.get("/home").text
    assert re.search(r'<option value="2" selected>', page)
    assert 'name="sensitive" value="1" checked' in page


def test_a_text_that_is_refused_keeps_the_pictures_and_one_can_be_left_out(aboard, app):
    ada = aboard("ada")
    answer = form(ada, text="x" * 501, picture_1=picture(), picture_2=picture())
    first, second = re.findall(r'name="media_id" value="(\d+)"', answer.text)
    assert answer.status_code == 400
    assert form(ada, text="x", media_id=[first, second], **{f"drop_{first}": "1"}).status_code == 303
    assert ada.get("/home").text.count('<img src="/media/') == 1
    assert len(files_of(app)) == 2


def test_nobody_posts_or_removes_somebody_elses_picture_by_its_number(aboard, app):
    ada, bo = aboard("ada"), aboard("bo")
    answer = form(ada, text="x" * 501, picture_1=picture())
    (hers,) = re.findall(r'name="media_id" value="(\d+)"', answer.text)
    for fields in ({}, {f"drop_{hers}": "1"}, {f"alt_{hers}": "defaced"}):
        assert form(bo, text="Mine", media_id=hers, **fields).status_code == 303
    for odd in ("0", "-1", "9" * 30, "x", "٣"):
        assert form(bo, text="Mine", media_id=odd).status_code == 303
    assert "/media/" not in bo.get("/@bo").text
    assert form(ada, text="Hers", media_id=hers).status_code == 303
    assert ada.get("/@ada").text.count('<img src="/media/') == 1


def test_a_fifth_picture_is_refused_beside_the_others(aboard):
    ada = aboard("ada")
    answer = form(ada, text="x" * 501, **{f"picture_{n}": picture() for n in range(1, 5)})
    kept = re.findall(r'name="media_id" value="(\d+)"', answer.text)
    assert (len(kept), 'name="picture_1"' in answer.text) == (4, False)
    answer = form(ada, text="x", media_id=kept, picture_1=picture())
    assert answer.status_code == 400
    assert "A post has at most 4 pictures." in answer.text


def test_a_picture_is_served_as_what_it_is_for_a_year_and_may_do_nothing(aboard, app):
    ada = aboard("ada")
    form(ada, picture_1=picture(), picture_2=picture("JPEG"))
    webp, jpeg = re.findall(r'<a href="(/media/[^"]+)"', ada.get("/home").text)
    for address, kind in ((webp, "image/webp"), (jpeg, "image/jpeg")):
        answer = fetched(app.test_client(), address)
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Content-Disposition"].startswith("inline; filename=")
        assert set(answer.headers["Cache-Control"].split(", ")) == {"public", "max-age=31536000", "immutable"}
        assert Image.open(io.BytesIO(answer.data)).size == (60, 40)
        again = fetched(app.test_client(), address, If_None_Match=answer.headers["ETag"])
        assert (again.status_code, again.data) == (304, b"")
        part = fetched(app.test_client(), address, Range="bytes=0-9")
        assert (part.status_code, part.data) == (206, answer.data[:10])


def test_a_picture_is_served_without_asking_the_database(aboard, app, monkeypatch):
    ada = aboard("ada")
    form(ada, picture_1=picture())
    (address,) = re.findall(r'<a href="(/media/[^"]+)"', ada.get("/home").text)
    site = app.extensions["flotilla.site"]

    def no_database(*_arguments):
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr(type(site.database), "_work", no_database)
    assert fetched(ada.client, address).status_code == 200
    assert ada.get("/media/ab/none.jpg").status_code == 404


def test_with_its_post_a_picture_is_gone(aboard):
    ada = aboard("ada")
    form(ada, picture_1=picture())
    page = ada.get("/home").text
    (address,) = re.findall(r'<a href="(/media/[^"]+)"', page)
    (post_id,) = re.findall(r'id="post-(\d+)"', page)
    assert ada.post_form("/home", f"/posts/{post_id}/delete").status_code == 303
    gone = ada.get(address)
    assert (gone.status_code, gone.headers["Cache-Control"]) == (404, "private, no-store")


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "incoming/{incoming}", "../incoming/{incoming}", "ab/..%2fx.jpg",
     "%2e%2e/incoming/{incoming}", "ab/%00.jpg", "ab/", "ab", "", "ab/" + "0" * 30 + ".jpg%0a"],
)  # fmt: skip
def test_no_address_leads_out_of_the_folder_or_to_what_was_just_sent(app, path):
    incoming = app.extensions["flotilla.site"].files.receive(io.BytesIO(picture()), most_bytes=1 << 20)
    answer = app.test_client().get("/media/" + path.format(incoming=incoming))
    assert answer.status_code == 404
    assert b"PNG" not in answer.data


def test_large_requests_are_taken_where_pictures_are_and_from_people_who_are_known(aboard, visitor, app):
    ada = aboard("ada")
    large = bytes(REQUEST_MAX_BYTES + 1000)
    token = ada.token("/home")

    def sent(client, path):
        data = {"csrf_token": token, "text": "hello", "picture_1": (io.BytesIO(large), "x")}
        return client.post(path, data=data, content_type="multipart/form-data").status_code

    assert sent(ada.client, "/posts") == 400, "taken, and no picture"
    assert sent(visitor().client, "/posts") == 413
    forged = visitor()
    forged.client.set_cookie("flotilla_session", "1.abc.def")
    assert sent(forged.client, "/posts") == 413
    for path in ("/sign-in", "/sign-out", "/@ada/follow", "/posts/1/like"):
        assert sent(ada.client, path) == 413
    # Text stays small there too, and so does the whole.
    text = {"csrf_token": token, "text": "x" * (REQUEST_MAX_BYTES + 1)}
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        assert ada.client.post("/posts", data=text, content_type=content_type).status_code == 413
    app.extensions["flotilla.settings"] = dataclasses.replace(
        app.extensions["flotilla.settings"], media_upload_max_mib=1
    )
    # By hand, because the test client would leave a temporary file to the collector of garbage.
    head = b'--x\r\nContent-Disposition: form-data; name="picture_1"; filename="x"\r\n\r\n'
    whole = head + bytes(5 << 20) + b"\r\n--x--\r\n"
    assert ada.client.post("/posts", data=whole, content_type="multipart/form-data; boundary=x").status_code == 413
