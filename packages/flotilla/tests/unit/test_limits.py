"""How often is too often: counted against a clock that stands still until it is moved."""

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flotilla.errors import TooManyError
from flotilla.settings import Settings
from flotilla.social.limits import Limit, Limits, MemoryCounts, network_of

SETTINGS = Settings(database_url="postgresql://a@b/c", limits=True)


class Clock:
    now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab")), max_size=60))
def test_counts_are_those_of_a_list_of_all_times(steps):
    """Oracle: every time that was counted, per key, since the one that opened its period."""
    clock, limit = Clock(), Limit("x", 3, 60)
    counts, seen = MemoryCounts(clock=clock), {}
    for wait_s, key in steps:
        clock.now_s += wait_s
        times = seen.setdefault(key, [])
        if times and clock.now_s >= times[0] + 60:
            times.clear()
        times.append(clock.now_s)
        assert counts.count(limit, key.encode()) == (len(times), times[0] + 60 - clock.now_s)


def test_memory_stays_bounded_and_the_oldest_go_first(clock):
    counts, limit = MemoryCounts(entries_max=100, clock=clock), Limit("x", 3, 60)
    for number in range(1000):
        counts.count(limit, str(number).encode())
    assert sum(map(len, counts._entries.values())) == 100
    assert counts.count(limit, b"999")[0] == 2
    assert counts.count(limit, b"1")[0] == 1


def test_what_has_ended_makes_room(clock):
    counts, limit = MemoryCounts(clock=clock), Limit("x", 3, 60)
    for number in range(50):
        counts.count(limit, str(number).encode())
    clock.now_s += 60
    counts.count(limit, b"new")
    assert sum(map(len, counts._entries.values())) == 1


def test_many_threads_count_every_time():
    counts, limit, start = MemoryCounts(), Limit("x", 3, 60), threading.Barrier(8, timeout=20)

    def count(_number):
        start.wait()
        for _ in range(200):
            counts.count(limit, b"k")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))
    assert counts.count(limit, b"k")[0] == 1601


def test_ten_passwords_for_one_account_and_a_hundred_from_one_address(clock):
    limits = Limits(SETTINGS, MemoryCounts(clock=clock))
    for number in range(10):
        limits.sign_in(f"192.0.2.{number}", " @Ada")
    with pytest.raises(TooManyError) as caught:
        limits.sign_in("192.0.2.99", "ada")
    assert caught.value.retry_after_s == 900
    for number in range(100):
        limits.sign_in("198.51.100.1", f"p{number}")
    with pytest.raises(TooManyError):
        limits.sign_in("198.51.100.1", "somebody_else")
    clock.now_s += 900
    limits.sign_in("198.51.100.1", "ada")


def test_what_is_left_is_told_to_apps(clock):
    limits = Limits(dataclasses.replace(SETTINGS, limit_api=2), MemoryCounts(clock=clock))
    assert [limits.api("::1", 7).remaining for _ in range(2)] == [1, 0]
    clock.now_s += 100
    with pytest.raises(TooManyError) as caught:
        limits.api("::1", 7)
    assert (caught.value.limit, caught.value.retry_after_s) == (2, 200)


@pytest.mark.parametrize("changes", [{"limits": False}, {"limit_sign_in": 0}])
def test_no_limit_is_no_limit(changes):
    limits = Limits(dataclasses.replace(SETTINGS, **changes))
    for _ in range(500):
        limits.sign_in("192.0.2.1", "ada")


def test_limits_are_on_where_real_people_are():
    url = {"FLOTILLA_DATABASE_URL": "postgresql://a@b/c", "FLOTILLA_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}
    assert not Settings.from_environment(url).limits
    assert Settings.from_environment(url | {"FLOTILLA_ENVIRONMENT": "production"}).limits
    off = url | {"FLOTILLA_ENVIRONMENT": "production", "FLOTILLA_LIMITS": "off"}
    assert not Settings.from_environment(off).limits


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_one_customers_ipv6_addresses_are_one(address, network):
    assert network_of(address) == network
