"""What signing in gives away, and what it costs the site: the same work for everybody, and no connection meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest
from argon2 import PasswordHasher

from flotilla.errors import InvalidInputError, RuleError, UnavailableError
from flotilla.social import passwords

PASSWORD = "correct horse"
ADDRESS = "ada@example.org"


@pytest.fixture
def checks(monkeypatch):
    """The hashes that were checked, by their cost: (memory, passes)."""
    seen = []
    usual = PasswordHasher.verify

    def verify(self, stored, password):
        _, _, _, cost, _, _ = stored.split("$")
        seen.append(cost)
        return usual(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    return seen


def test_a_known_handle_takes_the_same_work_as_one_nobody_has(site, owner, checks, statements):
    for handle in ("ada", "gone", "out"):
        site.accounts.sign_up(handle=handle, password=PASSWORD)
    owner.execute("UPDATE g.account SET state = 'deleted' WHERE handle = 'gone'")
    owner.execute("UPDATE g.account SET state = 'suspended' WHERE handle = 'out'")
    checks.clear()
    work = []
    for handle in ("ada", "nobody", "gone", "out"):
        with statements() as sent, pytest.raises(RuleError) as caught:
            site.accounts.sign_in(handle=handle, password="a wrong guess")
        work.append((len(sent), str(caught.value)))
    assert len(set(work)) == 1, work
    assert len(checks) == 4
    assert len(set(checks)) == 1
    with pytest.raises(RuleError):
        site.accounts.sign_in(handle="no handle at all", password="a wrong guess")
    assert len(checks) == 5


def test_no_connection_is_held_while_a_password_is_checked_or_made(site_with, letters, monkeypatch):
    site = site_with(pool_size=1, pool_wait_s=0.3)
    asked = []

    def free(usual):
        def first(self, *arguments, **named):
            site.ping()  # the only connection there is; UnavailableError when it is held
            asked.append(usual.__name__)
            return usual(self, *arguments, **named)

        return first

    for name in ("verify", "hash"):
        monkeypatch.setattr(PasswordHasher, name, free(getattr(PasswordHasher, name)))
    ada = site.accounts.sign_up(handle="ada", password=PASSWORD, email=ADDRESS).viewer
    site.addresses.confirm(letters.token(ADDRESS, "/confirm/"))
    site.accounts.sign_in(handle="ada", password=PASSWORD)
    site.resets.ask(ADDRESS)
    site.resets.reset(letters.token(ADDRESS, "/reset/"), password=PASSWORD)
    site.resets.change(ada, old=PASSWORD, new=PASSWORD)
    site.addresses.change(ada, email="new@example.org", password=PASSWORD)
    site.second_factor.begin(ada, password=PASSWORD)
    site.second_factor.switch_off(ada, password=PASSWORD)
    with pytest.raises(RuleError):
        site.addresses.correct(handle="ada", password=PASSWORD, email=ADDRESS)
    site.departures.leave(ada, password=PASSWORD)
    assert asked == ["hash", "verify", "hash", "verify", "hash", *["verify"] * 5]


def test_one_password_is_checked_at_a_time_and_waiting_for_the_turn_ends(site, monkeypatch):
    site.accounts.sign_up(handle="ada", password=PASSWORD)
    lock, at_once, most, go_on = threading.Lock(), [0], [0], threading.Event()
    usual = PasswordHasher.verify

    def verify(self, stored, password):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        go_on.wait(10)
        with lock:
            at_once[0] -= 1
        return usual(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    monkeypatch.setattr(passwords, "TURN_WAIT_S", 0.2)
    with ThreadPoolExecutor(3) as pool:
        trying = [pool.submit(site.accounts.sign_in, handle="ada", password=PASSWORD) for _ in range(3)]
        two = [future for _, future in zip(range(2), as_completed(trying, timeout=10), strict=False)]
        assert [type(future.exception()) for future in two] == [UnavailableError] * 2
        go_on.set()
        (let_in,) = set(trying) - set(two)
        assert let_in.result(10)
    assert most == [1]


def test_a_password_of_any_length_is_refused_or_checked_in_bounded_time(site):
    site.accounts.sign_up(handle="ada", password=PASSWORD)
    with pytest.raises(RuleError):
        site.accounts.sign_in(handle="ada", password="x" * 1_000_000)
    with pytest.raises(InvalidInputError):
        site.accounts.sign_up(handle="bob", password="x" * 501)
