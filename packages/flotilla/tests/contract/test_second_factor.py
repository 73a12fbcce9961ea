"""The second step of signing in, with pyotp as the person's app."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from flotilla.errors import ForbiddenError, InvalidInputError, SignInError
from flotilla.social import SecondStep, SignedIn
from flotilla.social.second_factor import FAILURES_MAX

PASSWORD = "correct horse"
ADDRESS = "ada@example.org"
NOON = 1_800_000_000


@pytest.fixture
def clock(site, monkeypatch):
    """The site's clock, which stands at noon until it is moved."""
    now = [NOON]
    monkeypatch.setattr(site.second_factor, "_clock", lambda: now[0])
    return now


@pytest.fixture
def ada(site, letters, clock):
    session = site.accounts.sign_up(handle="ada", password=PASSWORD, email=ADDRESS)
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))
    return session.viewer


def switched_on(site, ada):
    """Her app, and her recovery codes; the code of noon is used up."""
    app = pyotp.TOTP(site.second_factor.begin(ada, password=PASSWORD).secret)
    return app, site.second_factor.switch_on(ada, code=app.at(NOON))


def first_step(site):
    step = site.accounts.sign_in(handle="ada", password=PASSWORD)
    assert isinstance(step, SecondStep)
    return step.token


def test_it_is_on_once_the_app_gave_its_first_code_and_then_a_password_is_not_enough(site, ada, letters, owner):
    enrolment = site.second_factor.begin(ada, password=PASSWORD)
    assert pyotp.parse_uri(enrolment.address).secret == enrolment.secret
    assert isinstance(site.accounts.sign_in(handle="ada", password=PASSWORD), SignedIn)
    with pytest.raises(InvalidInputError):
        site.second_factor.switch_on(ada, code="000000")

    _app, codes = switched_on(site, ada)

    assert len(set(codes)) == 10
    assert site.second_factor.state(ada) == (True, 10)
    assert "is on" in letters.to(ADDRESS)[-1]["Subject"]
    before = owner.execute("SELECT count(*) FROM s0000.sessions").fetchone()
    token = first_step(site)
    assert owner.execute("SELECT count(*) FROM s0000.sessions").fetchone() == before
    assert site.accounts.who_is(token) is None
    with pytest.raises(ForbiddenError):
        site.second_factor.begin(ada, password=PASSWORD)


def test_a_code_works_once_and_one_step_early_or_late(site, ada, clock):
    app, _ = switched_on(site, ada)
    with pytest.raises(InvalidInputError):  # the one that switched it on
        site.accounts.second_step(first_step(site), code=app.at(NOON))
    clock[0] = NOON + 300
    for offset_s, good in ((-60, False), (60, False), (-30, True), (-30, False), (0, True), (30, True), (0, False)):
        token, code = first_step(site), app.at(NOON + 300 + offset_s)
        if good:
            signed_in = site.accounts.second_step(token, code=f" {code[:3]} {code[3:]}")
            assert site.accounts.who_is(signed_in.token).handle == signed_in.viewer.handle == "ada"
        else:
            with pytest.raises(InvalidInputError):
                site.accounts.second_step(token, code=code)


def test_one_code_in_two_hands_at_once_signs_one_of_them_in(site, ada, clock):
    app, _ = switched_on(site, ada)
    clock[0] += 300
    tokens, start = [first_step(site) for _ in range(4)], threading.Barrier(4, timeout=20)

    def enter(token):
        start.wait()
        try:
            return site.accounts.second_step(token, code=app.at(clock[0]))
        except InvalidInputError:
            return None

    with ThreadPoolExecutor(4) as pool:
        assert len([found for found in pool.map(enter, tokens) if found]) == 1


def test_five_wrong_codes_close_it_for_a_quarter_of_an_hour_but_not_for_recovery_codes(
    site, ada, clock, letters, owner
):
    app, codes = switched_on(site, ada)
    clock[0] += 300
    for _ in range(FAILURES_MAX):
        with pytest.raises(InvalidInputError):
            site.accounts.second_step(first_step(site), code="000000")
    with pytest.raises(InvalidInputError):
        site.accounts.second_step(first_step(site), code=app.at(clock[0]))
    assert "know your password" in letters.to(ADDRESS)[-1]["Subject"]
    assert isinstance(site.accounts.second_step(first_step(site), code=codes[0]), SignedIn)

    ((left,),) = owner.execute("SELECT closed_until - now() FROM s0000.second_factor").fetchall()
    assert 14 * 60 < left.total_seconds() <= 15 * 60
    owner.execute("UPDATE s0000.second_factor SET closed_until = now()")
    assert isinstance(site.accounts.second_step(first_step(site), code=app.at(clock[0])), SignedIn)


def test_a_recovery_code_works_once_in_any_spelling_and_is_stored_nowhere(site, ada, owner):
    _, codes = switched_on(site, ada)
    stored = owner.execute("SELECT code_hash FROM s0000.recovery_code").fetchall()
    assert not any(codes[0].encode() in bytes(row[0]) for row in stored)
    spelled = "-".join(codes[0][start : start + 4] for start in range(0, 16, 4)).lower()
    assert isinstance(site.accounts.second_step(first_step(site), code=f" {spelled} "), SignedIn)
    with pytest.raises(InvalidInputError):
        site.accounts.second_step(first_step(site), code=codes[0])
    assert site.second_factor.state(ada) == (True, 9)


def test_new_recovery_codes_make_the_old_worthless(site, ada):
    _, old = switched_on(site, ada)
    with pytest.raises(InvalidInputError):
        site.second_factor.renew_codes(ada, password="wrong horse")
    new = site.second_factor.renew_codes(ada, password=PASSWORD)
    with pytest.raises(InvalidInputError):
        site.accounts.second_step(first_step(site), code=old[0])
    assert isinstance(site.accounts.second_step(first_step(site), code=new[0]), SignedIn)


def test_switching_it_off_asks_the_password(site, ada):
    switched_on(site, ada)
    with pytest.raises(InvalidInputError):
        site.second_factor.switch_off(ada, password="wrong horse")
    assert site.second_factor.state(ada)[0]
    site.second_factor.switch_off(ada, password=PASSWORD)
    assert site.second_factor.state(ada) == (False, 0)
    assert isinstance(site.accounts.sign_in(handle="ada", password=PASSWORD), SignedIn)


def test_the_database_alone_makes_no_codes(site, ada, site_with, clock):
    app, _ = switched_on(site, ada)
    elsewhere = site_with(secret_key="another site's key, over the very same database")
    elsewhere.second_factor._clock = lambda: NOON + 300
    with pytest.raises(InvalidInputError):
        elsewhere.accounts.second_step(first_step(elsewhere), code=app.at(NOON + 300))


def test_the_first_step_is_good_for_one_session_and_ten_minutes(site, ada, owner):
    _, codes = switched_on(site, ada)
    token = first_step(site)
    site.accounts.second_step(token, code=codes[0])
    for stale in (token, "", "x", first_step(site)):
        owner.execute("UPDATE s0000.account_token SET expires_at = now()")
        with pytest.raises(SignInError):
            site.accounts.second_step(stale, code=codes[1])
    assert site.second_factor.state(ada) == (True, 9), "no code was used up by that"


@pytest.mark.parametrize("change", ["password", "suspended"])
def test_what_happens_between_the_steps_counts(site, ada, owner, change):
    _, codes = switched_on(site, ada)
    token = first_step(site)
    if change == "password":
        site.resets.change(ada, old=PASSWORD, new="battery staple")
    else:
        owner.execute("UPDATE g.account SET state = 'suspended'")
    with pytest.raises(SignInError):
        site.accounts.second_step(token, code=codes[0])


def test_a_new_password_by_letter_does_not_go_around_it(site, ada, letters):
    switched_on(site, ada)
    site.resets.ask(ADDRESS)
    site.resets.reset(letters.token(ADDRESS, "/reset/"), password="battery staple")
    assert isinstance(site.accounts.sign_in(handle="ada", password="battery staple"), SecondStep)
