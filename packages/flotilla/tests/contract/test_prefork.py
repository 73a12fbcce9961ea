"""A loaded application that forks its workers, each with several threads: nothing of one gets into another."""

import http.client
import json
import os
import re
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode, urlsplit

import psutil
import pytest
from fleet import Server, free_port
from valkey_process import valkey_process

from flotilla.web.sessions import session_signer

WORKERS = 3
THREADS = 4
PEOPLE = 8
ROUNDS = 12
WAIT_S = 40
TOKEN = "to read the numbers"


@pytest.fixture
def valkey():
    with valkey_process() as process:
        yield process


@pytest.fixture
def gunicorn(settings, valkey, tmp_path):
    """`gunicorn --preload` with three workers of four threads, levers on that keep something in each process."""
    (tmp_path / "numbers").mkdir()
    port = free_port()
    environment = {
        "FLOTILLA_DATABASE_URL": settings.database_url,
        "FLOTILLA_MEDIA_FOLDER": settings.media_folder,
        "FLOTILLA_THREADS": str(THREADS),
        "FLOTILLA_METRICS_TOKEN": TOKEN,
        "FLOTILLA_BATCH_MS": "2",
        "FLOTILLA_CACHE_URL": valkey.url,
        "FLOTILLA_BUS_URL": valkey.url,
        "FLOTILLA_ACCESS_LOG": "no",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "numbers"),
    }
    command = [sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--worker-class", "gthread"]
    command += ["--threads", str(THREADS), "--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    with Server([*command, "flotilla.app:create_app()"], port, tmp_path / "log", environment, {}) as server:
        yield server


class Person:
    """Somebody with an app, over connections that are opened anew: each may come to another worker."""

    def __init__(self, site, handle, port):
        self.handle, self._port = handle, port
        signed_in = site.accounts.sign_up(handle=handle, password="a calm sea at dawn")
        viewer = signed_in.viewer
        self._cookie = f"flotilla_session={session_signer(site.settings).sign(signed_in.token).decode()}"
        made = site.apps.register(name="probe", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="read write")
        ids = {"client_id": made.app.client_id, "client_secret": made.client_secret}
        self._headers = {
            "Authorization": f"Bearer {site.grants.token_for_person(viewer, scopes='read write', **ids).token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def ask(self, method, path, **form):
        return json.loads(self._asked(method, f"/api/v1/{path}", urlencode(form) or None, self._headers))

    def home(self):
        return self._asked("GET", "/home", None, {"Cookie": self._cookie})

    def _asked(self, *request):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT_S)
        try:
            connection.request(*request)
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200, text
            return text
        finally:
            connection.close()

    def live(self, liked):
        """Posts, likes and reads; whatever comes back has to be this person's own."""
        for number in range(ROUNDS):
            posted = self.ask("POST", "statuses", status=f"{number} of {self.handle}")
            assert posted["account"]["acct"] == self.handle
            assert self.ask("GET", f"statuses/{posted['id']}")["content"] == f"<p>{number} of {self.handle}</p>"
            assert self.ask("GET", "accounts/verify_credentials")["acct"] == self.handle
            assert re.findall(r'data-me="(\w+)"', self.home()) == [self.handle]
        self.ask("POST", f"statuses/{liked}/favourite")


def connections(process, port):
    """This process's own ends of connections to that port."""
    return {one.laddr.port for one in process.net_connections("tcp") if one.raddr and one.raddr.port == port}


def numbers(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
    connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def test_workers_of_a_loaded_application_share_nothing_but_their_servers(gunicorn, valkey, settings, site, owner):
    first = site.accounts.sign_up(handle="first", password="a calm sea at dawn")
    liked = site.posts.publish(first.viewer, "liked by all")
    people = [Person(site, f"p{number}", gunicorn.port) for number in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as crowd:
        list(crowd.map(lambda person: person.live(liked), people))

    rows = owner.execute("SELECT body FROM s0000.posts WHERE id <> %s", [liked]).fetchall()
    assert Counter(text.split(" of ")[1] for (text,) in rows) == {person.handle: ROUNDS for person in people}
    assert owner.execute("SELECT likes FROM s0000.post_stats WHERE post_id = %s", [liked]).fetchone() == (PEOPLE,)

    # Of those to Valkey the cache and the bus have one for each thread.
    most = {urlsplit(settings.database_url).port: THREADS, valkey.port: 2 * THREADS}
    master = psutil.Process(gunicorn.process.pid)
    workers = master.children()
    assert len(workers) == WORKERS
    # Opened after the fork, by each for itself; the one who loaded everything has neither connections nor threads.
    for port, each in most.items():
        held = [connections(worker, port) for worker in workers]
        assert all(1 <= len(mine) <= each for mine in held), held
        assert len(set.union(*held)) == sum(map(len, held))
        assert connections(master, port) == set()
    assert master.num_threads() == 1

    # Whichever worker is asked knows the requests of all.
    posted = 'flotilla_requests_total{method="POST",route="/api/v1/statuses",status="2xx"}'
    assert numbers(gunicorn)[posted] == PEOPLE * ROUNDS

    # One that dies is replaced, and the new one serves too.
    os.kill(workers[0].pid, signal.SIGKILL)
    deadline_s = time.monotonic() + WAIT_S
    while len(mine := master.children()) < WORKERS or workers[0] in mine:
        assert time.monotonic() < deadline_s, "no new worker came"
        time.sleep(0.02)
    new = next(one for one in mine if one not in workers)
    while not connections(new, next(iter(most))):
        people[0].ask("GET", "accounts/verify_credentials")
        assert time.monotonic() < deadline_s, "the new worker was never asked"
