"""Ids, shards, passwords, tokens, the server's command line: values without a database."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from flotilla.seed import PEOPLE_MAX, POSTS_MAX, plan_town
from flotilla.server import server_environment, server_options
from flotilla.settings import Settings
from flotilla.social.accounts import handle_of
from flotilla.social.passwords import PASSWORD_MAX_CHARACTERS, Passwords
from flotilla.social.tokens import new_token, read_token
from flotilla.store.database import qualified
from flotilla.store.ids import BUCKETS, MAX_ID, bucket_for, bucket_of, made_at, make_id
from flotilla.store.shards import ONE_SHARD, BucketRange, ShardMap

SETTINGS = Settings(database_url="postgresql://a@b/c", argon2_memory_kib=64, argon2_time_cost=1)


@given(st.integers(0, 2**40 - 1), st.integers(0, BUCKETS - 1), st.integers(0, 10**9))
def test_an_id_tells_its_time_and_bucket(since_epoch_ms, bucket, sequence):
    row_id = make_id(since_epoch_ms=since_epoch_ms, bucket=bucket, sequence=sequence)
    assert 0 <= row_id <= MAX_ID
    assert bucket_of(row_id) == bucket
    assert made_at(row_id) == datetime(2025, 1, 1, tzinfo=UTC) + timedelta(milliseconds=since_epoch_ms)
    assert row_id & 1023 == sequence % 1024


def test_the_last_id_is_of_2059():
    assert made_at(MAX_ID).year == 2059


def test_names_spread_evenly_over_the_buckets():
    counts = [0] * 8
    for number in range(80_000):
        counts[bucket_for(f"person{number:05}") // 1024] += 1
    # Eight even parts of 80,000 draws: 10,000 each, standard deviation 94.
    assert all(abs(count - 10_000) < 5 * 94 for count in counts)


def test_a_shard_map_finds_the_schema_of_every_bucket():
    shards = ShardMap((BucketRange(0, 99, "s0000"), BucketRange(100, 4095, "s0001"), BucketRange(4096, 8191, "s0000")))
    found = {bucket: shards.schema_of_bucket(bucket) for bucket in (0, 99, 100, 4095, 4096, 8191)}
    assert found == {0: "s0000", 99: "s0000", 100: "s0001", 4095: "s0001", 4096: "s0000", 8191: "s0000"}
    assert shards.schemas == ("s0000", "s0001")
    ids = [make_id(since_epoch_ms=5, bucket=bucket, sequence=0) for bucket in (7, 100, 8000)]
    assert shards.by_schema(ids) == {"s0000": [ids[0], ids[2]], "s0001": [ids[1]]}
    assert ONE_SHARD.schema_of(ids[1]) == "s0000"


@pytest.mark.parametrize(
    "ranges", [[], [(0, 8190)], [(1, 8191)], [(0, 5), (7, 8191)], [(0, 5), (5, 8191)], [(0, 8192)]]
)
def test_a_shard_map_with_gaps_or_overlaps_is_refused(ranges):
    with pytest.raises(ValueError, match="shard map"):
        ShardMap(tuple(BucketRange(first, last, "s0000") for first, last in ranges))


def test_a_schemas_name_cannot_end_its_quotes():
    assert qualified("SELECT FROM {shard}.posts", 'x"; DROP', "") == b'SELECT FROM "x""; DROP".posts'


def test_a_password_fits_its_hash_alone_however_it_was_typed():
    passwords = Passwords(SETTINGS)
    stored = passwords.hashed("cafe\u0301 noir")
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert passwords.fits("café noir", stored)
    assert not passwords.fits("cafe noir", stored)
    assert not passwords.fits("café noir", "not a hash")
    assert stored != passwords.hashed("cafe\u0301 noir")


def test_a_password_counts_to_its_longest_length_when_hashed_and_when_checked():
    passwords = Passwords(SETTINGS)
    longest = "a" * PASSWORD_MAX_CHARACTERS
    assert passwords.fits(longest + "b", passwords.hashed(longest))
    assert passwords.fits(longest, passwords.hashed(longest + "b"))
    assert not passwords.fits(longest[:-1], passwords.hashed(longest))


def test_a_handle_nobody_has_costs_the_same_work_and_never_fits(monkeypatch):
    passwords = Passwords(SETTINGS)
    checked = []
    verify = PasswordHasher.verify

    def watched(self, stored, password):
        checked.append(stored)
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert not passwords.fits("correct horse", None)
    # Checked in earnest, against a hash of the same cost and the same sizes as a real one.
    (nobodys,) = checked
    real = passwords.hashed("correct horse")
    assert nobodys.split("$")[:4] == real.split("$")[:4]
    assert list(map(len, nobodys.split("$"))) == list(map(len, real.split("$")))
    assert not passwords.is_outdated(nobodys)


def test_another_cost_makes_a_hash_outdated():
    costlier = Passwords(Settings(database_url="x", argon2_memory_kib=128, argon2_time_cost=1))
    stored = Passwords(SETTINGS).hashed("correct horse")
    assert costlier.is_outdated(stored)
    assert costlier.fits("correct horse", stored)


@given(st.integers(1, MAX_ID))
def test_a_token_leads_to_its_account_and_to_the_hash_of_all_of_it(account_id):
    token = new_token(account_id)
    keys = read_token(token)
    assert keys is not None
    assert (keys.account_id, keys.sha256) == (account_id, sha256(token.encode()).digest())
    assert new_token(account_id) != token


@given(st.text())
def test_any_text_at_all_can_be_asked_for_as_a_token(text):
    read_token(text)


@given(st.text())
def test_a_handle_is_its_own_handle(text):
    handle = handle_of(text)
    assert handle is None or handle_of(handle) == handle_of(f" @{handle.upper()} ") == handle


def test_the_server_is_told_what_the_settings_say(tmp_path):
    settings = Settings(database_url="x", bind="0.0.0.0", port=8123, workers=3, threads=5, request_timeout_s=40)
    options = server_options(settings, memory_folder=tmp_path)
    told = {"bind": "0.0.0.0:8123", "workers": 3, "threads": 5, "timeout": 40, "worker_class": "gthread"}
    assert told.items() <= options.items()
    assert (options["preload_app"], options["worker_tmp_dir"]) == (True, str(tmp_path))
    assert "worker_tmp_dir" not in server_options(settings, memory_folder=tmp_path / "missing")
    assert server_options(settings, bind="fd://5")["bind"] == "fd://5"


@pytest.mark.parametrize(("people", "posts"), [(0, 1), (PEOPLE_MAX + 1, 1), (1, -1), (1, POSTS_MAX + 1)])
def test_a_town_of_an_impossible_size_is_refused(people, posts):
    with pytest.raises(ValueError, match="a town has 1 to"):
        plan_town(people=people, posts=posts, seed=1)


def test_nobody_follows_themselves_or_anyone_twice():
    town = plan_town(people=300, posts=0, seed=5)
    for person, followees in enumerate(town.following):
        assert person not in followees
        assert len(set(followees)) == len(followees)


def test_the_server_gives_memory_of_password_checks_back_unless_the_operator_says_otherwise() -> None:
    assert server_environment({"HOME": "/srv"}) == {"HOME": "/srv", "MALLOC_MMAP_THRESHOLD_": "1048576"}
    assert server_environment({"MALLOC_MMAP_THRESHOLD_": "2"}) == {"MALLOC_MMAP_THRESHOLD_": "2"}


def test_the_server_does_not_know_the_owner_of_the_tables() -> None:
    told = {"FLOTILLA_DATABASE_URL": "postgresql://a@b/c", "FLOTILLA_OWNER_URL": "postgresql://o@b/c"}
    assert server_environment(told).keys() == {"FLOTILLA_DATABASE_URL", "MALLOC_MMAP_THRESHOLD_"}
