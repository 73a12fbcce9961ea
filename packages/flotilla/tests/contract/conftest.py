"""People at the pages: Flask's test client with what a browser would do between two clicks."""

import dataclasses
import email
import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from mastodon import Mastodon
from werkzeug.test import TestResponse

import flotilla.migrations
from flotilla.app import create_app
from flotilla.settings import Settings
from flotilla.social import Site, Viewer, open_site
from flotilla.store.migrating import migrate


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a browser."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def token(self, path: str) -> str:
        """The csrf_token on the page at that path."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def post_form(self, page: str, action: str, **fields: str) -> TestResponse:
        """Send a form that the page at `page` carries, to `action`."""
        return self.client.post(action, data={"csrf_token": self.token(page), **fields})

    def publish(self, text: str) -> int:
        """Post a text; the post's id, read off one's own profile."""
        answer = self.post_form("/home", "/posts", text=text)
        assert answer.status_code == 303, answer.text
        newest = re.search(r'<article class="post" id="post-(\d+)"', self.get("/home").text)
        assert newest
        return int(newest[1])


@pytest.fixture(scope="session")
def made_app(shared_settings: Settings) -> Iterator[Flask]:
    """One application for all tests: to compile every template takes longer than most of them."""
    made = create_app(shared_settings)
    yield made
    made.extensions["flotilla.site"].close()


@pytest.fixture
def app(settings: Settings, made_app: Flask, forgetful: Callable[[Site], Site]) -> Flask:
    """The application on an emptied database."""
    forgetful(made_app.extensions["flotilla.site"])
    return made_app


@pytest.fixture
def own_app(settings: Settings) -> Iterator[Flask]:
    """An application of this test alone, with its own `settings`, which has answered nothing yet."""
    made = create_app(settings)
    yield made
    made.extensions["flotilla.site"].close()


@pytest.fixture
def visitor(app: Flask) -> Callable[[], Visitor]:
    """visitor(): somebody new, not signed in."""
    return lambda: Visitor(app.test_client())


@pytest.fixture
def aboard(visitor: Callable[[], Visitor]) -> Callable[..., Visitor]:
    """aboard("ada"): somebody who just signed up with that handle."""

    def sign_up(handle: str, **fields: str) -> Visitor:
        person = visitor()
        answer = person.post_form(
            "/sign-up", "/sign-up", handle=handle, **({"password": "a calm sea at dawn"} | fields)
        )
        assert (answer.status_code, answer.location) == (303, "/home"), answer.text
        return person

    return sign_up


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Callable[[], AbstractContextManager[list[str]]]:
    """statements(): inside `with`, a list of what is sent to the database."""

    @contextmanager
    def sent() -> Iterator[list[str]]:
        listed: list[str] = []
        execute = psycopg.Cursor.execute

        def noted(self: psycopg.Cursor, query: object, *arguments: object, **keywords: object) -> object:
            listed.append(query.decode() if isinstance(query, bytes) else str(query))
            return execute(self, query, *arguments, **keywords)

        with monkeypatch.context() as patch:
            patch.setattr(psycopg.Cursor, "execute", noted)
            yield listed

    return sent


@dataclass(frozen=True, slots=True)
class Server:
    """The site as people meet it: a real server on the same database as `site`."""

    url: str
    site: Site

    def person(self, handle: str) -> Viewer:
        """Somebody who just signed up."""
        return self.site.accounts.sign_up(handle=handle, password="a calm sea at dawn").viewer

    def token(self, viewer: Viewer, scopes: str = "read write follow push") -> str:
        """A token of that person, for an app of its own."""
        made = self.site.apps.register(name="A test", redirect_uris=["urn:ietf:wg:oauth:2.0:oob"], scopes=scopes)
        return self.site.grants.token_for_person(
            viewer, client_id=made.app.client_id, client_secret=made.client_secret, scopes=scopes
        ).token

    def client(self, viewer: Viewer, scopes: str = "read write follow push") -> Mastodon:
        """Mastodon.py, signed in as that person."""
        return Mastodon(access_token=self.token(viewer, scopes), api_base_url=self.url, ratelimit_method="throw")

    def aboard(self, handle: str) -> Mastodon:
        """Mastodon.py as somebody who just signed up with that handle."""
        return self.client(self.person(handle))


@pytest.fixture(scope="session")
def server_url(shared_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running gunicorn, started once for all the tests of this process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        f"FLOTILLA_{name.upper()}": str(getattr(shared_settings, name))
        for name in ("database_url", "argon2_memory_kib", "argon2_time_cost", "media_folder")
    }
    environ |= {
        "FLOTILLA_PASSWORD_GRANT": "yes",
        # Nobody does the work here but the tests that ask for it.
        "FLOTILLA_JOBS": "yes",
        "FLOTILLA_SITE_URL": f"http://127.0.0.1:{port}",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "2"]
    command += ["--bind", f"127.0.0.1:{port}", "flotilla.app:create_app()"]
    output = tmp_path_factory.mktemp("server") / "output"
    with output.open("wb") as log, subprocess.Popen(command, env=environ, stdout=log, stderr=log) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 30
            while not _answers(f"{url}/live"):
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < deadline, output.read_text()
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture
def server(site: Site, server_url: str) -> Server:
    """A running server on a fresh, migrated, empty database."""
    return Server(server_url, site)


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters that the site wrote into its outbox, read as a mail program reads them."""

    folder: Path

    def to(self, address: str) -> list[EmailMessage]:
        """The letters to that address, the newest last."""
        found = [
            email.message_from_bytes(path.read_bytes(), policy=default) for path in sorted(self.folder.glob("*.eml"))
        ]
        return [letter for letter in found if letter["To"].addresses[0].addr_spec == address]

    def count(self) -> int:
        """How many there are, to anybody."""
        return len(list(self.folder.glob("*.eml")))

    def link(self, address: str, start: str) -> str:
        """The path of the one link that begins with `start` in the newest letter to that address."""
        (path,) = re.findall(rf"http://127\.0\.0\.1:8000({start}\S+)", self.to(address)[-1].get_content())
        return str(path)

    def token(self, address: str, start: str) -> str:
        """The last part of that path."""
        return self.link(address, start).rpartition("/")[2]


@pytest.fixture
def letters(settings: Settings) -> Letters:
    """The outbox, emptied."""
    folder = Path(settings.outbox_folder)
    for path in folder.glob("*"):
        path.unlink()
    return Letters(folder)


@pytest.fixture
def site_with(settings: Settings) -> Iterator[Callable[..., Site]]:
    """site_with(sign_up="invite"): an open site on the fresh database with other settings."""
    opened = []

    def with_settings(**changes: object) -> Site:
        opened.append(open_site(dataclasses.replace(settings, **changes)))
        return opened[-1]

    yield with_settings
    for each in opened:
        each.close()


@pytest.fixture
def person(site: Site) -> Callable[..., Viewer]:
    """person("ada"), person("mo", "moderator"): somebody who signed up, with that role."""

    def sign_up(handle: str, role: str = "member") -> Viewer:
        token = site.accounts.sign_up(handle=handle, password="a calm sea at dawn").token
        if role != "member":
            site.roles.set(None, handle, role)
        found = site.accounts.who_is(token)
        assert found is not None
        return found

    return sign_up


@pytest.fixture
def two_schemas(own_settings: Settings) -> Settings:
    """Settings of a database whose buckets 0-4095 live in s0000 and the others in s0001."""
    with psycopg.connect(own_settings.owner_url) as connection:
        for path in sorted(Path(flotilla.migrations.__path__[0], "versions").glob("[0-9]*.py")):
            spec = importlib.util.spec_from_file_location(f"migration_{path.stem}", path)
            assert spec is not None
            assert spec.loader is not None
            migration = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(migration)
            if migration.SHARD:
                connection.execute(migration.SHARD.format(shard="s0001"))
        connection.execute("UPDATE g.shard_map SET last_bucket = 4095")
        connection.execute("INSERT INTO g.shard_map VALUES (4096, 8191, 's0001')")
    migrate(own_settings)
    return own_settings
