"""Announcements: from when until when, and put away by each person for themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social.announcements import AT_ONCE_MAX, Announcements

HOUR = timedelta(hours=1)


@pytest.fixture
def boss(person):
    return person("boss", "admin")


@pytest.fixture
def told(site):
    """told(viewer, hours): what they would be told so many hours from now."""

    def at(viewer, hours=0.0):
        later = Announcements(site.database, now=lambda: datetime.now(UTC) + hours * HOUR)
        return [row.text for row in later.shown_to(viewer)]

    return at


def test_an_announcement_is_shown_to_everyone_between_its_moments(site, boss, person, told):
    now, ada = datetime.now(UTC), person("ada")
    site.announcements.announce(boss, "Soon, for an hour.", starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    site.announcements.announce(boss, "Now and for good.")

    assert [row.text for row in site.announcements.shown_to(None)] == ["Now and for good."]
    for viewer in (None, ada):
        assert told(viewer, 0.5) == ["Now and for good."]
        assert told(viewer, 1.5) == ["Now and for good.", "Soon, for an hour."]
        assert told(viewer, 2.5) == ["Now and for good."]


def test_whoever_puts_one_away_is_told_the_others_and_everyone_else_is_told_it_still(site, boss, told):
    first, _ = site.announcements.announce(boss, "One."), site.announcements.announce(boss, "Two.")
    signed_in = site.accounts.sign_up(handle="ada", password="correct horse")

    for _ in range(2):
        site.announcements.dismiss(signed_in.viewer, first)

    ada = site.accounts.who_is(signed_in.token)
    assert ada.announcements_dismissed == (first,)
    assert told(ada) == ["Two."]
    assert told(boss) == ["Two.", "One."]


def test_what_was_put_away_is_forgotten_with_its_announcement(site, owner, boss):
    gone, over, kept = (site.announcements.announce(boss, text) for text in ("One.", "Two.", "Three."))
    signed_in = site.accounts.sign_up(handle="ada", password="correct horse")
    site.announcements.dismiss(signed_in.viewer, gone)
    site.announcements.dismiss(signed_in.viewer, over)
    site.announcements.take_down(boss, gone)
    owner.execute("UPDATE g.announcement SET starts_at = now() - interval '2 h', ends_at = now() WHERE id = %s", [over])

    site.announcements.dismiss(signed_in.viewer, kept)

    assert site.accounts.who_is(signed_in.token).announcements_dismissed == (kept,)
    with pytest.raises(NotFoundError):
        site.announcements.dismiss(signed_in.viewer, gone)


def test_an_announcement_has_words_and_ends_after_it_starts(site, boss):
    now = datetime.now(UTC)
    for words, starts_at, ends_at, field in (
        (" ", None, None, "text"),
        ("x" * 1001, None, None, "text"),
        ("x", None, now - HOUR, "ends_at"),
        ("x", now + 2 * HOUR, now + HOUR, "ends_at"),
    ):
        with pytest.raises(InvalidInputError) as caught:
            site.announcements.announce(boss, words, starts_at=starts_at, ends_at=ends_at)
        assert set(caught.value.problems) == {field}


def test_there_are_only_so_many_at_once(site, boss):
    first, *_ = [site.announcements.announce(boss, f"{number}") for number in range(AT_ONCE_MAX)]
    with pytest.raises(InvalidInputError):
        site.announcements.announce(boss, "One more.")
    site.announcements.take_down(boss, first)
    site.announcements.announce(boss, "One more.")


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_only_admins_may_announce_something(site, boss, person, role):
    made, me = site.announcements.announce(boss, "One."), person("zoe", role)
    for deed in (
        lambda: site.announcements.announce(me, "Two."),
        lambda: site.announcements.take_down(me, made),
        lambda: site.announcements.all(me),
    ):
        with pytest.raises(ForbiddenError):
            deed()
    assert [row.text for row in site.announcements.all(boss)] == ["One."]


def test_both_stand_in_the_log(site, boss):
    site.announcements.take_down(boss, site.announcements.announce(boss, "One."))

    down, up = site.audit_log.page(boss, action="announce").items
    assert (up.after["text"], down.before["text"], down.after) == ("One.", "One.", {})
