from dataclasses import replace

import psycopg
import pytest

from flotilla.errors import StartError
from flotilla.social import open_site
from flotilla.store.migrating import LOCK_KEY, migrate, newest_version
from flotilla.store.schema import SCHEMA_VERSION, check


def test_the_version_the_site_asks_for_is_the_newest_migration():
    assert newest_version() == SCHEMA_VERSION


def test_migrate_twice_is_migrate_once(empty_settings):
    assert migrate(empty_settings) == SCHEMA_VERSION
    assert migrate(empty_settings) == SCHEMA_VERSION
    check(empty_settings)


def test_migrate_creates_the_applications_user_with_the_password_of_its_address(empty_settings):
    url = empty_settings.database_url.replace("flotilla_app:", "flotilla_new:pass%20wörd")
    settings = replace(empty_settings, database_url=url)
    migrate(settings)
    check(settings)
    with pytest.raises(StartError, match="password authentication failed"):
        check(replace(settings, database_url=url.replace("pass%20", "pass")))


def test_the_applications_user_owns_nothing_and_cannot_change_a_table(settings):
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        owned = "SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole"
        assert connection.execute(owned).fetchone() == (0,)
        for statement in (
            "DROP TABLE s0000.posts",
            "ALTER TABLE s0000.posts ADD COLUMN x int",
            "TRUNCATE s0000.posts",
            "CREATE TABLE s0000.mine (id int)",
            "CREATE TABLE g.mine (id int)",
            "CREATE TABLE public.mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE INDEX ON s0000.posts (body)",
            "ALTER TABLE s0000.posts DISABLE TRIGGER ALL",
            "UPDATE g.schema_version SET version_num = '9999'",
            "UPDATE g.shard_map SET schema_name = 'elsewhere'",
            "SELECT setval('s0000.id_sequence', 1)",
            "CREATE ROLE mine",
            "ALTER ROLE flotilla_app SUPERUSER",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_tables_of_later_migrations_can_be_used_by_the_application_at_once(own_settings):
    with psycopg.connect(own_settings.owner_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE s0000.later (id int)")
    with psycopg.connect(own_settings.database_url, autocommit=True) as connection:
        connection.execute("INSERT INTO s0000.later VALUES (1)")


def test_withdrawing_the_right_to_write_stops_the_application(own_settings):
    """What moving a shard will rely on: an owner would not notice a REVOKE."""
    site = open_site(own_settings)
    try:
        viewer = site.accounts.sign_up(handle="ada", password="correct horse").viewer
        with psycopg.connect(own_settings.owner_url, autocommit=True) as connection:
            connection.execute("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA s0000 FROM flotilla_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            site.posts.publish(viewer, "hello")
        assert site.timelines.home(viewer).items == ()
    finally:
        site.close()


def test_without_an_owner_migrate_explains_what_an_owner_is(empty_settings):
    with pytest.raises(StartError, match=r"FLOTILLA_OWNER_URL is not set(.|\n)*user who owns the database"):
        migrate(replace(empty_settings, owner_url=""))


def test_owner_and_application_cannot_be_the_same_user(empty_settings):
    with pytest.raises(StartError, match="name the same user, flotilla_owner"):
        migrate(replace(empty_settings, database_url=empty_settings.owner_url))


def test_the_application_cannot_be_a_superuser(empty_settings, database_server):
    database = empty_settings.database_url.rsplit("/", 1)[1]
    with pytest.raises(StartError, match="postgres in FLOTILLA_DATABASE_URL is a superuser"):
        migrate(replace(empty_settings, database_url=database_server.url("postgres", database)))


def test_a_user_who_may_not_create_schemas_is_told_so(empty_settings, settings, database_server):
    database = empty_settings.database_url.rsplit("/", 1)[1]
    with pytest.raises(StartError, match=r"permission denied(.|\n)*allowed to create schemas"):
        migrate(
            replace(
                empty_settings,
                owner_url=database_server.url("flotilla_app", database),
                database_url=database_server.url("flotilla_other", database),
            )
        )


def test_two_migrates_at_once_do_not_mix(empty_settings, monkeypatch):
    monkeypatch.setattr("flotilla.store.migrating.ATTEMPTS", 2)
    with psycopg.connect(empty_settings.owner_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        with pytest.raises(StartError, match="Another `flotilla migrate`"):
            migrate(empty_settings)
    migrate(empty_settings)


def test_a_database_never_migrated_sends_one_to_migrate(empty_settings, migrated_template):
    with pytest.raises(StartError, match=r"holds no tables that this site may use\.\nRun: flotilla migrate"):
        check(empty_settings)


@pytest.mark.parametrize(("found", "advice"), [("0000", "Run: flotilla migrate"), ("9999", "update it")])
def test_another_version_is_named_with_what_to_do(own_settings, found, advice):
    with psycopg.connect(own_settings.owner_url, autocommit=True) as connection:
        connection.execute("UPDATE g.schema_version SET version_num = %s", [found])
    with pytest.raises(StartError, match=rf"version {found}; this program needs {SCHEMA_VERSION}(.|\n)*{advice}"):
        check(own_settings)


def test_a_database_that_is_not_there_is_named_without_its_password(settings):
    for url, words in (
        ("postgresql://flotilla_app:hush@127.0.0.1:1/flotilla", ["127.0.0.1:1", "flotilla", "Is PostgreSQL running"]),
        (settings.database_url.rsplit("/", 1)[0] + "/missing", ["missing", "does not exist", "createdb"]),
    ):
        with pytest.raises(StartError) as caught:
            check(replace(settings, database_url=url))
        assert all(word in str(caught.value) for word in words), str(caught.value)
        assert "hush" not in str(caught.value)


def test_ids_grow_with_time_and_carry_their_bucket(owner):
    rows = owner.execute(
        "SELECT s0000.next_id(bucket), bucket, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1735689600000"
        " FROM generate_series(0, 8191) bucket"
    ).fetchall()
    milliseconds = [row_id >> 23 for row_id, _, _ in rows]
    assert milliseconds == sorted(milliseconds)
    assert [row_id >> 10 & 8191 for row_id, _, _ in rows] == list(range(8192))
    assert len({row_id for row_id, _, _ in rows}) == 8192
    assert all(abs(made - clock) <= 1000 for made, (_, _, clock) in zip(milliseconds, rows, strict=True))
