"""People at the pages: Flask's test client with what a browser would do between two clicks."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flotilla.app import create_app
from flotilla.settings import Settings


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


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on a fresh, migrated, empty database."""
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
