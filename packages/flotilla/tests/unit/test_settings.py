import dataclasses
import subprocess
import sys

import pytest

from flotilla.bucket_address import BucketAddress
from flotilla.errors import StartError
from flotilla.settings import Settings, declarations

URL = {"FLOTILLA_DATABASE_URL": "postgresql://app:hush@db.example:5433/town"}
STRONG_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


def test_a_database_is_all_that_has_to_be_set():
    settings = Settings.from_environment(URL)
    assert (settings.environment, settings.secure_cookies) == ("development", False)


def test_as_many_connections_as_threads_unless_told():
    assert Settings.from_environment(URL | {"FLOTILLA_THREADS": "7"}).pool_size == 7
    assert Settings.from_environment(URL | {"FLOTILLA_THREADS": "7", "FLOTILLA_POOL_SIZE": "3"}).pool_size == 3


def test_the_defaults_of_a_settings_made_in_code_are_those_of_an_empty_environment():
    assert Settings(database_url=URL["FLOTILLA_DATABASE_URL"]) == Settings.from_environment(URL)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("FLOTILLA_THREADS", "four", ["FLOTILLA_THREADS", "'four'", "whole number"]),
        ("FLOTILLA_THREADS", "1.5", ["FLOTILLA_THREADS", "whole number"]),
        ("FLOTILLA_THREADS", "0", ["FLOTILLA_THREADS", "between 1 and 256"]),
        ("FLOTILLA_PORT", "65536", ["FLOTILLA_PORT", "between 1 and 65535"]),
        ("FLOTILLA_POOL_WAIT_S", "nan", ["FLOTILLA_POOL_WAIT_S", "between 0.1 and 60"]),
        ("FLOTILLA_ENVIRONMENT", "prod", ["FLOTILLA_ENVIRONMENT", "development, production"]),
        ("FLOTILLA_SECURE_COOKIES", "maybe", ["FLOTILLA_SECURE_COOKIES", "yes or no"]),
        ("FLOTILLA_DATABASE_URL", "mysql://a@b/c", ["FLOTILLA_DATABASE_URL", "postgresql://"]),
        ("FLOTILLA_DATABASE_URL", "postgresql://a:hush@b:port/c", ["FLOTILLA_DATABASE_URL", "cannot be read"]),
        ("FLOTILLA_DATABASE_URL", "postgresql://b/c", ["FLOTILLA_DATABASE_URL", "lacks a user"]),
        ("FLOTILLA_CACHE_URL", "http://a:hush@b", ["FLOTILLA_CACHE_URL", "redis://"]),
        ("FLOTILLA_BUS_URL", "redis://a:hush@b:port/0", ["FLOTILLA_BUS_URL", "cannot be read"]),
        ("FLOTILLA_OWNER_URL", "postgresql://a:hush@b", ["FLOTILLA_OWNER_URL", "lacks the name of a database"]),
        (
            "FLOTILLA_DATABASE_URL",
            " ",
            ["FLOTILLA_DATABASE_URL is not set", "export FLOTILLA_DATABASE_URL=postgresql://"],
        ),
        ("FLOTILLA_POOLSIZE", "3", ["no setting FLOTILLA_POOLSIZE", "FLOTILLA_POOL_SIZE?"]),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_it_has_to_be(name, text, words):
    with pytest.raises(StartError) as caught:
        Settings.from_environment(URL | {name: text})
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "hush" not in str(caught.value)


def test_what_a_platform_puts_beside_our_settings_is_left_alone():
    Settings.from_environment(URL | {"FLOTILLA_SERVICE_HOST": "10.0.0.1", "PATH": "/bin"})


@pytest.mark.parametrize("key", ["", "short", "a" * 64, "0123456789" * 3])
def test_production_refuses_a_missing_or_weak_key(key):
    with pytest.raises(StartError, match="FLOTILLA_SECRET_KEY"):
        Settings.from_environment(URL | {"FLOTILLA_ENVIRONMENT": "production", "FLOTILLA_SECRET_KEY": key})


def test_production_with_a_strong_key_sends_cookies_over_https_only():
    environ = URL | {"FLOTILLA_ENVIRONMENT": "production", "FLOTILLA_SECRET_KEY": STRONG_KEY}
    assert Settings.from_environment(environ).secure_cookies
    assert not Settings.from_environment(environ | {"FLOTILLA_SECURE_COOKIES": "no"}).secure_cookies


def test_what_is_secret_does_not_show_when_settings_are_printed():
    printed = repr(Settings.from_environment(URL | {"FLOTILLA_SECRET_KEY": STRONG_KEY}))
    assert "hush" not in printed
    assert STRONG_KEY not in printed


def test_settings_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.from_environment(URL).threads = 2


def test_each_setting_is_declared_with_a_description_and_a_default_within_its_bounds():
    for declared in declarations():
        assert declared.description.endswith("."), declared.name
        assert declared.name == "FLOTILLA_" + declared.field_name.upper()
        if declared.default is None:
            assert declared.name == "FLOTILLA_DATABASE_URL"
    for declared in declarations():
        default = getattr(Settings(database_url="x"), declared.field_name)
        if declared.minimum is not None and declared.maximum is not None and declared.kind != "str":
            assert declared.minimum <= default <= declared.maximum, declared.name


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("MEDIA_URL", "https://bucket.example", "does not begin with s3://"),
        ("MEDIA_URL", "s3://id:hush-hush@bucket", "FLOTILLA_MEDIA_KEY_ID"),
        ("MEDIA_URL", "s3://bucket?endpoint=https://id:hush-hush@s3.example", "FLOTILLA_MEDIA_KEY_ID"),
        ("MEDIA_URL", "s3:///prefix", "does not name a bucket"),
        ("MEDIA_URL", "s3://bucket?endpoint=storage.example", "endpoint is no address"),
        ("MEDIA_URL", "s3://bucket?endpoint=https://storage example", "endpoint is no address"),
        ("MEDIA_URL", "s3://bucket?region=eu central", "region is not written like"),
        ("MEDIA_URL", "s3://bucket/a/../b", "part of its prefix"),
        ("MEDIA_URL", "s3://bucket/a//b", "part of its prefix"),
        ("MEDIA_URL", "s3://bucket?reigon=eu", "it says reigon"),
        ("MEDIA_PUBLIC_URL", "https://a.example; script-src *", "has to be like"),
        ("MEDIA_PUBLIC_URL", "pictures.example.org", "has to be like"),
    ],
)
def test_an_address_of_a_bucket_that_cannot_be_right_is_refused_without_repeating_a_key(name, text, why):
    with pytest.raises(StartError, match=why) as caught:
        Settings.from_environment(URL | {f"FLOTILLA_{name}": text})
    assert f"FLOTILLA_{name}" in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_clients_of_what_is_not_used_take_no_memory():
    program = (
        "import sys, flotilla.app; from flotilla.settings import Settings; from flotilla.social import open_site;"
        "open_site(Settings(database_url='postgresql://app@127.0.0.1/town'));"
        "print({name.partition('.')[0] for name in sys.modules} & {'obstore', 'valkey', 'alembic'})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


def test_an_address_of_a_bucket_says_where_it_is():
    read = BucketAddress.parse("s3://bucket/a/b/?endpoint=https://s3.example.com/&region=eu-central-1")
    assert read == BucketAddress("bucket", "a/b", "https://s3.example.com", "eu-central-1")
    assert BucketAddress.parse("s3://bucket") == BucketAddress("bucket", "", "", "us-east-1")
