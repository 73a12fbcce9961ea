"""A migration on a table of some size while the site reads and writes it: nobody waits for long."""

import shutil
import threading
import time
from pathlib import Path

import psycopg
import pytest

import flotilla.migrations
from flotilla.store.migrating import migrate
from flotilla.store.schema import SCHEMA_VERSION

ROWS = 150_000
READER_HOLDS_S = 2.5
BLOCKED_MAX_S = 1.0

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


def read_for_a_while(settings, reading):
    with psycopg.connect(settings.owner_url) as connection:
        connection.execute("SELECT count(*) FROM s0000.posts")
        reading.set()
        time.sleep(READER_HOLDS_S)  # a report, or a backup: its transaction holds the table all that time


def write_all_the_time(settings, stop, waits):
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        while not stop.is_set():
            begun_s = time.monotonic()
            connection.execute("UPDATE s0000.posts SET sensitive = NOT sensitive WHERE id = 5")
            waits.append(time.monotonic() - begun_s)


def test_while_a_migration_waits_for_a_long_reader_writers_go_on(own_settings, one_more_migration):
    with psycopg.connect(own_settings.owner_url) as connection:
        connection.execute("INSERT INTO s0000.profile (account_id, handle, display_name) VALUES (1, 'ada', 'Ada')")
        connection.execute(
            "INSERT INTO s0000.posts (id, author_id, body) SELECT n, 1, 'hello' FROM generate_series(1, %s) n", [ROWS]
        )
    reading, stop, waits = threading.Event(), threading.Event(), []
    reader = threading.Thread(target=read_for_a_while, args=(own_settings, reading))
    writer = threading.Thread(target=write_all_the_time, args=(own_settings, stop, waits))
    reader.start()
    assert reading.wait(30)
    writer.start()
    begun_s = time.monotonic()
    try:
        migrate(own_settings)
    finally:
        stop.set()
        writer.join(30)
        reader.join(30)
    assert time.monotonic() - begun_s > READER_HOLDS_S / 2, "nothing was in the way, so nothing was tested"
    assert max(waits) < BLOCKED_MAX_S
    assert len(waits) > 100
    with psycopg.connect(own_settings.owner_url) as connection:
        assert connection.execute("SELECT later FROM s0000.posts WHERE id = 1").fetchone() == (7,)
