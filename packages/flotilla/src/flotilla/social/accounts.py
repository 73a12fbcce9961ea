"""Signing up, signing in, signing out, and who a request comes from."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flotilla.errors import InvalidInputError, SignInError
from flotilla.settings import Settings
from flotilla.social.pages import Viewer
from flotilla.social.passwords import PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS, Passwords
from flotilla.social.text import tidied
from flotilla.social.tokens import new_token, read_token
from flotilla.store import accounts as account_rows
from flotilla.store import sessions as session_rows
from flotilla.store.database import Database, Work
from flotilla.store.ids import bucket_for

__all__ = ["DISPLAY_NAME_MAX_CHARACTERS", "HANDLE_MAX_CHARACTERS", "Accounts", "SignedIn", "handle_of"]

HANDLE_MAX_CHARACTERS = 30
DISPLAY_NAME_MAX_CHARACTERS = 50
EMAIL_MAX_CHARACTERS = 254

_HANDLE = re.compile(rf"[a-z0-9_]{{1,{HANDLE_MAX_CHARACTERS}}}", re.ASCII)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_TAKEN = {
    "handle": "Someone else has this handle already.",
    "email": "There is an account with this e-mail address already.",
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened. `token` goes into the cookie and nowhere else; it is useless after `expires_at` (UTC)."""

    viewer: Viewer
    token: str
    expires_at: datetime


def handle_of(text: str) -> str | None:
    """The handle in its one spelling, from `Ada`, ` ada ` or `@ada`; None when it cannot be a handle."""
    handle = text.strip().removeprefix("@").lower()
    return handle if _HANDLE.fullmatch(handle) else None


class Accounts:
    """People and their sessions."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._passwords = Passwords(settings)
        self._session_lifetime = timedelta(days=settings.session_days)

    def sign_up(self, *, handle: str, password: str, display_name: str = "", email: str = "") -> SignedIn:
        """Create an account and open its first session.

        Handles have 1-30 of a-z, 0-9 and _ (capitals are folded), passwords at least 8 characters; without a display
        name the handle stands in. Raises InvalidInputError with a sentence for each of handle, password, display_name,
        email that cannot be accepted.
        """
        name = " ".join(tidied(display_name).split())
        address = email.strip()
        problems = _problems(handle=handle, password=password, display_name=name, email=address)
        if problems:
            raise InvalidInputError(problems)
        wanted = handle_of(handle)
        assert wanted is not None
        password_hash = self._passwords.hashed(password)
        with self._database.write() as work:
            account_id = account_rows.insert(
                work,
                handle=wanted,
                email=address or None,
                bucket=bucket_for(wanted),
                display_name=name or wanted,
                password_hash=password_hash,
            )
            if account_id is None:
                taken = account_rows.taken(work, handle=wanted, email=address or None)
                raise InvalidInputError({field: _TAKEN[field] for field in taken or ("handle",)})
            return self._open_session(work, Viewer(account_id, wanted, name or wanted))

    def sign_in(self, *, handle: str, password: str) -> SignedIn:
        """Open a session. Raises SignInError; it takes the same work whether or not the handle exists."""
        wanted = handle_of(handle)
        found = None
        if wanted is not None:
            with self._database.read() as work:
                found = account_rows.credential(work, wanted)
        # No connection is held while the password is checked, which takes longer than any statement.
        fits = self._passwords.fits(password, found.password_hash if found else None)
        if found is None or not fits:
            raise SignInError("Handle and password do not belong together.")
        outdated = self._passwords.is_outdated(found.password_hash)
        new_hash = self._passwords.hashed(password) if outdated else ""
        with self._database.write() as work:
            if outdated:
                account_rows.replace_password(
                    work, account_id=found.account_id, old_hash=found.password_hash, new_hash=new_hash
                )
            return self._open_session(work, Viewer(found.account_id, found.handle, found.display_name))

    def sign_out(self, token: str) -> None:
        """End the session of that token; nothing happens when there is none."""
        keys = read_token(token)
        if keys is not None:
            with self._database.read() as work:
                session_rows.delete(work, account_id=keys.account_id, token_hash=keys.sha256)

    def who_is(self, token: str) -> Viewer | None:
        """Whose unexpired session that token belongs to; one statement, and none for what cannot be a token."""
        keys = read_token(token)
        if keys is None:
            return None
        with self._database.read() as work:
            found = session_rows.find(work, account_id=keys.account_id, token_hash=keys.sha256)
        if found is None:
            return None
        return Viewer(
            keys.account_id,
            found.handle,
            found.display_name,
            role=found.role,
            announcements_dismissed=tuple(found.announcements_dismissed),
            unread_notifications=found.unread_notifications,
        )

    def _open_session(self, work: Work, viewer: Viewer) -> SignedIn:
        token = new_token(viewer.account_id)
        keys = read_token(token)
        assert keys is not None
        expires_at = session_rows.insert(
            work, account_id=viewer.account_id, token_hash=keys.sha256, lifetime=self._session_lifetime
        )
        return SignedIn(viewer, token, expires_at)


def _problems(*, handle: str, password: str, display_name: str, email: str) -> dict[str, str]:
    problems = {}
    if handle_of(handle) is None:
        problems["handle"] = (
            f"A handle has 1 to {HANDLE_MAX_CHARACTERS} characters: letters a to z, digits and underscores."
        )
    if len(password) < PASSWORD_MIN_CHARACTERS:
        problems["password"] = f"A password has at least {PASSWORD_MIN_CHARACTERS} characters."
    elif len(password) > PASSWORD_MAX_CHARACTERS:
        problems["password"] = f"A password has at most {PASSWORD_MAX_CHARACTERS} characters."
    if len(display_name) > DISPLAY_NAME_MAX_CHARACTERS:
        problems["display_name"] = f"A name has at most {DISPLAY_NAME_MAX_CHARACTERS} characters."
    if email and (len(email) > EMAIL_MAX_CHARACTERS or not _EMAIL.fullmatch(email) or not email.isprintable()):
        problems["email"] = "This is not an e-mail address; leave it empty if you like."
    return problems
