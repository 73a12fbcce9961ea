"""What a seatrial.toml can set of server and database, with the real gunicorn and PostgreSQL."""

import statistics
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from seatrial.errors import TestbedError
from seatrial.spec.subject import Database, Server
from seatrial.testbed.preparation import Preparation
from seatrial.testbed.process import Warden
from seatrial.testbed.testbed import Testbed

CREATE = (
    "import os, psycopg\nwith psycopg.connect(os.environ['DATABASE_URL']) as c:\n"
    "    c.execute('CREATE TABLE notes (id bigserial PRIMARY KEY, text text NOT NULL)')"
)
ROUND_TRIP_S = 0.020


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def seconds_of(url: str, requests: int) -> float:
    """How long so many requests at once take together."""
    began = time.perf_counter()
    with ThreadPoolExecutor(requests) as pool:
        assert set(pool.map(get, [url] * requests)) == {"ok"}
    return time.perf_counter() - began


def test_an_asgi_worker_serves_many_requests_in_one_process_while_they_wait(trial_of):
    trial = trial_of(app="testbed_asgi:app", server=Server(worker_class="asgi", threads=40))
    with Testbed(trial) as testbed:
        testbed.prepare()
        testbed.start(1, 40, fresh_data=False)
        # One after the other they would take 20 x 0.2 s.
        assert 0.2 <= seconds_of(f"{testbed.url}/wait", 20) < 3.5


def test_a_gevent_worker_changes_over_where_a_plain_wsgi_app_waits(trial_of):
    trial = trial_of(app="testbed_app:napping", server=Server(worker_class="gevent", threads=40))
    with Testbed(trial) as testbed:
        testbed.prepare()
        testbed.start(1, 40, fresh_data=False)
        assert 0.2 <= seconds_of(f"{testbed.url}/", 20) < 3.5


@pytest.mark.parametrize(
    ("worker_class", "installed", "told", "remedy"),
    [
        ("gevent", ("gunicorn", "packaging"), "needs gevent (24.10.1 or newer)", "pip install gevent"),
        ("gthread", (), "gunicorn is not installed", "pip install gunicorn"),
    ],
)
def test_what_the_apps_python_lacks_for_a_worker_class_is_named(
    trial_of, tmp_path, worker_class, installed, told, remedy
):
    # A Python that sees only some of this one's packages.
    site = Path(pytest.__file__).parents[1]
    folder = tmp_path / "site"
    folder.mkdir()
    for name in installed:
        (folder / name).symlink_to(site / name)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    trial = trial_of(python=python, server=Server(worker_class=worker_class))
    keeper = Warden(f"test{time.monotonic_ns()}")
    try:
        with pytest.raises(TestbedError) as caught:
            Preparation(trial.subject, keeper, tmp_path, ()).find_gunicorn({})
    finally:
        keeper.close()
    assert told in caught.value.what
    assert remedy in caught.value.try_this


@pytest.fixture(scope="module")
def apart(trial_of) -> Iterator[Testbed]:
    trial = trial_of(
        database=Database(placement="apart", round_trip_s=ROUND_TRIP_S, pool=3),
        environment={
            "DATABASE_URL": "{database_url}",
            "POOL_SIZE": "{pool}",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        prepare=(("{python}", "-c", CREATE),),
    )
    with Testbed(trial) as testbed:
        testbed.prepare()
        testbed.start(1, 2, fresh_data=True)
        yield testbed


@pytest.mark.quiet
def test_a_database_apart_is_a_round_trip_away_and_no_nearer(apart):
    url = get(f"{apart.url}/environment?DATABASE_URL")
    times = []
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(15):
            began = time.perf_counter()
            connection.execute("SELECT 1")
            times.append(time.perf_counter() - began)
    assert min(times) >= ROUND_TRIP_S
    assert statistics.median(times) < ROUND_TRIP_S + 0.010
    assert apart.round_trip_s == pytest.approx(ROUND_TRIP_S, abs=0.005)
    assert "20 ms away by a relay of Seatrial's" in apart.caveats[-1]


def test_what_is_long_arrives_whole_and_in_order_through_the_relay(apart):
    url = get(f"{apart.url}/environment?DATABASE_URL")
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT string_agg(n::text, ',') FROM generate_series(1, 300000) n").fetchone()
    assert row == (",".join(map(str, range(1, 300001))),)


def test_a_database_apart_counts_its_cpu_but_stays_out_of_the_plans_limits(apart):
    before = apart.cpu_seconds()
    url = get(f"{apart.url}/environment?DATABASE_URL")
    with psycopg.connect(url) as connection:
        # Sums until a tenth of a second or more is used.
        connection.execute("SELECT sum(sqrt(n)) FROM generate_series(1, 2000000) n")
    after = apart.cpu_seconds()
    assert after.database_s - before.database_s > 0.05
    assert after.app_s - before.app_s < 0.05
    group = apart._enclosure.database
    if group is not None:
        assert "apart" in str(group.members)
        pids = group.members.read_text().split()
        assert str(apart._embedded.process.pid) in pids


def test_the_declared_pool_reaches_the_app_as_the_variable_it_reads(apart):
    assert get(f"{apart.url}/environment?POOL_SIZE") == "3"


def test_a_relay_that_ends_is_told_and_not_taken_for_a_slow_app(trial_of):
    trial = trial_of(database=Database(placement="apart", round_trip_s=0.002), environment={"U": "{database_url}"})
    with Testbed(trial) as testbed:
        testbed.prepare()
        testbed._distance.process.stop()
        with pytest.raises(TestbedError, match="the relay in front of the database ended"):
            testbed.check_alive()
