"""What people say of themselves and the pictures they are known by: rules, rows, files and pages."""

import io
import re
from dataclasses import fields
from pathlib import Path

import pytest
from PIL import Image

from flotilla.errors import InvalidInputError
from flotilla.social import ProfileChanges, Visibility
from flotilla.social.text import Hashtag, Link, Mention


def join(site, handle):
    return site.accounts.sign_up(handle=handle, password="correct horse").viewer


def picture(kind="PNG", size=(600, 500)):
    stream = io.BytesIO()
    Image.new("RGB", size, "teal").save(stream, kind)
    stream.seek(0)
    return stream


def files_under(folder):
    return sorted(str(path) for path in Path(folder).rglob("*") if path.is_file())


def send(person, **fields):
    """Save the settings' profile form; bytes become files, and what is not given is as it is on a new profile."""
    data = {"csrf_token": person.token("/settings/profile"), "display_name": "Ada", "discoverable": "1"}
    for name, value in fields.items():
        data[name] = (io.BytesIO(value), "x.png") if isinstance(value, bytes) else value
    return person.client.post("/settings/profile", data=data, content_type="multipart/form-data")


def test_a_profile_is_changed_in_part_and_shown(site):
    ada = join(site, "ada")
    site.profiles.edit(ada, ProfileChanges(bio=" Sails with @bob \r\n#fog ", fields=[("Web", "https://ada.example/")]))
    own = site.profiles.edit(ada, ProfileChanges(display_name="  Ada  L. ", bot=True))
    assert (own.display_name, own.bio, own.bot, own.discoverable) == ("Ada L.", "Sails with @bob \n#fog", True, True)

    shown = site.timelines.profile(None, "ada").profile
    assert (shown.author.display_name, shown.bot) == ("Ada L.", True)
    assert [type(part) for part in shown.bio_segments if part.text in {"@bob", "#fog"}] == [Mention, Hashtag]
    (field,) = shown.fields
    assert (field.name, field.value, field.segments) == (
        "Web",
        "https://ada.example/",
        (Link("https://ada.example/"),),
    )


def test_a_name_taken_away_is_the_handle_again(site):
    ada = join(site, "ada")
    assert site.profiles.edit(ada, ProfileChanges(display_name=" \u0007 ")).display_name == "ada"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": "x" * 51}, "display_name"),
        ({"bio": "x" * 501}, "bio"),
        ({"fields": [("a", "b")] * 5}, "fields"),
        ({"fields": [("a", "")]}, "fields"),
        ({"fields": [("", "b")]}, "fields"),
        ({"fields": [("a" * 51, "b")]}, "fields"),
        ({"fields": [("a", "b" * 201)]}, "fields"),
        ({"language": "<b>"}, "language"),
        ({"language": "deutsch"}, "language"),
    ],
)
def test_everything_of_a_profile_has_its_bounds(site, changes, field):
    ada = join(site, "ada")
    before = site.profiles.own(ada)
    with pytest.raises(InvalidInputError) as caught:
        site.profiles.edit(ada, ProfileChanges(bot=True, **changes))
    assert set(caught.value.problems) == {field}
    assert site.profiles.own(ada) == before, "nothing half done"


def test_the_longest_profile_fits_and_empty_fields_are_none(site):
    ada = join(site, "ada")
    changes = ProfileChanges(
        display_name="x" * 50,
        bio="x" * 500,
        fields=[("a" * 50, "b" * 200), ("", " "), ("c", "d"), ("e", "f"), ("g", "h")],
    )
    assert len(site.profiles.edit(ada, changes).fields) == 4


def test_a_session_knows_what_its_person_prefers(site):
    token = site.accounts.sign_up(handle="ada", password="correct horse").token
    viewer = site.accounts.who_is(token)
    assert (viewer.language, viewer.avatar, viewer.default_visibility) == ("", None, Visibility.PUBLIC)
    file = site.profiles.set_avatar(viewer, picture())
    site.profiles.edit(
        viewer, ProfileChanges(language="de", default_visibility=Visibility.FOLLOWERS, default_sensitive=True)
    )
    viewer = site.accounts.who_is(token)
    assert (viewer.language, viewer.avatar, viewer.default_sensitive) == ("de", file, True)
    assert viewer.default_visibility is Visibility.FOLLOWERS


def test_nobody_waits_any_more_when_a_person_unlocks(site):
    ada, bob = join(site, "ada"), join(site, "bob")
    site.profiles.edit(ada, ProfileChanges(locked=True))
    assert site.timelines.profile(None, "ada").profile.author.locked
    site.follows.follow(bob, "ada")
    assert not site.timelines.profile(bob, "ada").profile.followed_by_viewer
    site.profiles.edit(ada, ProfileChanges(locked=False))
    assert site.timelines.profile(bob, "ada").profile.followed_by_viewer


def test_an_avatar_is_shown_replaced_and_taken_away_with_its_files(site):
    ada = join(site, "ada")
    first = site.profiles.set_avatar(ada, picture())
    with Image.open(site.files.path_of(first)) as image:
        assert image.size == (400, 400)
    post_id = site.posts.publish(ada, "hello")
    assert (
        site.posts.read(None, post_id).author.avatar
        == site.timelines.profile(None, "ada").profile.author.avatar
        == first
    )
    second = site.profiles.set_avatar(ada, picture("JPEG"))
    assert second.endswith(".jpg")
    header = site.profiles.set_header(ada, picture(size=(3000, 2000)))
    with Image.open(site.files.path_of(header)) as image:
        assert image.size == (1500, 500)
    folder = site.settings.media_folder
    assert len(files_under(folder)) == 4, "of the first avatar nothing is left"
    assert site.profiles.set_avatar(ada, None) is None
    assert site.profiles.own(ada).header == header
    assert len(files_under(folder)) == 2
    site.profiles.set_header(ada, None)
    assert files_under(folder) == []


def test_a_picture_that_is_refused_leaves_the_one_there_is(site):
    ada = join(site, "ada")
    file = site.profiles.set_avatar(ada, picture())
    before = files_under(site.settings.media_folder)
    for content in (b"<svg/>", b"\x89PNG\r\n\x1a\n damaged", b"\xff\xd8\xff" + bytes(11 << 20)):
        with pytest.raises(InvalidInputError) as caught:
            site.profiles.set_avatar(ada, io.BytesIO(content))
        assert set(caught.value.problems) == {"avatar"}
    assert site.profiles.own(ada).avatar == file
    assert files_under(site.settings.media_folder) == before


def test_the_form_says_how_everything_is_and_saves_it(aboard):
    ada = aboard("ada")
    page = ada.get("/settings/profile")
    assert page.status_code == 200
    labels = set(re.findall(r'<label for="([^"]+)"', page.text))
    named = re.findall(r'<(?:input|textarea|select)[^>]* id="([^"]+)"', page.text)
    assert labels == set(named), "each input has its label"
    assert "See how others see it" not in page.text

    answer = send(
        ada,
        display_name="Ada <L>",
        bio="Off the coast",
        field_1_name="Boat",
        field_1_value="https://boat.example/?a=1&b=2",
        bot="1",
        default_visibility="followers",
        language="de",
        avatar=picture().getvalue(),
        header=picture().getvalue(),
    )
    assert (answer.status_code, answer.location) == (303, "/settings/profile?done")
    page = ada.get("/settings/profile").text
    assert 'lang="de"' in page
    assert 'value="Ada &lt;L&gt;"' in page
    assert re.search(r'<option value="followers" selected>', page)
    assert re.search(r'name="bot" value="1" checked', page)
    assert not re.search(r'name="locked" value="1" checked', page)

    shown = ada.get("/@ada").text
    assert 'href="https://boat.example/?a=1&amp;b=2" rel="nofollow noopener ugc"' in shown
    assert "<L>" not in shown
    assert len(re.findall(r'<img class="(?:avatar large|banner)" src="/media/', shown)) == 2

    assert send(ada, remove_avatar="1", remove_header="1").status_code == 303
    assert "/media/" not in ada.get("/@ada").text


def test_a_person_with_a_picture_shows_it_beside_their_posts_and_the_others_their_flags(aboard):
    ada, bo = aboard("ada"), aboard("bo")
    send(ada, avatar=picture().getvalue())
    post_id, other = ada.publish("with a face"), bo.publish("with flags")
    articles = dict(
        re.findall(r'<article class="post" id="post-(\d+)".*?>\s*(<(?:img|div)[^>]*>)', bo.get("/public").text)
    )
    assert re.fullmatch(
        r'<img class="avatar" src="/media/[0-9a-f/]+[.]small[.]webp" alt=""[^>]*>', articles[str(post_id)]
    )
    assert articles[str(other)] == '<div class="hoist" aria-hidden="true">'


def test_who_does_not_want_to_be_found_is_not_offered_to_search_engines(aboard, visitor):
    ada = aboard("ada")
    assert "X-Robots-Tag" not in visitor().get("/@ada").headers
    page = ada.client.post(
        "/settings/profile", data={"csrf_token": ada.token("/home"), "display_name": "Ada"}, follow_redirects=True
    )
    assert not re.search(r'name="discoverable" value="1" checked', page.text)
    assert visitor().get("/@ada").headers["X-Robots-Tag"] == "noindex"


def test_what_is_refused_in_the_form_is_said_beside_it_and_nothing_typed_is_lost(aboard):
    ada = aboard("ada")
    answer = send(
        ada, display_name="A" * 51, bio="x" * 501, field_2_name="Boat", avatar=b"<svg/>", header=picture().getvalue()
    )
    assert answer.status_code == 400
    for name in ("display_name", "bio", "fields", "avatar"):
        assert f'id="{name}-wrong"' in answer.text, name
        assert f'<a href="#{name}">' in answer.text, "and at the top, with a way to it"
        assert f'id="{name}"' in answer.text
    assert "A" * 51 in answer.text
    assert "x" * 501 + "</textarea>" in answer.text
    assert 'value="Boat"' in answer.text
    assert '<img class="banner"' in answer.text, "the picture that was right is kept"


def test_the_form_is_for_whoever_is_signed_in_and_came_by_it(aboard, visitor):
    assert visitor().get("/settings/profile").location == "/sign-in?next=/settings/profile"
    ada = aboard("ada")
    assert ada.client.post("/settings/profile", data={"display_name": "Mallory"}).status_code == 403
    assert "Mallory" not in ada.get("/@ada").text


def test_odd_values_of_choices_change_nothing(aboard, app):
    ada = aboard("ada")
    assert send(ada, default_visibility="direct", language="").status_code == 303
    assert send(ada, default_visibility="99").status_code == 303
    site = app.extensions["flotilla.site"]
    viewer = site.accounts.sign_in(handle="ada", password="a calm sea at dawn").viewer
    assert site.profiles.own(viewer).default_visibility is Visibility.PUBLIC


def test_a_change_of_nothing_is_named_by_none():
    assert {field.default for field in fields(ProfileChanges)} == {None}
