"""The embedded PostgreSQL for real: reset, settings, and queries counted exactly."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from seatrial.errors import SpecError, TestbedError
from seatrial.spec.subject import Database
from seatrial.testbed.postgres_settings import tuned_settings
from seatrial.testbed.testbed import Testbed

CREATE = (
    "import os, psycopg\nwith psycopg.connect(os.environ['DATABASE_URL']) as c:\n"
    "    c.execute('CREATE TABLE notes (id bigserial PRIMARY KEY, text text NOT NULL)')\n"
    "    c.execute(\"INSERT INTO notes (text) VALUES ('first'), ('second')\")\n"
    "    c.execute(\"ALTER DATABASE subject SET statement_timeout = '7s'\")"
)


@pytest.fixture(scope="module")
def testbed(trial_of) -> Iterator[Testbed]:
    trial = trial_of(
        database=Database(),
        environment={"DATABASE_URL": "{database_url}", "PYTHONDONTWRITEBYTECODE": "1"},
        prepare=(("{python}", "-c", CREATE),),
    )
    with Testbed(trial) as opened:
        opened.prepare()
        yield opened


@pytest.fixture
def url(testbed) -> str:
    assert testbed.database is not None
    testbed.database.restore()
    return str(testbed.database.url)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_fresh_data_returns_to_what_prepare_left_and_without_it_the_data_stay(testbed):
    testbed.start(1, 2, fresh_data=True)
    assert get(f"{testbed.url}/rows?third") == "3"
    testbed.start(1, 2, fresh_data=False)
    assert get(f"{testbed.url}/rows") == "3"
    testbed.start(1, 2, fresh_data=True)
    assert get(f"{testbed.url}/rows") == "2"
    testbed.stop()


def test_a_restored_database_keeps_its_own_settings_and_statistics(url):
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("7s",)
        assert connection.execute("SELECT reltuples FROM pg_class WHERE relname = 'notes'").fetchone() == (2.0,)


def test_the_app_connects_as_a_role_that_is_no_superuser_but_owns_its_database(url):
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT rolsuper, pg_get_userbyid(datdba) = rolname FROM pg_roles, pg_database "
            "WHERE rolname = current_user AND datname = current_database()"
        ).fetchone()
        assert row == (False, True)


def test_the_server_runs_with_the_tuned_settings_and_durably(testbed, url):
    wanted = tuned_settings(testbed._limits.subject_memory_bytes, 92)
    with psycopg.connect(url) as connection:
        for name, value in wanted.items():
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            assert row is not None
            assert _bytes_or_text(row[0]) == _bytes_or_text(value), name
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_declared_settings_replace_the_tuned_ones(trial_of):
    settings = {"synchronous_commit": "off", "shared_buffers": "48MB", "random_page_cost": "1.5"}
    with Testbed(trial_of(database=Database(settings=settings), environment={})) as opened:
        opened.prepare()
        with psycopg.connect(opened.database.placeholders()["database_url"]) as connection:
            for name, value in settings.items():
                assert connection.execute("SELECT current_setting(%s)", [name]).fetchone() == (value,)
            assert connection.execute("SHOW jit").fetchone() == ("off",)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"shared_bufers": "64MB"}, 'unrecognized configuration parameter "shared_bufers"'),
        ({"shared_buffers": "64 MiB"}, 'invalid value for parameter "shared_buffers": "64 MiB" (Valid units'),
        ({"max_connections": "0"}, 'outside the valid range for parameter "max_connections"'),
    ],
)
def test_a_setting_that_postgresql_refuses_is_told_in_its_words(trial_of, settings, said):
    with Testbed(trial_of(database=Database(settings=settings))) as opened, pytest.raises(SpecError) as caught:
        opened.prepare()
    assert said in str(caught.value)
    assert caught.value.where == "database.settings"


def _bytes_or_text(text: str) -> int | str:
    units = {"kB": 1024, "MB": 1024**2, "GB": 1024**3}
    return int(text[:-2]) * units[text[-2:]] if text[-2:] in units else text


def test_a_wrong_password_is_refused(url):
    user, rest = url.split("@")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"{user}wrong@{rest}")


def test_the_users_own_database_refusing_is_told_with_the_servers_words_and_advice(trial_of, testbed, url):
    for broken, words, advice in [
        (url.removesuffix("subject") + "shop", 'database "shop" does not exist', "Create it first"),
        (url.replace("@", "wrong@"), "password authentication failed", "Correct the user or the password"),
    ]:
        with (
            Testbed(trial_of(database=Database("url", broken))) as other,
            pytest.raises(TestbedError, match="cannot be used") as caught,
        ):
            other.prepare()
        assert words in caught.value.details
        assert advice in str(caught.value)


def test_the_users_own_database_is_used_as_it_is(trial_of, testbed, url):
    trial = trial_of(
        database=Database("url", url), environment={"DATABASE_URL": "{database_url}", "PYTHONDONTWRITEBYTECODE": "1"}
    )
    with Testbed(trial) as other:
        other.prepare()
        other.start(1, 2, fresh_data=True)
        assert get(f"{other.url}/rows") == "2"
        assert other.cpu_seconds().database_s is None
        assert any("runs outside the plan's limits" in caveat for caveat in other.caveats)
        assert other.database is not None
        with pytest.raises(TestbedError, match="not asked to log its statements"):
            other.database.query_log_on()
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 1")


def test_cpu_and_memory_of_the_database_are_read_apart_from_the_apps(testbed, url):
    before = testbed.cpu_seconds()
    with psycopg.connect(url) as connection:
        connection.execute("SELECT count(*) FROM generate_series(1, 2000000) n WHERE sqrt(n) > 3")
    after = testbed.cpu_seconds()
    assert after.database_s - before.database_s > 0.05
    assert after.app_s == before.app_s
    memory_bytes = testbed.readings().database_memory_bytes
    assert 10 * 1024**2 < memory_bytes < 200 * 1024**2


@pytest.fixture
def counted(testbed) -> Iterator[Testbed]:
    testbed.database.query_log_on()
    yield testbed.database
    testbed.database.query_log_off()


def test_simple_and_parametrized_queries_count_once_and_transaction_control_apart(counted, url):
    with psycopg.connect(url) as connection:
        mark = counted.query_log_mark()
        connection.execute("SELECT 1")
        connection.execute("SELECT text FROM notes WHERE id = %s AND text <> 'it''s; none'", [1])
        connection.execute("INSERT INTO notes (text)\n   VALUES (%s)", ["line\nbreak"])
        connection.rollback()
        seen = counted.queries_since(mark)
    assert seen.by_text == {
        "SELECT ?": 1,
        "SELECT text FROM notes WHERE id = ? AND text <> ?": 1,
        "INSERT INTO notes (text) VALUES (?)": 1,
    }
    assert seen.statements == 3
    assert seen.transactions_control == 2


@pytest.mark.parametrize("prepare", [None, False, True])
def test_a_statement_counts_once_whether_or_not_it_is_prepared(counted, url, prepare):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.prepare_threshold = 5
        mark = counted.query_log_mark()
        for number in range(12):
            connection.execute("SELECT text FROM notes WHERE id = %s", [number], prepare=prepare)
        held = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
        seen = counted.queries_since(mark)
    assert held == (0 if prepare is False else 1,)
    assert seen.by_text["SELECT text FROM notes WHERE id = ?"] == 12
    assert seen.statements == 13
    assert seen.transactions_control == 0


def test_queries_of_a_pipeline_a_batch_and_a_copy_count_once_each(counted, url):
    with psycopg.connect(url, autocommit=True) as connection:
        mark = counted.query_log_mark()
        with connection.pipeline():
            for number in range(7):
                connection.execute("SELECT %s::int", [number])
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO notes (text) VALUES (%s)", [["a"], ["b"], ["c"]])
            with cursor.copy("COPY notes (text) FROM STDIN") as copy:
                for _ in range(50):
                    copy.write_row(["row"])
        seen = counted.queries_since(mark)
    assert seen.by_text == {
        "SELECT ?::int": 7,
        "INSERT INTO notes (text) VALUES (?)": 3,
        "COPY notes (text) FROM STDIN": 1,
    }


def test_a_connection_that_was_open_before_logs_as_soon_as_it_is_on_and_stops_when_off(testbed, url):
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(3):
            testbed.database.query_log_on()
            mark = testbed.database.query_log_mark()
            connection.execute("SELECT 1")
            assert testbed.database.queries_since(mark).statements == 1
            testbed.database.query_log_off()
            mark = testbed.database.query_log_mark()
            connection.execute("SELECT 1")
            assert testbed.database.queries_since(mark).statements == 0


@pytest.mark.long
def test_the_installation_is_copied_for_a_user_who_cannot_reach_it(tmp_path, monkeypatch):
    import subprocess

    from seatrial.testbed import postgres_install

    monkeypatch.setattr(postgres_install, "open_to_all", lambda path: False)
    copied = postgres_install.reachable_installation(tmp_path)
    assert copied.is_relative_to(tmp_path)
    assert all(Path(place).stat().st_mode & 0o055 for place in (copied, copied / "bin", copied / "bin" / "initdb"))
    # initdb needs the libraries beside it.
    said = subprocess.run(
        [copied / "bin" / "initdb", "--version"], capture_output=True, text=True, check=True, timeout=20
    )
    assert "PostgreSQL) 18" in said.stdout
