"""What apps may do for people: codes, and the tokens they are exchanged for. OAuth2 as RFC 6749 and 7636 say.

A token and a code have the account's id in them, like a session's: finding one takes one look-up in one shard. An app
that acts for nobody has a token with the id 0.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flotilla.errors import NotFoundError, OAuthError
from flotilla.social.apps import App, authenticated, digest
from flotilla.social.events import Kind, publish
from flotilla.social.pages import Viewer
from flotilla.social.people import NOBODY
from flotilla.social.pkce import proves
from flotilla.social.scopes import accepted_scopes, within
from flotilla.social.tokens import Token, new_token, read_token
from flotilla.store import apps as app_rows
from flotilla.store import grants as grant_rows
from flotilla.store.account_states import State
from flotilla.store.apps import AppRow
from flotilla.store.database import Database, Work

__all__ = ["Bearer", "Grants", "IssuedToken"]

CODE_LIFETIME = timedelta(minutes=10)
NO_ONE = 0


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


class Grants:
    """Codes and tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def let_in(self, viewer: Viewer, app: App, *, redirect_uri: str, scopes: tuple[str, ...], challenge: str) -> str:
        """A code by which the app may fetch a token of the viewer, once, within ten minutes. Raises OAuthError."""
        if redirect_uri not in app.redirect_uris:
            raise OAuthError("invalid_request", "The redirect uri included is not valid.")
        if not within(app.scopes, scopes):
            raise OAuthError("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
        code = new_token(viewer.account_id)
        with self._database.write(hides=False) as work:
            grant_rows.insert_code(
                work,
                account_id=viewer.account_id,
                code_hash=digest(code),
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
        with self._database.write(hides=False) as work:
            app = authenticated(work, client_id, client_secret)
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
        with self._database.write(hides=False) as work:
            app = authenticated(work, client_id, client_secret)
            accepted = _within_app(app, scopes)
            token = new_token(NO_ONE)
            app_rows.insert_token(work, app_id=app.app_id, token_hash=digest(token), scopes=" ".join(accepted))
        return IssuedToken(token, accepted, datetime.now(UTC))

    def token_for_person(self, viewer: Viewer, *, client_id: str, client_secret: str, scopes: str) -> IssuedToken:
        """A token of somebody whose password the app has just shown. Raises OAuthError."""
        with self._database.write(hides=False) as work:
            app = authenticated(work, client_id, client_secret)
            return _issue(work, viewer.account_id, app.app_id, _within_app(app, scopes))

    def token_for_newcomer(self, handle: str, bearer: Bearer) -> IssuedToken:
        """A token of the person whom the app has just signed up, with the scopes of the app's own token."""
        with self._database.write(hides=False) as work:
            account_id = grant_rows.newcomer(work, handle)
            if account_id is None:
                raise NotFoundError(NOBODY)
            return _issue(work, account_id, bearer.app_id, bearer.scopes)

    def revoke(self, *, client_id: str, client_secret: str, token: str) -> None:
        """End a token of this app; an unknown one has ended before. Raises OAuthError."""
        keys = read_token(token)
        with self._database.write() as work:
            app = authenticated(work, client_id, client_secret)
            if keys is None or _end(work, app, keys):
                return
        if self.presented(token) is not None:
            raise OAuthError("unauthorized_client", "You are not authorized to revoke this token")

    def bearer(self, token: str) -> Bearer | None:
        """Who and what that token stands for, when that person's account is active; as `presented`."""
        found = self.presented(token)
        return found if found is not None and found.state == "active" else None

    def presented(self, token: str) -> Bearer | None:
        """Who and what that token stands for, with the account in whatever `state`, which the caller has to look at.

        One statement, and none for what cannot be a token.
        """
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
        viewer = Viewer(
            keys.account_id,
            row.handle,
            row.display_name,
            role=row.role,
            avatar=row.avatar,
            announcements_dismissed=tuple(row.announcements_dismissed),
        )
        return Bearer(viewer, row.app_id, tuple(row.scopes.split()), row.state)


def _within_app(app: AppRow, scopes: str) -> tuple[str, ...]:
    accepted = accepted_scopes(scopes)
    if not within(app.scopes.split(), accepted):
        raise OAuthError("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return accepted


def _end(work: Work, app: AppRow, keys: Token) -> bool:
    if keys.account_id == NO_ONE:
        return app_rows.delete_token(work, app_id=app.app_id, token_hash=keys.sha256)
    publish(work, Kind.SIGNED_OUT, account_id=keys.account_id)
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
    grant_rows.mark_used(work, account_id=keys.account_id, code_hash=keys.sha256, token_hash=digest(issued.token))
    return issued


def _issue(work: Work, account_id: int, app_id: int, scopes: tuple[str, ...]) -> IssuedToken:
    token = new_token(account_id)
    created_at = grant_rows.insert_token(
        work, account_id=account_id, token_hash=digest(token), app_id=app_id, scopes=" ".join(scopes)
    )
    return IssuedToken(token, scopes, created_at)
