"""Apps that act for people: registering them, and whom they may act for. Nobody vouches for an app."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from flotilla.errors import InvalidInputError, OAuthError
from flotilla.social.pages import Viewer
from flotilla.social.redirects import accepted_redirects
from flotilla.social.scopes import accepted_scopes
from flotilla.social.text import tidied
from flotilla.store import apps as app_rows
from flotilla.store import grants as grant_rows
from flotilla.store.apps import AppRow
from flotilla.store.database import Database, Work

__all__ = ["App", "Apps", "GrantedApp", "RegisteredApp", "authenticated", "digest"]

NAME_MAX_CHARACTERS = 60
ADDRESS_MAX_CHARACTERS = 2000
_WEBSITE = re.compile(r"https?://[!-~]+", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class App:
    """An app that somebody registered; nobody vouches for its name or website."""

    id: int
    client_id: str
    name: str
    website: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisteredApp:
    """A new app with its secret, which is told this once."""

    app: App
    client_secret: str


@dataclass(frozen=True, slots=True)
class GrantedApp:
    """An app that may act for a person; `since` is UTC."""

    app: App
    scopes: tuple[str, ...]
    since: datetime


class Apps:
    """Apps and what they were granted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, *, name: str, redirect_uris: list[str], scopes: str = "", website: str = "") -> RegisteredApp:
        """Register an app. Raises InvalidInputError (name, redirect_uris, scopes, website)."""
        shown_name, problems = " ".join(tidied(name).split()), {}
        if not 0 < len(shown_name) <= NAME_MAX_CHARACTERS:
            problems["client_name"] = f"Name has to have 1 to {NAME_MAX_CHARACTERS} characters."
        if website and not (len(website) <= ADDRESS_MAX_CHARACTERS and _WEBSITE.fullmatch(website)):
            problems["website"] = "Website has to be an http or https address."
        accepted: tuple[str, ...] = ()
        try:
            accepted = accepted_scopes(scopes)
        except OAuthError:
            problems["scopes"] = "Scopes doesn't match configured on the server."
        redirects = accepted_redirects(redirect_uris)
        if not redirects:
            problems["redirect_uris"] = "Redirect URI must be an absolute URI."
        if problems:
            raise InvalidInputError(problems)
        secret, client_id = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        with self._database.write(hides=False) as work:
            app_id = app_rows.insert(
                work,
                client_id=client_id,
                secret_hash=digest(secret),
                name=shown_name,
                website=website,
                redirect_uris=redirects,
                scopes=" ".join(accepted),
            )
        return RegisteredApp(App(app_id, client_id, shown_name, website, redirects, accepted), secret)

    def of_client(self, client_id: str) -> App:
        """The app of that client id. Raises OAuthError (invalid_client)."""
        with self._database.read() as work:
            return _app(_known(work, client_id))

    def read(self, app_id: int) -> App:
        """One app. Raises OAuthError when it was deleted."""
        with self._database.read() as work:
            found = app_rows.find(work, [app_id]).get(app_id)
        if found is None:
            raise _no_such_client()
        return _app(found)

    def granted(self, viewer: Viewer) -> tuple[GrantedApp, ...]:
        """The apps that may act for the viewer, newest first; two statements."""
        with self._database.read() as work:
            rows = grant_rows.granted(work, viewer.account_id)
            apps = app_rows.find(work, [row.app_id for row in rows])
        return tuple(
            GrantedApp(_app(apps[row.app_id]), tuple(dict.fromkeys(row.scopes.split())), row.since)
            for row in rows
            if row.app_id in apps
        )

    def withdraw(self, viewer: Viewer, app_id: int) -> None:
        """The app may act for the viewer no longer."""
        with self._database.write() as work:
            grant_rows.delete_of_app(work, account_id=viewer.account_id, app_id=app_id)


def digest(secret: str) -> bytes:
    """How secrets, tokens and codes are stored: 256 random bits need nothing slower than SHA-256."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _app(row: AppRow) -> App:
    return App(row.app_id, row.client_id, row.name, row.website, tuple(row.redirect_uris), tuple(row.scopes.split()))


def _no_such_client() -> OAuthError:
    return OAuthError(
        "invalid_client",
        "Client authentication failed due to unknown client, no client authentication included, or unsupported "
        "authentication method.",
    )


def _known(work: Work, client_id: str) -> AppRow:
    # A NUL cannot be stored, so nobody's id has one.
    row = None if "\0" in client_id else app_rows.by_client_id(work, client_id)
    if row is None:
        raise _no_such_client()
    return row


def authenticated(work: Work, client_id: str, client_secret: str) -> AppRow:
    """The app that shows its id and secret. Raises OAuthError."""
    row = _known(work, client_id)
    if not hmac.compare_digest(row.secret_hash, digest(client_secret)):
        raise _no_such_client()
    return row
