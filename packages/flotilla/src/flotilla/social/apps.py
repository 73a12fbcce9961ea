"""Apps that act for people: registering them, letting them in, and taking that back. OAuth2 as RFC 6749 and 7636 say.

A token and a code have the account's id in them, like a session's: finding one takes one look-up in one shard. An app
that acts for nobody has a token with the id 0.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from flotilla.errors import InvalidInputError, NotFoundError, OAuthError
from flotilla.social.pages import Viewer
from flotilla.social.people import NOBODY
from flotilla.social.pkce import proves
from flotilla.social.redirects import OUT_OF_BAND, accepted_redirects
from flotilla.social.scopes import accepted_scopes, within
from flotilla.social.text import tidied
from flotilla.social.tokens import Token, new_token, read_token
from flotilla.store import apps as app_rows
from flotilla.store import grants as grant_rows
from flotilla.store.account_states import State
from flotilla.store.apps import AppRow
from flotilla.store.database import Database, Work

__all__ = ["OUT_OF_BAND", "App", "Apps", "Bearer", "GrantedApp", "IssuedToken", "RegisteredApp"]

NAME_MAX_CHARACTERS = 60
ADDRESS_MAX_CHARACTERS = 2000
CODE_LIFETIME = timedelta(minutes=10)
NO_ONE = 0


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
class IssuedToken:
    """A new token, which is told this once."""

    token: str
    scopes: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who asks through an app (None: the app for itself), and what it may do. `state`: the account's."""

    viewer: Viewer | None
    app_id: int
    scopes: tuple[str, ...]
    state: State = "active"


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
        if website and not (len(website) <= ADDRESS_MAX_CHARACTERS and website.lower().startswith(_WEB)):
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
        with self._database.write() as work:
            app_id = app_rows.insert(
                work,
                client_id=client_id,
                secret_hash=_digest(secret),
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

    def of_bearer(self, bearer: Bearer) -> App:
        """The app that a request came through. Raises OAuthError when it was deleted meanwhile."""
        with self._database.read() as work:
            found = app_rows.find(work, [bearer.app_id]).get(bearer.app_id)
        if found is None:
            raise _no_such_client()
        return _app(found)

    def let_in(self, viewer: Viewer, app: App, *, redirect_uri: str, scopes: tuple[str, ...], challenge: str) -> str:
        """A code by which the app may fetch a token of the viewer, once, within ten minutes. Raises OAuthError."""
        if redirect_uri not in app.redirect_uris:
            raise OAuthError("invalid_request", "The redirect uri included is not valid.")
        if not within(app.scopes, scopes):
            raise OAuthError("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
        code = new_token(viewer.account_id)
        with self._database.write() as work:
            grant_rows.insert_code(
                work,
                account_id=viewer.account_id,
                code_hash=_digest(code),
                app_id=app.id,
                redirect_uri=redirect_uri,
                scopes=" ".join(scopes),
                challenge=challenge,
                lifetime=CODE_LIFETIME,
            )
        return code

    def token_for_code(
        self, *, client_id: str, client_secret: str, code: str, redirect_uri: str, verifier: str
    ) -> IssuedToken:
        """The token that a code stands for. A code shown twice is stolen: its token ends. Raises OAuthError."""
        keys = read_token(code)
        with self._database.write() as work:
            app = _authenticated(work, client_id, client_secret)
            issued = None if keys is None else _exchange(work, app, keys, redirect_uri, verifier)
        # Raised after the transaction, which has to keep that the stolen code's token is gone.
        if issued is None:
            raise OAuthError(
                "invalid_grant",
                "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI "
                "used in the authorization request, or was issued to another client.",
            )
        return issued

    def token_for_app(self, *, client_id: str, client_secret: str, scopes: str) -> IssuedToken:
        """A token of the app itself, for nobody. Raises OAuthError."""
        with self._database.write() as work:
            app = _authenticated(work, client_id, client_secret)
            accepted = _within_app(app, scopes)
            token = new_token(NO_ONE)
            app_rows.insert_token(work, app_id=app.app_id, token_hash=_digest(token), scopes=" ".join(accepted))
        return IssuedToken(token, accepted, datetime.now(UTC))

    def token_for_person(self, viewer: Viewer, *, client_id: str, client_secret: str, scopes: str) -> IssuedToken:
        """A token of somebody whose password the app has just shown. Raises OAuthError."""
        with self._database.write() as work:
            app = _authenticated(work, client_id, client_secret)
            return _issue(work, viewer.account_id, app.app_id, _within_app(app, scopes))

    def token_for_newcomer(self, handle: str, bearer: Bearer) -> IssuedToken:
        """A token of the person whom the app has just signed up, with the scopes of the app's own token."""
        with self._database.write() as work:
            account_id = grant_rows.newcomer(work, handle)
            if account_id is None:
                raise NotFoundError(NOBODY)
            return _issue(work, account_id, bearer.app_id, bearer.scopes)

    def revoke(self, *, client_id: str, client_secret: str, token: str) -> None:
        """End a token of this app; an unknown one has ended before. Raises OAuthError."""
        keys = read_token(token)
        with self._database.write() as work:
            app = _authenticated(work, client_id, client_secret)
            if keys is None or _end(work, app, keys):
                return
        if self.bearer(token) is not None:
            raise OAuthError("unauthorized_client", "You are not authorized to revoke this token")

    def bearer(self, token: str) -> Bearer | None:
        """Who and what that token stands for; one statement, and none for what cannot be a token."""
        keys = read_token(token)
        if keys is None:
            return None
        with self._database.read() as work:
            if keys.account_id == NO_ONE:
                found = app_rows.with_token(work, keys.sha256)
                return None if found is None else Bearer(None, found[0], tuple(found[1].split()))
            row = grant_rows.bearer(work, account_id=keys.account_id, token_hash=keys.sha256)
        if row is None:
            return None
        viewer = Viewer(keys.account_id, row.handle, row.display_name, role=row.role, avatar=row.avatar)
        return Bearer(viewer, row.app_id, tuple(row.scopes.split()), row.state)

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


_WEB = ("https://", "http://")


def _digest(secret: str) -> bytes:
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


def _authenticated(work: Work, client_id: str, client_secret: str) -> AppRow:
    row = _known(work, client_id)
    if not hmac.compare_digest(row.secret_hash, _digest(client_secret)):
        raise _no_such_client()
    return row


def _within_app(app: AppRow, scopes: str) -> tuple[str, ...]:
    accepted = accepted_scopes(scopes)
    if not within(app.scopes.split(), accepted):
        raise OAuthError("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return accepted


def _end(work: Work, app: AppRow, keys: Token) -> bool:
    if keys.account_id == NO_ONE:
        return app_rows.delete_token(work, app_id=app.app_id, token_hash=keys.sha256)
    return grant_rows.delete_token(work, account_id=keys.account_id, token_hash=keys.sha256, app_id=app.app_id)


def _exchange(work: Work, app: AppRow, keys: Token, redirect_uri: str, verifier: str) -> IssuedToken | None:
    code = grant_rows.lock_code(work, account_id=keys.account_id, code_hash=keys.sha256)
    if code is None or code.app_id != app.app_id:
        return None
    if code.token_hash is not None:
        grant_rows.delete_token(work, account_id=keys.account_id, token_hash=code.token_hash, app_id=app.app_id)
        return None
    if not code.fresh or code.redirect_uri != redirect_uri or not proves(code.challenge, verifier):
        return None
    issued = _issue(work, keys.account_id, app.app_id, tuple(code.scopes.split()))
    grant_rows.mark_used(work, account_id=keys.account_id, code_hash=keys.sha256, token_hash=_digest(issued.token))
    return issued


def _issue(work: Work, account_id: int, app_id: int, scopes: tuple[str, ...]) -> IssuedToken:
    token = new_token(account_id)
    created_at = grant_rows.insert_token(
        work, account_id=account_id, token_hash=_digest(token), app_id=app_id, scopes=" ".join(scopes)
    )
    return IssuedToken(token, scopes, created_at)
