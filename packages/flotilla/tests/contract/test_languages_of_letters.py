"""Letters in the language of whom they are to, and what speaks the site's own language."""

import pytest

from flotilla.social.profiles import ProfileChanges
from flotilla.social.sanctions import Kind

PASSWORD = "a calm sea at dawn"
ADDRESS = "ada@example.org"


@pytest.fixture
def ada(site, letters):
    """Somebody with a proven address who has chosen no language."""
    viewer = site.accounts.sign_up(handle="ada", password=PASSWORD, email=ADDRESS).viewer
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))
    return viewer


def newest(letters, address=ADDRESS):
    letter = letters.to(address)[-1]
    return letter["Subject"], letter.get_content()


def test_letters_are_in_the_language_that_a_person_chose(site, letters, person, ada):
    site.profiles.edit(ada, ProfileChanges(language="de"))
    # The browser that asks may be anybody's.
    site.resets.ask(ADDRESS, language="en")
    subject, text = newest(letters)
    assert subject == "Wähle ein neues Passwort"
    assert "ein neues Passwort für @ada verlangt" in text
    assert "innerhalb von 60 Minuten" in text
    assert "http://127.0.0.1:8000/reset/" in text
    assert text.splitlines()[-2:] == ["Flotilla auf http://127.0.0.1:8000", "Antworten an diese Adresse liest niemand."]
    site.resets.change(ada, old=PASSWORD, new="a stormy sea at dusk")
    assert newest(letters)[0] == "Dein Passwort wurde geändert"
    site.sanctions.impose(person("mo", "moderator"), ada.account_id, Kind.SILENCE, text="Enough now.")
    subject, text = newest(letters)
    assert subject == "Von der Moderation"
    assert "Die Moderation hat dich stumm gestellt" in text
    # A moderator's own words stay theirs.
    assert "Enough now." in text
    site.profiles.edit(ada, ProfileChanges(language="en"))
    site.resets.ask(ADDRESS, language="de")
    assert newest(letters)[0] == "Choose a new password"


def test_whoever_has_not_chosen_is_written_to_as_the_browser_that_asked_reads(visitor, letters):
    new = visitor()
    german = {"Accept-Language": "de-AT, en;q=0.5"}
    fields = {"handle": "bo", "password": PASSWORD, "email": "bo@example.org", "csrf_token": new.token("/sign-up")}
    assert new.client.post("/sign-up", data=fields, headers=german).status_code == 303
    subject, text = newest(letters, "bo@example.org")
    assert subject == "Bestätige deine Adresse"
    assert "für das Konto @bo angegeben" in text


def test_otherwise_letters_and_pages_speak_the_sites_own_language(site_with, letters, ada, person, visitor, site):
    site.resets.ask(ADDRESS)
    assert newest(letters)[0] == "Choose a new password"
    assert 'lang="en"' in visitor().get("/sign-in").text
    site.site_settings.change(person("boss", "admin"), {"default_language": "de"})
    site.resets.ask(ADDRESS)
    assert newest(letters)[0] == "Wähle ein neues Passwort"


def test_pages_for_browsers_that_ask_for_none_of_the_languages_speak_the_sites_own(app, person, visitor):
    site = app.extensions["flotilla.site"]
    site.site_settings.change(person("boss", "admin"), {"default_language": "de"})
    asked = {"": "de", "fr": "de", "en": "en", "fr, en;q=0.1": "en"}
    pages = {wanted: visitor().client.get("/sign-in", headers={"Accept-Language": wanted}).text for wanted in asked}
    assert {wanted: f'lang="{spoken}"' in pages[wanted] for wanted, spoken in asked.items()} == dict.fromkeys(
        asked, True
    )


def test_what_the_settings_mean_is_said_in_the_admins_language(aboard, site):
    admin = aboard("boss")
    site.roles.set(None, "boss", "admin")
    page = admin.client.get("/admin/settings", headers={"Accept-Language": "de"}).text
    assert "Wer sich anmelden darf: alle, wer eine Einladung hat" in page
    assert "Who may sign up" not in page
