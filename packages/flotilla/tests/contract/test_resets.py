"""New passwords: by a letter, and by the old one."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from flotilla.errors import InvalidInputError, NotFoundError, SignInError

PASSWORD = "correct horse"
NEW = "battery staple"
ADDRESS = "ada@example.org"


@pytest.fixture
def ada(site, letters):
    """Her session, once her address is proven."""
    session = site.accounts.sign_up(handle="ada", password=PASSWORD, email=ADDRESS)
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))
    return session


def fits(site, password):
    try:
        return bool(site.accounts.sign_in(handle="ada", password=password))
    except SignInError:
        return False


def test_the_link_changes_the_password_once_and_signs_everybody_out(site, ada, letters):
    site.resets.ask(ADDRESS.upper())
    first = letters.token(ADDRESS, "/reset/")
    site.resets.ask(ADDRESS)
    second = letters.token(ADDRESS, "/reset/")
    assert site.resets.can_reset(first)

    site.resets.reset(second, password=NEW)

    assert (fits(site, PASSWORD), fits(site, NEW)) == (False, True)
    assert site.accounts.who_is(ada.token) is None
    assert "was changed" in letters.to(ADDRESS)[-1]["Subject"]
    for used in (first, second):
        assert not site.resets.can_reset(used)
        with pytest.raises(NotFoundError):
            site.resets.reset(used, password="a third password")


def test_a_password_that_is_refused_leaves_the_link_as_it_was(site, ada, letters):
    site.resets.ask(ADDRESS)
    token = letters.token(ADDRESS, "/reset/")
    with pytest.raises(InvalidInputError):
        site.resets.reset(token, password="short")
    assert site.accounts.who_is(ada.token) is not None
    site.resets.reset(token, password=NEW)


def test_an_old_link_is_worth_nothing(site, ada, letters, owner):
    site.resets.ask(ADDRESS)
    token = letters.token(ADDRESS, "/reset/")
    owner.execute("UPDATE s0000.account_token SET expires_at = now()")
    with pytest.raises(NotFoundError):
        site.resets.reset(token, password=NEW)
    assert fits(site, PASSWORD)


def test_two_people_with_one_link_change_the_password_once(site, ada, letters):
    site.resets.ask(ADDRESS)
    token = letters.token(ADDRESS, "/reset/")
    start = threading.Barrier(2, timeout=20)

    def use(password):
        start.wait()
        try:
            site.resets.reset(token, password=password)
        except NotFoundError:
            return None
        return password

    with ThreadPoolExecutor(2) as pool:
        (used,) = {found for found in pool.map(use, (NEW, "another new one")) if found}
    assert fits(site, used)


def test_no_letter_goes_to_an_address_that_nobody_proved(site, letters):
    site.accounts.sign_up(handle="bob", password=PASSWORD, email="bob@example.org")
    before = letters.count()
    for address in ("bob@example.org", "nobody@example.org"):
        site.resets.ask(address)
    assert letters.count() == before
    with pytest.raises(InvalidInputError):
        site.resets.ask("ada@example.org\nBcc: everybody@example.org")


def test_asking_is_the_same_work_for_every_address(site_with, letters, owner):
    """Whose address it is, is looked up by the jobs process: the request cannot take longer for a known one."""
    site = site_with(jobs=True)
    site.resets.ask(ADDRESS)
    site.resets.ask("nobody@example.org")
    rows = owner.execute("SELECT task, arguments ->> 'email' FROM g.job ORDER BY 2").fetchall()
    assert rows == [("send_reset", ADDRESS), ("send_reset", "nobody@example.org")]


def test_changing_the_password_asks_the_old_one_and_ends_every_other_session(site, ada, letters):
    elsewhere = site.accounts.sign_in(handle="ada", password=PASSWORD).token
    site.resets.ask(ADDRESS)
    link = letters.token(ADDRESS, "/reset/")
    with pytest.raises(InvalidInputError) as caught:
        site.resets.change(ada.viewer, old="wrong horse", new="short", session_token=ada.token)
    assert set(caught.value.problems) == {"old", "new"}
    assert site.accounts.who_is(elsewhere) is not None

    site.resets.change(ada.viewer, old=PASSWORD, new=NEW, session_token=ada.token)

    assert (fits(site, PASSWORD), fits(site, NEW)) == (False, True)
    assert site.accounts.who_is(ada.token) is not None
    assert site.accounts.who_is(elsewhere) is None
    assert not site.resets.can_reset(link)


def test_a_sign_in_that_was_checked_before_the_password_changed_opens_no_session_after_it(site, ada, monkeypatch):
    usual = site.accounts._passwords.is_outdated

    def meanwhile(stored):
        site.resets.change(ada.viewer, old=PASSWORD, new=NEW)
        return usual(stored)

    monkeypatch.setattr(site.accounts._passwords.__class__, "is_outdated", lambda _self, stored: meanwhile(stored))
    with pytest.raises(SignInError):
        site.accounts.sign_in(handle="ada", password=PASSWORD)


def test_apps_are_signed_out_by_a_new_password_too(site, ada, letters, owner):
    def one_app():
        owner.execute(
            "INSERT INTO s0000.access_token (account_id, token_hash, app_id, scopes) VALUES (%s, 'x', 1, 'read')",
            [ada.viewer.account_id],
        )

    one_app()
    site.resets.ask(ADDRESS)
    site.resets.reset(letters.token(ADDRESS, "/reset/"), password=NEW)
    assert owner.execute("SELECT count(*) FROM s0000.access_token").fetchone() == (0,)
    one_app()
    site.resets.change(ada.viewer, old=NEW, new=PASSWORD)
    assert owner.execute("SELECT count(*) FROM s0000.access_token").fetchone() == (0,)


def test_signing_in_changing_the_password_and_leaving_at_once_never_wait_in_a_circle(site_with, ada, letters):
    site = site_with(pool_size=8, pool_wait_s=20)
    start, refused = threading.Barrier(5, timeout=20), (SignInError, NotFoundError, InvalidInputError)
    links = []
    for _ in range(2):
        site.resets.ask(ADDRESS)
        links.append(letters.token(ADDRESS, "/reset/"))

    def at_once(deed):
        start.wait()
        with contextlib.suppress(*refused):
            deed()

    deeds = [
        *(partial(site.resets.reset, link, password=PASSWORD) for link in links),
        partial(site.resets.change, ada.viewer, old=PASSWORD, new=PASSWORD),
        lambda: [fits(site, PASSWORD) for _ in range(5)],
        partial(site.departures.leave, ada.viewer, password=PASSWORD),
    ]
    with ThreadPoolExecutor(5) as pool:
        for future in [pool.submit(at_once, deed) for deed in deeds]:
            future.result(30)
    assert not fits(site, PASSWORD)
