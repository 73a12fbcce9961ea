"""Signing up in every mode, and proving the address that was given."""

from dataclasses import replace
from datetime import timedelta

import pytest

from flotilla.errors import InvalidInputError, NotFoundError, SignInError
from flotilla.social import NotYet, Origin, SignedIn, cleanup
from flotilla.social.handles import RESERVED_HANDLES

PASSWORD = "correct horse"
ADDRESS = "ada@example.org"


def sign_up(site, handle="ada", **fields):
    return site.accounts.sign_up(handle=handle, password=PASSWORD, **fields)


def sign_in(site, handle="ada", password=PASSWORD):
    return site.accounts.sign_in(handle=handle, password=password)


def email_of(owner, handle="ada"):
    return owner.execute("SELECT email FROM g.account WHERE handle = %s", [handle]).fetchone()[0]


def test_an_address_belongs_to_an_account_only_after_its_link_was_used_once(site, letters, owner):
    assert isinstance(sign_up(site, email=f" {ADDRESS} "), SignedIn)
    assert email_of(owner) is None
    token = letters.token(ADDRESS, "/confirm/")
    assert site.addresses.can_confirm(token)

    assert site.addresses.confirm(token) == "active"

    assert email_of(owner) == ADDRESS
    assert not site.addresses.can_confirm(token)
    with pytest.raises(NotFoundError):
        site.addresses.confirm(token)


def test_no_link_is_in_the_database_and_an_old_one_is_worth_nothing(site, letters, owner):
    sign_up(site, email=ADDRESS)
    token = letters.token(ADDRESS, "/confirm/")
    ((stored,),) = owner.execute("SELECT token_hash FROM s0000.account_token").fetchall()
    assert len(stored) == 32
    assert token.split(".")[1].encode() not in stored
    owner.execute("UPDATE s0000.account_token SET expires_at = now()")
    assert not site.addresses.can_confirm(token)
    with pytest.raises(NotFoundError):
        site.addresses.confirm(token)
    assert email_of(owner) is None


def test_a_link_is_good_for_its_own_purpose_only(site, letters, owner):
    sign_up(site, email=ADDRESS)
    confirm = letters.token(ADDRESS, "/confirm/")
    assert not site.resets.can_reset(confirm)
    with pytest.raises(NotFoundError):
        site.resets.reset(confirm, password="another password")
    site.addresses.confirm(confirm)
    site.resets.ask(ADDRESS)
    reset = letters.token(ADDRESS, "/reset/")
    with pytest.raises(NotFoundError):
        site.addresses.confirm(reset)
    assert site.accounts.who_is(reset) is None


def test_where_addresses_are_confirmed_nobody_is_in_before(site_with, letters, owner):
    site = site_with(confirm_email=True)
    with pytest.raises(InvalidInputError) as caught:
        sign_up(site)
    assert set(caught.value.problems) == {"email"}

    assert sign_up(site, email=ADDRESS) == NotYet("ada", "unconfirmed")
    assert sign_in(site) == NotYet("ada", "unconfirmed")
    assert len(letters.to(ADDRESS)) == 1, "nobody is flooded with letters"
    owner.execute("UPDATE s0000.account_token SET expires_at = expires_at - interval '11 minutes'")
    assert sign_in(site) == NotYet("ada", "unconfirmed")
    assert owner.execute("SELECT count(*) FROM s0000.sessions").fetchone() == (0,)
    with pytest.raises(NotFoundError):
        site.timelines.profile(None, "ada")
    # Signing in sent the link again.
    assert len(letters.to(ADDRESS)) == 2
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))
    assert isinstance(sign_in(site), SignedIn)


def test_a_mistyped_address_is_put_right_with_the_password_and_only_before_it_is_confirmed(site_with, letters):
    site = site_with(confirm_email=True)
    sign_up(site, email="adda@example.org")
    mistyped = letters.token("adda@example.org", "/confirm/")
    with pytest.raises(SignInError):
        site.addresses.correct(handle="ada", password="wrong horse", email=ADDRESS)
    assert letters.to(ADDRESS) == []
    with pytest.raises(InvalidInputError):
        site.addresses.correct(handle="ada", password=PASSWORD, email="nonsense")

    site.addresses.correct(handle="@Ada", password=PASSWORD, email=ADDRESS)

    assert not site.addresses.can_confirm(mistyped)
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))
    with pytest.raises(SignInError):
        site.addresses.correct(handle="ada", password=PASSWORD, email="else@example.org")


def test_only_its_owner_learns_that_an_address_has_an_account(site_with, letters, owner):
    site = site_with(confirm_email=True)
    sign_up(site, email=ADDRESS)
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))

    new = sign_up(site, "bob", email="new@example.org")
    known = sign_up(site, "eve", email="ADA@Example.org")

    assert (known.state, sign_in(site, "eve").state) == (new.state, sign_in(site, "bob").state)
    told = letters.to("ADA@Example.org")[-1]
    assert "have an account already" in told["Subject"]
    assert "/confirm/" not in told.get_content()
    assert email_of(owner, "eve") is None


def test_of_two_accounts_that_prove_one_address_the_first_has_it(site, letters, owner):
    sign_up(site, "ada", email=ADDRESS)
    adas = letters.token(ADDRESS, "/confirm/")
    sign_up(site, "bob", email=ADDRESS.upper())
    bobs = letters.token(ADDRESS.upper(), "/confirm/")
    site.addresses.confirm(bobs)
    with pytest.raises(NotFoundError):
        site.addresses.confirm(adas)
    assert (email_of(owner, "ada"), email_of(owner, "bob")) == (None, ADDRESS.upper())


def test_changing_the_address_asks_the_password_and_tells_the_old_address(site, letters, owner):
    ada = sign_up(site, email=ADDRESS).viewer
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))
    with pytest.raises(InvalidInputError) as caught:
        site.addresses.change(ada, email="nonsense", password="wrong horse")
    assert set(caught.value.problems) == {"email", "password"}

    site.addresses.change(ada, email="new@example.org", password=PASSWORD)

    assert "being changed" in letters.to(ADDRESS)[-1]["Subject"]
    assert email_of(owner) == ADDRESS, "until the new one is proven"
    site.addresses.confirm(letters.token("new@example.org", "/confirm/"))
    assert email_of(owner) == site.addresses.of(ada).email == "new@example.org"


def test_the_sites_own_handles_are_its_operators_to_give(site):
    assert {"admin", "moderator", "support", "flotilla"} <= RESERVED_HANDLES
    with pytest.raises(InvalidInputError) as caught:
        sign_up(site, " @Admin")
    assert set(caught.value.problems) == {"handle"}
    assert isinstance(sign_up(site, "admin", by_operator=True), SignedIn)


def test_a_closed_site_takes_nobody_and_an_approving_one_asks_why(site_with, owner):
    for mode, field in (("closed", "invite"), ("invite", "invite"), ("approval", "reason")):
        with pytest.raises(InvalidInputError) as caught:
            sign_up(site_with(sign_up=mode))
        assert set(caught.value.problems) == {field}
    assert owner.execute("SELECT count(*) FROM g.account").fetchone() == (0,)
    assert isinstance(sign_up(site_with(sign_up="closed"), by_operator=True), SignedIn)


def test_a_suspended_person_is_told_so_and_only_with_the_right_password(site, owner):
    sign_up(site)
    owner.execute("UPDATE g.account SET state = 'suspended'")
    assert sign_in(site) == NotYet("ada", "suspended")
    with pytest.raises(SignInError):
        sign_in(site, password="wrong horse")
    owner.execute("UPDATE g.account SET state = 'deleted'")
    with pytest.raises(SignInError):
        sign_in(site)
    assert owner.execute("SELECT count(*) FROM s0000.sessions").fetchone() == (1,)


def test_whoever_never_confirmed_makes_room_in_time(site_with, owner, monkeypatch):
    site = site_with(confirm_email=True)
    sign_up(site, "old", email="old@example.org")
    sign_up(site, "mo", by_operator=True)
    cleanup.clean_up(site.database)
    assert owner.execute("SELECT count(*) FROM g.account").fetchone() == (2,), "a week is kept"
    monkeypatch.setattr(cleanup, "UNCONFIRMED_KEPT", timedelta(seconds=-5))

    cleanup.clean_up(site.database)

    assert owner.execute("SELECT handle FROM g.account").fetchall() == [("mo",)]
    assert owner.execute("SELECT handle FROM s0000.profile").fetchall() == [("mo",)]
    assert sign_up(site, "old", email="old@example.org") == NotYet("old", "unconfirmed")


def test_an_admins_choice_in_the_page_counts_from_the_next_sign_up_on(site_with, owner):
    site = site_with()
    admin = replace(sign_up(site, "mo").viewer, role="admin")
    owner.execute("UPDATE g.account SET role = 'admin'")
    site.site_settings.change(admin, {"sign_up": "closed"})
    with pytest.raises(InvalidInputError) as caught:
        sign_up(site)
    assert set(caught.value.problems) == {"invite"}
    site.site_settings.change(admin, {"confirm_email": "yes"})
    assert sign_up(site, email=ADDRESS) == NotYet("ada", "unconfirmed")


def test_where_there_are_rules_they_have_to_be_accepted(site, owner):
    assert isinstance(sign_up(site, "early", accepts_rules=False), SignedIn)
    owner.execute("INSERT INTO g.rule (position, text) VALUES (1, 'Be kind')")
    site.house_rules._kept.forget()
    with pytest.raises(InvalidInputError) as caught:
        sign_up(site, accepts_rules=False)
    assert set(caught.value.problems) == {"rules"}
    sign_up(site, accepts_rules=True)
    sign_up(site, "bob")
    rows = owner.execute("SELECT handle, rules_accepted_at IS NOT NULL FROM g.account ORDER BY handle").fetchall()
    assert rows == [("ada", True), ("bob", False), ("early", False)]


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "", "unix:", "no address"])
def test_moderators_learn_from_where_somebody_came(site, owner, address):
    sign_up(site, origin=Origin("Firefox on Linux", address))
    site.accounts.sign_in(handle="ada", password=PASSWORD, origin=Origin("", address))
    found = owner.execute("SELECT host(address) FROM s0000.seen_address").fetchall()
    assert found == ([(address,)] if "." in address or "::" in address else [])
