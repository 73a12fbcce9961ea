"""Glances at the backends of the embedded PostgreSQL, against what its control group and its clients know."""

import threading
import time

import psycopg
import pytest

from seatrial.errors import TestbedError
from seatrial.spec.subject import Database
from seatrial.testbed.activity import Watch
from seatrial.testbed.testbed import Testbed

pytestmark = [pytest.mark.linux, pytest.mark.quiet]


@pytest.fixture(scope="module")
def testbed(trial_of):
    with Testbed(trial_of(database=Database())) as opened:
        opened.prepare()
        yield opened


def test_a_busy_backend_is_seen_running_although_it_fills_the_subjects_only_cpu(testbed) -> None:
    over = threading.Event()

    def work() -> None:
        with psycopg.connect(testbed.database.url, autocommit=True) as connection:
            while not over.wait(0.004):
                connection.execute("SELECT count(*) FROM generate_series(1, 20000)")

    working = threading.Thread(target=work)
    working.start()
    try:
        before_s, began_s = testbed.cpu_seconds().database_s, time.monotonic()
        with Watch(testbed.database.meter) as watch:
            time.sleep(1.5)  # the time that is looked at
            seen = watch.glances
        share = (testbed.cpu_seconds().database_s - before_s) / (time.monotonic() - began_s)
    finally:
        over.set()
        working.join(timeout=10)
    if not watch.is_beside:
        pytest.skip("this user may not take the meter's backend out of the limits")
    # What waits for a CPU is counted as running: no less than it used, within what 150 glances tell (2 errors).
    running = seen.running / seen.count
    assert running > share - 2.0 * (share * (1.0 - share) / seen.count) ** 0.5
    assert set(seen.by_text) == {"SELECT count(*) FROM generate_series(?, ...)"}
    assert seen.locked == 0


def test_who_waits_for_anothers_row_is_seen_waiting_for_a_lock_and_the_other_holding_a_connection(testbed) -> None:
    with (
        psycopg.connect(testbed.database.url, autocommit=True) as one,
        psycopg.connect(testbed.database.url, autocommit=True) as other,
    ):
        one.execute("CREATE TABLE IF NOT EXISTS rows_to_lock AS SELECT 1 AS id")
        with one.transaction():
            one.execute("UPDATE rows_to_lock SET id = 1")
            waiting = threading.Thread(target=other.execute, args=("UPDATE rows_to_lock SET id = 2",))
            waiting.start()
            with Watch(testbed.database.meter) as watch:
                time.sleep(0.5)  # the time that is looked at
                seen = watch.glances
        waiting.join(timeout=10)
    assert seen.count > 20
    assert seen.locked >= 0.9 * seen.count
    assert seen.held >= 1.9 * seen.count
    assert "UPDATE rows_to_lock SET id = ?" in seen.by_text


def test_a_meter_that_loses_its_database_says_so_instead_of_having_seen_nothing(testbed) -> None:
    end_the_other = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE application_name = 'seatrial-meter' AND pid <> pg_backend_pid()"
    )

    def look() -> None:
        with testbed.database.meter() as own, Watch(testbed.database.meter):
            own.execute(end_the_other)
            time.sleep(0.1)  # the time of ten glances

    with pytest.raises(TestbedError, match="stopped answering"):
        look()
