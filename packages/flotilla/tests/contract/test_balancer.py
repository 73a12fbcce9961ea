"""Two instances behind each balancer of the how-to page: renewed unnoticed, one that dies, live hints."""

import dataclasses
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from io import BytesIO
from pathlib import Path

import psutil
import pytest
import socketio
from fleet import Server, free_port, visitors
from PIL import Image

from flotilla.web.sessions import session_signer

PROGRAMS = {
    "caddy": shutil.which("caddy", path=sysconfig.get_path("scripts")) or shutil.which("caddy"),
    "haproxy": shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin"),
}
ARGUMENTS = {"caddy": ("run", "--adapter", "caddyfile", "--config"), "haproxy": ("-db", "-f")}
PAGE = Path(__file__).parents[4] / "docs" / "how-to" / "several-app-servers.md"
LIVE_HEALTH = "/api/v1/streaming/health"
WAIT_S = 40
DRAIN_S = 4
# What the issue asks of a dying instance: after so long nothing fails any more.
NOTICED_WITHIN_S = 2.0
PASSWORD = "a calm sea at dawn"

only_caddy = pytest.mark.parametrize("shared_fleet", ["caddy"], indirect=True)


@dataclasses.dataclass(frozen=True)
class Fleet:
    """Two instances of `flotilla run`, a balancer before them, and its folder of static files."""

    balancer: Server
    webs: tuple[Server, Server]
    live_ports: tuple[int, int]
    folder: Path

    def complete(self):
        """Start whoever does not run, and wait until all are ready."""
        missing = [server for server in self.webs if not server.runs]
        for server in missing:
            server.begin()
        for server in missing:
            server.wait()
        # Before the balancer: it would take whom it finds not ready for ill, and for well again some time later.
        until(lambda: all(ready(server.url) for server in self.webs))
        until(lambda: all(good(f"http://127.0.0.1:{port}{LIVE_HEALTH}") for port in self.live_ports))
        if not self.balancer.runs:
            self.balancer.start()
        until(lambda: ready(self.balancer.url))


@pytest.fixture(scope="module", params=["caddy", pytest.param("haproxy", marks=pytest.mark.long)])
def shared_fleet(request, shared_settings, tmp_path_factory):
    if (program := PROGRAMS[request.param]) is None:
        pytest.skip(f"there is no {request.param} here: make setup, apt-get install haproxy")
    folder = tmp_path_factory.mktemp("fleet")
    balancer, live_ports = free_port(), (free_port(), free_port())
    webs = []
    for number, live_port in enumerate(live_ports):
        port = free_port()
        told = {name: getattr(shared_settings, name) for name in ("database_url", "media_folder", "argon2_memory_kib")}
        told |= {"port": port, "live_port": live_port, "live_url": f"ws://127.0.0.1:{balancer}", "proxies": 1}
        told |= {"site_url": f"http://127.0.0.1:{balancer}", "drain_s": DRAIN_S, "access_log": "no", "jobs": "no"}
        environment = {f"FLOTILLA_{name.upper()}": str(value) for name, value in told.items()}
        command = [sys.executable, "-m", "flotilla.cli", "run"]
        webs.append(Server(command, port, folder / f"log{number}", environment, {}))
    command = [sys.executable, "-m", "flotilla.cli", "static", folder / "srv"]
    subprocess.run(command, env=webs[0].environment, check=True, capture_output=True, timeout=60)
    settings = folder / "balancer.conf"
    environment = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    command = [program, *ARGUMENTS[request.param], settings]
    front = Server(command, balancer, folder / "balancer.log", environment, {})
    fleet = Fleet(front, (webs[0], webs[1]), live_ports, folder / "srv")
    settings.write_text(ADAPTED[request.param](fleet, Path(shared_settings.media_folder)))
    try:
        yield fleet
    finally:
        for server in (front, *webs):
            server.kill()


@pytest.fixture
def fleet(settings, shared_fleet):
    """All of them running."""
    shared_fleet.complete()
    return shared_fleet


def adapted_caddyfile(fleet, media):
    """The how-to page's Caddyfile for this machine: its addresses and folders, plain HTTP, no door for commands."""
    (caddyfile,) = re.findall(r"```caddyfile\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    for there, here in (
        ("flotilla.example {", "{\n\tadmin off\n}\n" + f"{fleet.balancer.url} {{"),
        ("10.0.0.11:8000 10.0.0.12:8000", " ".join(f"127.0.0.1:{web.port}" for web in fleet.webs)),
        ("10.0.0.11:8001 10.0.0.12:8001", " ".join(f"127.0.0.1:{port}" for port in fleet.live_ports)),
        ("/srv/flotilla/media/public", str(media / "public")),
        ("/srv/flotilla", str(fleet.folder)),
    ):
        assert there in caddyfile
        caddyfile = caddyfile.replace(there, here)
    return caddyfile


def adapted_haproxy(fleet, _media):
    """The how-to page's haproxy.cfg for this machine: plain HTTP, as whoever runs the tests."""
    (settings,) = re.findall(r"```haproxy\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    for there, here in (
        ("\tuser haproxy\n\tgroup haproxy\n", ""),
        (
            "bind :443 ssl crt /etc/haproxy/flotilla.example.pem alpn h2,http/1.1",
            f"bind 127.0.0.1:{fleet.balancer.port}",
        ),
        ("X-Forwarded-Proto https", "X-Forwarded-Proto http"),
        *((f"10.0.0.1{n}:8000", f"127.0.0.1:{web.port}") for n, web in enumerate(fleet.webs, start=1)),
        *((f"10.0.0.1{n}:8001", f"127.0.0.1:{port}") for n, port in enumerate(fleet.live_ports, start=1)),
    ):
        assert there in settings
        settings = settings.replace(there, here)
    return settings


ADAPTED = {"caddy": adapted_caddyfile, "haproxy": adapted_haproxy}


@pytest.fixture
def ada(site):
    return site.accounts.sign_up(handle="ada", password=PASSWORD)


def cookie_of(settings, signed_in):
    return f"flotilla_session={session_signer(settings).sign(signed_in.token).decode()}"


def token(site, viewer):
    made = site.apps.register(name="probe", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes="read write")
    ids = {"client_id": made.app.client_id, "client_secret": made.client_secret}
    return site.grants.token_for_person(viewer, scopes="read write", **ids).token


def good(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def ready(url):
    return good(f"{url}/ready")


def until(happened):
    deadline_s = time.monotonic() + WAIT_S
    while not happened():
        assert time.monotonic() < deadline_s, "it did not happen in time"
        time.sleep(0.02)


def answer(url, path):
    try:
        with urllib.request.urlopen(url + path, timeout=WAIT_S) as found:
            return found.status, found.headers, found.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.headers, refused.read()


@only_caddy
def test_static_files_come_from_the_balancer_as_the_app_would_send_them(fleet, settings):
    addresses = re.findall(r'(?:href|src)="(/static/[^"]+)"', answer(fleet.balancer.url, "/")[2].decode())
    assert len(addresses) >= 2
    for address in addresses:
        status, headers, content = answer(fleet.balancer.url, address)
        _, own_headers, own_content = answer(fleet.webs[0].url, address)
        assert (status, content) == (200, own_content)
        assert headers["Server"] == "Caddy"
        assert "X-Request-Id" not in headers
        for name in ("Cache-Control", "X-Content-Type-Options", "Content-Type"):
            assert headers[name] == own_headers[name]
    # A page from before an update asks by an old name: the app answers with today's file.
    old = re.sub(r"/static/\w+/", "/static/0123456789ab/", addresses[0])
    assert answer(fleet.balancer.url, old)[1]["Cache-Control"] == "no-cache"
    assert (fleet.folder / addresses[0].lstrip("/")).stat().st_mode & 0o777 == 0o644


@only_caddy
def test_pictures_come_from_the_disk_and_are_gone_when_their_post_is(fleet, settings, site, ada):
    picture = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    picture.seek(0)
    media = site.media.take_now(ada.viewer, picture)
    post = site.posts.publish(ada.viewer, "a picture", media_ids=(media.id,))
    address = re.search(r'src="(/media/[^"]+)"', answer(fleet.balancer.url, f"/@ada/{post}")[2].decode())[1]
    status, headers, content = answer(fleet.balancer.url, address)
    _, own_headers, own_content = answer(fleet.webs[0].url, address)
    assert (status, content) == (200, own_content)
    assert "X-Request-Id" not in headers
    for name in (
        "Cache-Control",
        "Content-Type",
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "Cross-Origin-Resource-Policy",
        "Access-Control-Allow-Origin",
    ):
        assert sorted(headers[name].split(", ")) == sorted(own_headers[name].split(", ")), name
    incoming = Path(settings.media_folder) / "incoming" / ("0" * 32)
    incoming.parent.mkdir(exist_ok=True)
    incoming.write_text("nobody's business")
    for path in ("/media/../incoming/" + "0" * 32, "/media/%2e%2e/incoming/" + "0" * 32, "/media/", "/media/ab/"):
        assert raw_status(fleet.balancer.port, path) in {404, 400, 308}, path
    site.posts.delete(ada.viewer, post)
    until(lambda: answer(fleet.balancer.url, address)[0] == 404)
    assert answer(fleet.balancer.url, address)[1]["Cache-Control"] is None


def raw_status(port, path):
    """The status of exactly that path, which other clients would tidy up."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    found = connection.getresponse()
    found.read()
    connection.close()
    return found.status


def test_live_hints_reach_pages_on_all_instances_and_on_those_that_are_left(fleet, settings, site, ada):
    bob = site.accounts.sign_up(handle="bob", password=PASSWORD)
    site.follows.follow(ada.viewer, "bob")
    pages = [
        socketio.Client(
            reconnection_delay=0.1, reconnection_delay_max=0.5, websocket_extra_options={"origin": fleet.balancer.url}
        )
        for _ in range(4)
    ]
    heard = [[] for _ in pages]
    for page, told in zip(pages, heard, strict=True):
        page.on("post", told.append)
        page.connect(fleet.balancer.url, headers={"Cookie": cookie_of(settings, ada)}, transports=["websocket"])
    try:
        post = site.posts.publish(bob.viewer, "for all")
        until(lambda: all({"id": str(post), "author_id": str(bob.viewer.account_id)} in told for told in heard))
        held = [connections(port) for port in fleet.live_ports]
        assert all(held), held
        fleet.webs[0].kill()

        since = []

        def all_hear_again():
            since.append(str(site.posts.publish(bob.viewer, "again")))
            return all({one["id"] for one in told} & set(since) for told in heard)

        until(all_hear_again)
    finally:
        for page in pages:
            page.disconnect()


def connections(port):
    """How many are open to that port of this machine."""
    return sum(
        one.laddr.port == port and one.status == psutil.CONN_ESTABLISHED for one in psutil.net_connections("tcp")
    )


def failures(seen):
    return [one for one in seen if one.status != 200]


def stored(owner):
    return owner.execute("SELECT count(*) FROM s0000.posts").fetchone()[0]


@pytest.mark.long
def test_restarts_and_deaths_under_load(fleet, settings, site, owner, ada):
    api = {"Authorization": f"Bearer {token(site, ada.viewer)}"}
    with (
        visitors(fleet.balancer.url, "/home", count=3, headers={"Cookie": cookie_of(settings, ada)}) as readers,
        visitors(fleet.balancer.url, "/api/v1/statuses", count=1, headers=api, form="status=hello") as writers,
    ):
        until(lambda: len(readers) > 40 and len(writers) > 10)
        # One after the other is renewed, and nobody notices: not who reads, not who writes.
        for web in fleet.webs:
            web.stop()
            web.start()
            until(lambda web=web: ready(web.url))
        seen = len(readers)
        until(lambda: len(readers) > seen + 20)
        assert not failures(readers + writers), failures(readers + writers)[:3]
        # One dies: after two seconds nobody notices any more.
        first, second = fleet.webs
        died_s = time.monotonic()
        first.kill()
        until(lambda: readers[-1].sent_s > died_s + NOTICED_WITHIN_S + 1)
        # It comes back, and by itself gets people again: enough to do without the other.
        first.start()
        until(lambda: ready(first.url))
        alone_s = time.monotonic()
        second.kill()
        until(lambda: readers[-1].sent_s > alone_s + NOTICED_WITHIN_S + 1)
    late = [
        one
        for one in failures(readers + writers)
        if not any(one.done_s - then_s >= 0 and one.sent_s - then_s < NOTICED_WITHIN_S for then_s in (died_s, alone_s))
    ]
    assert not late, late[:3]
    assert all('data-me="ada"' in one.text for one in readers if one.status == 200)
    # Nothing that was acknowledged is lost.
    acknowledged = [json.loads(one.text)["id"] for one in writers if one.status == 200]
    assert len(set(acknowledged)) == len(acknowledged) <= stored(owner)

    first.kill()
    status, headers, text = answer(fleet.balancer.url, "/public")
    assert status in {502, 503}
    assert headers["Retry-After"] == "5"
    assert b"try again" in text
