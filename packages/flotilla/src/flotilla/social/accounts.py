"""Signing up, signing in, signing out, and who a request comes from."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flotilla.errors import InvalidInputError, SignInError
from flotilla.settings import Settings
from flotilla.social.addresses import Addresses
from flotilla.social.handles import HANDLE_MAX_CHARACTERS, RESERVED_HANDLES, handle_of
from flotilla.social.mail import NOT_AN_ADDRESS, email_of
from flotilla.social.pages import Viewer
from flotilla.social.passwords import Passwords, password_problem
from flotilla.social.text import tidied
from flotilla.social.tokens import new_token, read_token
from flotilla.store import account_states as state_rows
from flotilla.store import accounts as account_rows
from flotilla.store import credentials as credential_rows
from flotilla.store import invites as invite_rows
from flotilla.store import sessions as session_rows
from flotilla.store.account_states import State
from flotilla.store.database import Database, Work
from flotilla.store.ids import bucket_for

__all__ = [
    "DISPLAY_NAME_MAX_CHARACTERS",
    "HANDLE_MAX_CHARACTERS",
    "REASON_MAX_CHARACTERS",
    "Accounts",
    "NotYet",
    "SignedIn",
    "handle_of",
]

DISPLAY_NAME_MAX_CHARACTERS = 50
REASON_MAX_CHARACTERS = 1000
DEVICE_MAX_CHARACTERS = 100
INVITE_MAX_CHARACTERS = 64
_NO_FIT = "Handle and password do not belong together."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just opened. `token` goes into the cookie and nowhere else; it is useless after `expires_at` (UTC)."""

    viewer: Viewer
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NotYet:
    """Whoever this is gave the right password, but the account is not `active`, so there is no session."""

    handle: str
    state: State


class Accounts:
    """People and their sessions."""

    def __init__(self, database: Database, settings: Settings, passwords: Passwords, addresses: Addresses) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords
        self._addresses = addresses
        self._session_lifetime = timedelta(days=settings.session_days)

    @property
    def sign_up_mode(self) -> str:
        """Who may sign up now: open, invite, approval or closed."""
        return self._settings.sign_up

    def sign_up(
        self,
        *,
        handle: str,
        password: str,
        display_name: str = "",
        email: str = "",
        invite: str = "",
        reason: str = "",
        device: str = "",
        by_operator: bool = False,
    ) -> SignedIn | NotYet:
        """Create an account and, when it is active at once, open its first session.

        Handles have 1-30 of a-z, 0-9 and _ (capitals are folded), passwords at least 8 characters; without a display
        name the handle stands in. A link to prove it goes to the address; whether another account has that address is
        told to nobody but its owner. An invitation opens every site; the operator of the site needs none, and may
        give the site's own handles away. Raises InvalidInputError with a sentence for each of handle, password,
        display_name, email, invite, reason that cannot be accepted.
        """
        name, why = " ".join(tidied(display_name).split()), tidied(reason)
        mode = "open" if by_operator else self.sign_up_mode
        problems = _problems(handle=handle, password=password, display_name=name, email=email)
        if not by_operator:
            problems |= self._problems_of_mode(handle=handle, email=email, invite=invite, reason=why)
        if problems:
            raise InvalidInputError(problems)
        wanted = handle_of(handle)
        assert wanted is not None
        password_hash = self._passwords.hashed(password)
        with self._database.write() as work:
            invited_by = invite_rows.take(work, invite.strip()[:INVITE_MAX_CHARACTERS]) if invite.strip() else None
            if invited_by is None and (invite.strip() or mode == "invite"):
                raise InvalidInputError({"invite": "This invitation does not exist, has expired, or is used up."})
            state: State = "waiting" if mode == "approval" and invited_by is None else "active"
            if self._settings.confirm_email and not by_operator:
                state = "unconfirmed"
            account_id = account_rows.insert(
                work,
                handle=wanted,
                bucket=bucket_for(wanted),
                display_name=name or wanted,
                password_hash=password_hash,
                state=state,
                invited_by=invited_by,
                reason=why,
            )
            if account_id is None:
                raise InvalidInputError({"handle": "Someone else has this handle already."})
            address = email_of(email)
            if address is not None:
                self._addresses.ask_to_confirm(work, account_id=account_id, email=address)
            if state != "active":
                return NotYet(wanted, state)
            return self._open_session(work, Viewer(account_id, wanted, name or wanted), device)

    def sign_in(self, *, handle: str, password: str, device: str = "") -> SignedIn | NotYet:
        """Open a session. Raises SignInError; it takes the same work whether or not the handle exists."""
        wanted = handle_of(handle)
        found = None
        if wanted is not None:
            with self._database.read() as work:
                found = credential_rows.find(work, wanted)
        # No connection is held while the password is checked, which takes longer than any statement.
        fits = self._passwords.fits(password, found.password_hash if found else None)
        if found is None or not fits:
            raise SignInError(_NO_FIT)
        outdated = self._passwords.is_outdated(found.password_hash)
        new_hash = self._passwords.hashed(password) if outdated else ""
        with self._database.write() as work:
            # Held, so that whoever changes the password, suspends or deletes the account ends this session too.
            if outdated:
                unchanged = credential_rows.renew(
                    work, account_id=found.account_id, old_hash=found.password_hash, new_hash=new_hash
                )
            else:
                unchanged = credential_rows.held(work, account_id=found.account_id, password_hash=found.password_hash)
            state = state_rows.locked(work, found.account_id)
            if not unchanged or state is None or state == "deleted":
                raise SignInError(_NO_FIT)
            if state == "unconfirmed":
                self._addresses.ask_again(work, account_id=found.account_id)
            if state != "active":
                return NotYet(found.handle, state)
            return self._open_session(work, Viewer(found.account_id, found.handle, found.display_name), device)

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

    def _open_session(self, work: Work, viewer: Viewer, device: str) -> SignedIn:
        token = new_token(viewer.account_id)
        keys = read_token(token)
        assert keys is not None
        expires_at = session_rows.insert(
            work,
            account_id=viewer.account_id,
            token_hash=keys.sha256,
            lifetime=self._session_lifetime,
            device=device[:DEVICE_MAX_CHARACTERS],
        )
        return SignedIn(viewer, token, expires_at)

    def _problems_of_mode(self, *, handle: str, email: str, invite: str, reason: str) -> dict[str, str]:
        problems, mode = {}, self.sign_up_mode
        if mode == "closed" and not invite.strip():
            problems["invite"] = "Nobody new can come aboard at the moment."
        elif mode == "invite" and not invite.strip():
            problems["invite"] = "This site is for people with an invitation. Ask somebody who is here for one."
        elif mode == "approval" and not invite.strip() and not reason:
            problems["reason"] = "Say in a sentence or two why you would like to come aboard."
        if len(reason) > REASON_MAX_CHARACTERS:
            problems["reason"] = f"A reason has at most {REASON_MAX_CHARACTERS} characters."
        if handle_of(handle) in RESERVED_HANDLES:
            problems["handle"] = "The site keeps this handle for itself. Choose another one."
        if self._settings.confirm_email and not email.strip():
            problems["email"] = "An e-mail address is needed: a link to confirm it will be sent there."
        return problems


def _problems(*, handle: str, password: str, display_name: str, email: str) -> dict[str, str]:
    problems = {}
    if handle_of(handle) is None:
        problems["handle"] = (
            f"A handle has 1 to {HANDLE_MAX_CHARACTERS} characters: letters a to z, digits and underscores."
        )
    if (problem := password_problem(password)) is not None:
        problems["password"] = problem
    if len(display_name) > DISPLAY_NAME_MAX_CHARACTERS:
        problems["display_name"] = f"A name has at most {DISPLAY_NAME_MAX_CHARACTERS} characters."
    if email.strip() and email_of(email) is None:
        problems["email"] = NOT_AN_ADDRESS
    return problems
