"""A migration on a table of some size while the site reads and writes it: nobody waits for long."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

import flotilla.migrations
from flotilla.store.migrating import migrate
from flotilla.store.schema import SCHEMA_VERSION

ROWS = 150_000
WRITTEN_MEANWHILE = 200
PATIENCE_S = 60

NEXT = f"""
from flotilla.migrations import everywhere

revision = "9000"
down_revision = "{SCHEMA_VERSION}"

def upgrade():
    everywhere.run("", "ALTER TABLE {{shard}}.posts ADD COLUMN later integer NOT NULL DEFAULT 7")

def downgrade():
    everywhere.run("", "ALTER TABLE {{shard}}.posts DROP COLUMN later")
"""


@pytest.fixture
def one_more_migration(tmp_path, monkeypatch):
    """The migrations there are, and one that changes the largest table."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(flotilla.migrations.__path__[0]), folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9000_later.py").write_text(NEXT)
    monkeypatch.setattr(flotilla.migrations, "__path__", [str(folder)])


def waits_for_a_lock(connection):
    found = connection.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        " AND relation = 's0000.posts'::regclass"
    ).fetchone()
    return found[0] > 0


def read_until_enough_is_written(settings, reading, written):
    """A report, or a backup: its transaction holds the table until others have written, whom a lock may hold up."""
    deadline_s = time.monotonic() + PATIENCE_S
    with psycopg.connect(settings.owner_url) as connection, psycopg.connect(settings.owner_url, autocommit=True) as eye:
        connection.execute("SELECT count(*) FROM s0000.posts")
        reading.set()
        while not waits_for_a_lock(eye) and time.monotonic() < deadline_s:
            time.sleep(0.01)
        enough = len(written) + WRITTEN_MEANWHILE
        while len(written) < enough and time.monotonic() < deadline_s:
            time.sleep(0.01)
        return len(written) >= enough


def write_all_the_time(settings, stop, written):
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        while not stop.is_set():
            connection.execute("UPDATE s0000.posts SET sensitive = NOT sensitive WHERE id = 5")
            written.append(1)


def test_while_a_migration_waits_for_a_long_reader_writers_go_on(own_settings, one_more_migration):
    with psycopg.connect(own_settings.owner_url) as connection:
        connection.execute("INSERT INTO s0000.profile (account_id, handle, display_name) VALUES (1, 'ada', 'Ada')")
        connection.execute(
            "INSERT INTO s0000.posts (id, author_id, body) SELECT n, 1, 'hello' FROM generate_series(1, %s) n", [ROWS]
        )
    reading, stop, written = threading.Event(), threading.Event(), []
    with ThreadPoolExecutor(2) as pool:
        reader = pool.submit(read_until_enough_is_written, own_settings, reading, written)
        assert reading.wait(PATIENCE_S)
        writer = pool.submit(write_all_the_time, own_settings, stop, written)
        try:
            migrate(own_settings)
        finally:
            stop.set()
        writer.result(PATIENCE_S)
        # The reader went first only after writers had written while the migration stood in the queue.
        assert reader.result(PATIENCE_S), "writers stood behind the migration"
    with psycopg.connect(own_settings.owner_url) as connection:
        assert connection.execute("SELECT later FROM s0000.posts WHERE id = 1").fetchone() == (7,)
