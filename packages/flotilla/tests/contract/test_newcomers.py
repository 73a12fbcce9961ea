"""Invitations, and people who wait for a moderator's word."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, NotFoundError
from flotilla.social import NotYet, SignedIn

PASSWORD = "correct horse"


@pytest.fixture
def ada(site):
    return site.accounts.sign_up(handle="ada", password=PASSWORD).viewer


@pytest.fixture
def mod(site):
    return replace(site.accounts.sign_up(handle="mo", password=PASSWORD).viewer, role="moderator")


def come(site, handle, **fields):
    return site.accounts.sign_up(handle=handle, password=PASSWORD, **fields)


def test_an_invitation_opens_a_closed_site_so_many_times(site_with, ada, owner):
    site = site_with(sign_up="closed")
    invite = site.newcomers.invite(ada, uses_max=2)
    assert isinstance(come(site, "bob", invite=f" {invite.code} "), SignedIn)
    assert isinstance(come(site, "eve", invite=invite.code), SignedIn)
    with pytest.raises(InvalidInputError) as caught:
        come(site, "joe", invite=invite.code)
    assert set(caught.value.problems) == {"invite"}
    assert owner.execute("SELECT invited_by FROM g.account WHERE handle = 'bob'").fetchone() == (ada.account_id,)
    assert [each.uses for each in site.newcomers.invites(ada)] == [2]


def test_a_sign_up_that_is_refused_uses_no_invitation_up(site_with, ada):
    site = site_with(sign_up="invite")
    invite = site.newcomers.invite(ada)
    with pytest.raises(InvalidInputError):
        come(site, "ada", invite=invite.code)
    assert isinstance(come(site, "bob", invite=invite.code), SignedIn)


def test_the_last_place_of_an_invitation_goes_to_one(site_with, ada):
    site = site_with(sign_up="invite", pool_size=8, pool_wait_s=20)
    invite, start = site.newcomers.invite(ada, uses_max=1), threading.Barrier(6, timeout=20)

    def arrive(number):
        start.wait()
        try:
            return come(site, f"p{number}", invite=invite.code)
        except InvalidInputError:
            return None

    with ThreadPoolExecutor(6) as pool:
        assert len([found for found in pool.map(arrive, range(6)) if found]) == 1


def test_invitations_end_by_time_and_by_withdrawal(site_with, ada, owner):
    site = site_with(sign_up="invite")
    bob = come(site, "bob", invite=site.newcomers.invite(ada).code).viewer
    old, withdrawn = site.newcomers.invite(ada), site.newcomers.invite(ada)
    owner.execute("UPDATE g.invite SET expires_at = now() WHERE code = %s", [old.code])
    with pytest.raises(NotFoundError):
        site.newcomers.withdraw_invite(bob, withdrawn.code)
    site.newcomers.withdraw_invite(ada, withdrawn.code)
    for code in (old.code, withdrawn.code, "never was", "x" * 1000):
        with pytest.raises(InvalidInputError):
            come(site, "eve", invite=code)


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 91}, {"days": None}, {"uses_max": 0}, {"uses_max": None}])
def test_a_members_invitation_has_an_end(site, ada, mod, wrong):
    with pytest.raises(InvalidInputError):
        site.newcomers.invite(ada, **wrong)
    if None in wrong.values():
        assert site.newcomers.invite(mod, **wrong)


def test_nobody_makes_invitations_without_end(site, ada):
    for _ in range(50):
        site.newcomers.invite(ada)
    with pytest.raises(InvalidInputError):
        site.newcomers.invite(ada)


def test_whoever_waits_is_nobody_until_a_moderator_says_yes(site_with, ada, mod, letters):
    site = site_with(sign_up="approval", confirm_email=True)
    assert come(site, "bob", email="bob@example.org", reason=" Because\x00 I sail ").state == "unconfirmed"
    with pytest.raises(NotFoundError):
        site.newcomers.approve(mod, 1)
    assert site.newcomers.waiting(mod) == ()
    assert site.addresses.confirm(letters.token("bob@example.org", "/confirm/")) == "waiting"
    assert site.accounts.sign_in(handle="bob", password=PASSWORD) == NotYet("bob", "waiting")
    with pytest.raises(NotFoundError):
        site.timelines.profile(ada, "bob")
    (bob,) = site.newcomers.waiting(mod)
    assert (bob.handle, bob.email, bob.reason) == ("bob", "bob@example.org", "Because I sail")
    assert site.newcomers.waiting(mod, before=bob.account_id) == ()
    with pytest.raises(ForbiddenError):
        site.newcomers.approve(ada, bob.account_id)
    with pytest.raises(ForbiddenError):
        site.newcomers.waiting(ada)

    assert site.newcomers.approve(mod, bob.account_id) == "bob"

    assert isinstance(site.accounts.sign_in(handle="bob", password=PASSWORD), SignedIn)
    assert letters.to("bob@example.org")[-1]["Subject"] == "Welcome aboard"
    for decide in (site.newcomers.approve, site.newcomers.reject):
        with pytest.raises(NotFoundError):
            decide(mod, bob.account_id)


def test_whoever_is_rejected_leaves_nothing_and_their_handle_is_free(site_with, mod, owner):
    site = site_with(sign_up="approval")
    assert come(site, "bob", reason="I sell things") == NotYet("bob", "waiting")
    (bob,) = site.newcomers.waiting(mod)
    site.newcomers.reject(mod, bob.account_id)
    for table in ("g.account", "s0000.profile", "s0000.credential", "s0000.author_stats"):
        assert owner.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,), table
    assert come(site, "bob", reason="I sail") == NotYet("bob", "waiting")


def test_an_invitation_spares_the_wait(site_with, ada):
    site = site_with(sign_up="approval")
    assert isinstance(come(site, "bob", invite=site.newcomers.invite(ada).code), SignedIn)
