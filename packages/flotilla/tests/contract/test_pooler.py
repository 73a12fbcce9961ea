"""The site through Debian's PgBouncer in transaction mode: whole visits, deadlines that hold, and life without it."""

import dataclasses
import io
import os
import re
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog
from fleet import Server, free_port, unprivileged, visitors
from PIL import Image

from flotilla.app import create_app
from flotilla.errors import StartError, UnavailableError
from flotilla.social import open_site

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "put-pgbouncer-in-between.md"
# So few, that each request finds another one's connection.
POOL = 2
WAIT_S = 20
GONE_FOR_S = 2.0

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no pgbouncer here: apt-get install pgbouncer")


@pytest.fixture(scope="module")
def pgbouncer(shared_settings, database_server, tmp_path_factory):
    """A running PgBouncer, set up as the how-to page says, with two connections to PostgreSQL."""
    folder = database_server.folder / "pgbouncer"
    folder.mkdir()
    parts = urlsplit(shared_settings.database_url)
    port = free_port()
    ini, userlist = re.findall(r"```(?:ini)?\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    for here, there in (
        ("port=5432 dbname=flotilla", f"port={parts.port} dbname={parts.path[1:]}"),
        # Those of the tests' other applications, on the same database, bear the name alone.
        ("listen_port = 6432", f"listen_port = {port}\napplication_name_add_host = 1"),
        ("default_pool_size = 8", f"default_pool_size = {POOL}"),
        ("/etc/pgbouncer", str(folder)),
        ("/var/run/postgresql", str(folder)),
    ):
        assert here in ini
        ini = ini.replace(here, there)
    (folder / "pgbouncer.ini").write_text(ini)
    (folder / "userlist.txt").write_text(
        userlist.replace("flotilla", parts.username).replace("a-password", parts.password)
    )
    run_as = unprivileged()
    for path in (folder, *folder.iterdir()) if run_as else ():
        os.chown(path, run_as["user"], run_as["group"])
    with Server([PROGRAM, folder / "pgbouncer.ini"], port, folder / "log", {}, run_as) as server:
        yield server


@pytest.fixture
def pooled(pgbouncer, settings):
    """Settings with everything but the pooler as usual, and more threads than it has connections."""
    if pgbouncer.process.poll() is not None:
        pgbouncer.start()
    parts = urlsplit(settings.database_url)
    url = f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{pgbouncer.port}/flotilla"
    return dataclasses.replace(settings, pooler_url=url, pool_size=8, pool_wait_s=5.0)


@pytest.fixture
def pooled_site(pooled):
    site = open_site(pooled)
    with structlog.testing.capture_logs() as logs:
        site.check()
        yield site
    site.close()
    assert not [line for line in logs if "Traceback" in str(line)]


def backends(owner):
    """PgBouncer's connections to PostgreSQL."""
    found = owner.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'flotilla_app' AND application_name LIKE 'flotilla - %'"
        " AND datname = current_database()"
    ).fetchone()
    return found[0]


def test_whole_visits_of_many_people_at_once_pass_through_two_connections(pooled, owner):
    app = create_app(pooled)
    crowd = 8
    start = threading.Barrier(crowd, timeout=WAIT_S)
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")

    def visit(number):
        browser = app.test_client()

        def send(page, action, **fields):
            found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
            answer = browser.post(action, data={"csrf_token": found[1], **fields})
            assert answer.status_code in {200, 303}, (action, answer.text)
            return answer

        send("/sign-up", "/sign-up", handle=f"p{number}", password="a calm sea at dawn")
        start.wait()
        send("/home", f"/@p{(number + 1) % crowd}/follow")
        for text in ("Good #tea", f"For @p{(number + 2) % crowd}"):
            send("/home", "/posts", text=text)
        if number == 0:  # pictures are made anew one at a time
            send("/home", "/posts", text="A picture", picture_1=(io.BytesIO(picture.getvalue()), "a.png"))
        newest, its_page = re.search(
            r'id="post-(\d+)".*?href="(/@\w+/\1)"', browser.get("/public").text, re.DOTALL
        ).groups()
        send(its_page, f"/posts/{newest}/like")
        pages = ["/home", "/public", f"/@p{number}", its_page, "/tags/tea", "/notifications", "/search?q=tea"]
        pages += ["/messages", "/lists", "/settings/profile"]
        return [browser.get(page).status_code for page in pages]

    with ThreadPoolExecutor(crowd) as threads:
        answers = list(threads.map(visit, range(crowd)))
    app.extensions["flotilla.site"].close()
    assert {status for statuses in answers for status in statuses} == {200}
    assert 0 < backends(owner) <= POOL
    (posts,) = owner.execute("SELECT count(*) FROM s0000.posts").fetchone()
    assert posts == 2 * crowd + 1


def test_deadlines_for_statements_and_locks_hold_through_the_pooler(pooled, pgbouncer, owner):
    site = open_site(dataclasses.replace(pooled, statement_timeout_s=0.8, lock_timeout_s=0.3))
    pgbouncer.kill()
    pgbouncer.start()
    site.check()
    try:
        begun_s = time.monotonic()
        with pytest.raises(UnavailableError, match="statement timeout"), site.database.read() as work:
            work.one("SELECT pg_sleep(%(s)s)", {"s": WAIT_S})
        with pytest.raises(UnavailableError, match="statement timeout"), site.database.write() as work:
            work.one("SELECT pg_sleep(%(s)s)", {"s": WAIT_S})
        with owner.transaction():
            owner.execute("LOCK TABLE g.job")
            with pytest.raises(UnavailableError, match="lock timeout"), site.database.write() as work:
                work.count("DELETE FROM g.job", {})
        assert time.monotonic() - begun_s < WAIT_S
    finally:
        site.close()
        open_site(pooled).check()  # the next test finds the usual deadlines
        pgbouncer.kill()


def test_without_the_pooler_requests_pass_it_by_and_return_once_it_is_back(pooled, pgbouncer, owner, tmp_path):
    port = free_port()
    told = {"database_url", "pooler_url", "pool_size", "media_folder"}
    environment = {f"FLOTILLA_{name.upper()}": str(getattr(pooled, name)) for name in told}
    environment |= {"FLOTILLA_METRICS_TOKEN": "to see", "FLOTILLA_ACCESS_LOG": "no"}
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", "2", "--worker-class", "gthread"]
    command += ["--threads", "4", "--bind", f"127.0.0.1:{port}", "--no-control-socket", "flotilla.app:create_app()"]
    log = tmp_path / "log"
    with Server(command, port, log, environment, {}) as site, visitors(site.url, "/public", count=4) as seen:
        until(lambda: len(seen) > 50)
        assert 0 < backends(owner) <= POOL
        killed_s = time.monotonic()
        pgbouncer.kill()
        until(lambda: [one for one in seen if one.sent_s > killed_s + GONE_FOR_S + 1])
        gone = log.read_text().count("pooler gone")
        assert gone  # in each process that was asked for a page
        pgbouncer.start()
        until(lambda: log.read_text().count("pooler is back") == gone)
        back = len(seen)
        until(lambda: len(seen) > back + 50)
    bad = [(one.sent_s - killed_s, one.done_s - killed_s, one.status, one.text) for one in seen if one.status != 200]
    late = [found for found in bad if found[0] > GONE_FOR_S or found[1] < 0]
    assert not late, late


def test_a_process_that_rested_when_the_pooler_went_does_not_even_fail_its_first_request(pooled, pgbouncer):
    site = open_site(pooled)
    site.ping()
    assert site.database.pool_numbers()["past_pooler"] == 0
    pgbouncer.kill()
    site.ping()
    assert site.database.pool_numbers()["past_pooler"] == 1
    pgbouncer.start()
    until(lambda: site.database.pool_numbers()["past_pooler"] == 0)
    # The pooler was only renewed: that costs nobody anything either.
    site.ping()
    pgbouncer.kill()
    pgbouncer.start()
    site.ping()
    assert site.database.pool_numbers()["past_pooler"] == 0
    site.close()


def test_while_the_pooler_is_away_a_site_starts_without_it(pooled, pgbouncer, owner):
    pgbouncer.kill()
    site = open_site(pooled)
    with structlog.testing.capture_logs() as logs:
        site.check()
        site.ping()
    assert site.database.pool_numbers()["past_pooler"] == 1
    assert [line["event"] for line in logs] == [
        "pooler does not answer, connecting past it",
        "pooler gone, connecting past it",
    ]
    site.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.removesuffix("flotilla") + "elsewhere", "no such database"),
        (lambda url: re.sub(r":[0-9a-f]+@", ":wrong@", url), "authentication failed"),
    ],
)
def test_a_pooler_that_will_never_let_the_site_in_is_told_at_the_start(pooled, change, says):
    with pytest.raises(StartError, match=says) as caught:
        open_site(dataclasses.replace(pooled, pooler_url=change(pooled.pooler_url))).check()
    assert "userlist.txt" in str(caught.value)
    assert urlsplit(pooled.pooler_url).password not in str(caught.value)


def test_a_pooler_that_leads_to_another_database_is_refused(pooled, database_server, migrated_template):
    elsewhere = database_server.new_database(migrated_template)
    try:
        other = database_server.settings(elsewhere)
        with pytest.raises(StartError, match="leads to another database"):
            open_site(dataclasses.replace(pooled, pooler_url=other.database_url)).check()
    finally:
        database_server.run(f"DROP DATABASE {elsewhere} WITH (FORCE)")


def test_notifications_and_background_work_go_past_the_pooler(pooled, owner):
    from flotilla.running import past_pooler

    site = past_pooler(open_site(pooled))
    site.ping()
    with site.database.read() as work:
        assert work.connection.info.port == urlsplit(pooled.database_url).port
    site.close()


def until(happened):
    deadline_s = time.monotonic() + WAIT_S
    while not happened():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.02)
