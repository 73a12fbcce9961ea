"""Services, topology and gunicorn's settings in the test bed, with the real servers."""

import os
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path

import psycopg
import pytest
import valkey

from seatrial.errors import SubjectExited, TestbedError
from seatrial.spec.services import Services
from seatrial.spec.subject import Database, Server
from seatrial.testbed import caddy, pgbouncer
from seatrial.testbed import valkey as valkey_server
from seatrial.testbed.meters import descendants, process_cpu_s
from seatrial.testbed.testbed import Testbed

MEBIBYTE = 1024 * 1024
POOL_SIZE = 3
ROUND_TRIP_S = 0.005
WHERE_FROM = """
import gc, os
IMPORTED_BY = os.getpid()

def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{gc.get_freeze_count() > 1000} {IMPORTED_BY != os.getpid()}".encode()]
"""
# The app's own role, made where every migration is: straight at the database.
OWN_ROLE = (
    "import os, sys, psycopg\nassert os.environ['DATABASE_PORT'] == os.environ['DIRECT_PORT']\n"
    "with psycopg.connect(sys.argv[1]) as c: c.execute(\"CREATE ROLE clerk LOGIN PASSWORD 'pen'\")\n"
    "import valkey\nassert valkey.from_url(os.environ['CACHE_URL']).set('left', 'by prepare')"
)


def get(url: str, headers: Mapping[str, str] = {}) -> tuple[bytes, Message]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=20) as answer:
        return answer.read(), answer.headers


def text(url: str) -> str:
    return get(url)[0].decode()


def test_the_collector_is_frozen_and_the_app_preloaded_only_when_asked_for(trial_of, tmp_path):
    (tmp_path / "shop.py").write_text(WHERE_FROM)
    for server, seen in (
        (Server(), "False False"),
        (Server(freeze_gc=True), "True False"),
        (Server(preload=True, freeze_gc=True), "True True"),
    ):
        with Testbed(trial_of(app="shop:app", directory=tmp_path, server=server)) as testbed:
            testbed.prepare()
            testbed.start(1, 2, fresh_data=False)
            assert text(testbed.url) == seen


@pytest.fixture(scope="module")
def testbed(trial_of, tmp_path_factory) -> Iterator[Testbed]:
    """With everything: two instances behind Caddy, Valkey, PgBouncer before a database that is apart."""
    try:
        pgbouncer.find_pgbouncer()
    except TestbedError as error:
        pytest.skip(f"{error.what}: {error.try_this}")
    static = tmp_path_factory.mktemp("the files")
    (static / "site.css").write_text("p { color: navy }\n" * 200)
    trial = trial_of(
        app="served_app:app",
        server=Server(workers=1),
        database=Database(placement="apart", round_trip_s=ROUND_TRIP_S),
        services=Services("pgbouncer", POOL_SIZE, "valkey", "caddy", 2, {"/static/": static}, compression=True),
        environment={
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATABASE_URL": "postgresql://clerk:pen@{database_host}:{database_port}/{database_name}",
            "OWNER_URL": "{database_url}",
            "DATABASE_PORT": "{database_port}",
            "DIRECT_URL": "{direct_database_url}",
            "DIRECT_PORT": "{direct_database_port}",
            "CACHE_URL": "{cache_url}",
        },
        prepare=(("{python}", "-c", OWN_ROLE, "{database_url}"),),
    )
    with Testbed(trial) as opened:
        opened.prepare()
        opened.start(3, 2, fresh_data=True)
        yield opened


@pytest.fixture
def to_break(testbed: Testbed) -> Iterator[Testbed]:
    """The same, for a test that leaves it other than it was: tests side by side come in any order."""
    yield testbed
    testbed.start(3, 2, fresh_data=True)


def test_requests_are_spread_over_instances_that_share_the_workers(testbed):
    assert len({text(f"{testbed.url}/instance") for _ in range(40)}) == 2
    # Two servers, with two workers and with one.
    assert testbed.readings().processes == 2 + 3


def test_a_load_that_says_it_came_by_https_is_believed_as_it_is_without_a_balancer(testbed):
    assert get(f"{testbed.url}/scheme", {"X-Forwarded-Proto": "https"})[0] == b"https"
    assert get(f"{testbed.url}/scheme")[0] == b"http"


def test_the_apps_own_role_reaches_the_database_through_the_pooler(testbed):
    assert text(f"{testbed.url}/role") == "clerk"


def test_many_clients_share_as_many_connections_as_the_pool_has_and_the_direct_way_has_no_pool(testbed):
    def backend(url: str) -> int:
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            row = connection.execute("SELECT pg_backend_pid(), pg_sleep(0.1)").fetchone()
            return int(row[0]) if row else 0

    def backends(name: str) -> set[int]:
        url = text(f"{testbed.url}/environment?{name}")
        with ThreadPoolExecutor(8) as threads:
            return set(threads.map(backend, [url] * 8))

    assert len(backends("OWNER_URL")) == POOL_SIZE
    assert len(backends("DIRECT_URL")) == 8


def test_the_way_through_the_pooler_is_as_long_as_the_database_is_away(testbed):
    for name in ("OWNER_URL", "DIRECT_URL"):
        url = text(f"{testbed.url}/environment?{name}")
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
            began = time.perf_counter()
            connection.execute("SELECT 1")
            assert time.perf_counter() - began >= ROUND_TRIP_S


def test_prepared_statements_that_the_pooler_loses_are_told_with_what_to_do(testbed):
    version = re.search(r"(\d+)\.(\d+)", testbed._beside.versions["PgBouncer"])
    assert version is not None
    if (int(version[1]), int(version[2])) >= (1, 21):
        pytest.skip("this PgBouncer keeps track of prepared statements")
    for _ in range(10):
        try:
            text(f"{testbed.url}/prepared")
        except urllib.error.HTTPError:
            break
    assert "prepare_threshold=None" in testbed.log_tail(40)


def test_the_cache_begins_empty_and_forgets_what_was_used_least_recently_when_it_is_full(testbed):
    client = valkey.from_url(text(f"{testbed.url}/environment?CACHE_URL"))
    limit = valkey_server.cache_bytes(testbed._limits.subject_memory_bytes)
    settings = client.config_get("maxmemory*")
    assert (settings["maxmemory"], settings["maxmemory-policy"]) == (str(limit), "allkeys-lru")
    # What prepare left there is gone: every start begins with an empty one.
    assert client.get("left") is None
    for number in range(2 * limit // MEBIBYTE):
        client.set(f"page {number}", bytes(MEBIBYTE))
    assert 0 < client.dbsize() <= limit // MEBIBYTE
    assert client.info("memory")["used_memory"] <= 1.1 * limit
    client.close()


def test_files_come_from_the_balancer_and_text_is_compressed_for_who_accepts_it(testbed):
    url = f"{testbed.url}/static/site.css"
    body, headers = get(url)
    assert (len(body), headers["Content-Encoding"], headers["Server"]) == (3600, None, "Caddy")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{testbed.url}/static/missing.css")
    for address in (url, testbed.url):
        body, headers = get(address, {"Accept-Encoding": "gzip"})
        assert headers["Content-Encoding"] == "gzip"
        assert len(body) < 300


def test_cpu_and_memory_of_the_services_are_read_apart_and_counted_with_the_app(testbed):
    processes = testbed._beside.processes
    before, own_before_s = testbed.cpu_seconds(), sum(process_cpu_s(process.pid) for process in processes)
    for _ in range(200):
        get(f"{testbed.url}/static/site.css", {"Accept-Encoding": "gzip"})
    after, own_after_s = testbed.cpu_seconds(), sum(process_cpu_s(process.pid) for process in processes)
    used_s = after.services_s - before.services_s
    assert used_s == pytest.approx(own_after_s - own_before_s, rel=0.05, abs=0.002)
    assert used_s > 0.01
    # No request came to the app.
    assert used_s - 1e-6 <= after.app_s - before.app_s < used_s + 0.05
    assert testbed.readings().services_memory_bytes > 10 * MEBIBYTE
    if group := testbed._enclosure.services:
        assert {process.pid for process in processes} <= {int(pid) for pid in group.members.read_text().split()}


def test_a_further_start_has_new_services_and_the_measured_middleware_in_every_instance(to_break):
    old = [process.pid for process in to_break._beside.processes]
    to_break.start(2, 2, fresh_data=True, is_measured=True)
    assert not any(Path(f"/proc/{pid}").exists() for pid in old)
    to_break.inside.switch(on=True)
    for _ in range(40):
        get(to_break.url, {"X-Seatrial-Operation": "1 GET /"})
    to_break.inside.switch(on=False)
    assert len(to_break.inside.requests()) == 40
    assert len(list(to_break.inside.folder.glob("*.requests"))) == 2


def test_when_one_instance_dies_the_other_answers_everything_and_the_test_bed_tells(to_break):
    dead = to_break._app.processes[1]
    for pid in reversed(descendants(dead.pid)):
        os.kill(pid, signal.SIGKILL)
    assert dead.wait(10.0) == -signal.SIGKILL
    assert {text(f"{to_break.url}/instance") for _ in range(20)} == {str(to_break._app.processes[0].pid)}
    with pytest.raises(SubjectExited, match="the app ended by itself"):
        to_break.check_alive()


def test_a_service_that_dies_is_told_by_name(to_break):
    next(service for service in to_break._beside._running.values() if service.name == "PgBouncer").process.stop()
    with pytest.raises(TestbedError, match="PgBouncer ended by itself"):
        to_break.check_alive()


@pytest.mark.parametrize(
    ("module", "find", "remedy"),
    [
        (pgbouncer, pgbouncer.find_pgbouncer, "apt-get install pgbouncer"),
        (valkey_server, valkey_server.find_valkey, "pip install 'seatrial[services]'"),
        (caddy, caddy.find_caddy, "pip install 'seatrial[services]'"),
    ],
)
def test_what_is_not_installed_is_named_with_how_to_install_it(monkeypatch, tmp_path, module, find, remedy):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(pgbouncer, "PLACES", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(TestbedError) as caught:
        find()
    assert "is not installed" in caught.value.what
    assert remedy in caught.value.try_this
