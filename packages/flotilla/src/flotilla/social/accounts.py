"""Signing up, signing in, signing out, and who a request comes from."""

from dataclasses import dataclass
from datetime import timedelta

from flotilla.errors import InvalidInputError, SignInError
from flotilla.social.addresses import Addresses
from flotilla.social.events import Kind, publish
from flotilla.social.handles import HANDLE_MAX_CHARACTERS, handle_of
from flotilla.social.house_rules import HouseRules
from flotilla.social.mail import email_of
from flotilla.social.newcomers import form_problems, mode_problems
from flotilla.social.pages import Viewer
from flotilla.social.passwords import Passwords
from flotilla.social.second_factor import SecondFactor
from flotilla.social.sessions import NOWHERE, Origin, Sessions, SignedIn
from flotilla.social.site_settings import SiteSettings
from flotilla.social.text import tidied
from flotilla.social.tokens import new_token, read_token
from flotilla.social.visibility import Visibility
from flotilla.store import account_states as state_rows
from flotilla.store import account_tokens as token_rows
from flotilla.store import accounts as account_rows
from flotilla.store import credentials as credential_rows
from flotilla.store import invites as invite_rows
from flotilla.store import sessions as session_rows
from flotilla.store.account_states import State
from flotilla.store.database import Database, Work
from flotilla.store.ids import bucket_for

__all__ = [
    "HANDLE_MAX_CHARACTERS",
    "Accounts",
    "NotYet",
    "SecondStep",
    "SignedIn",
    "handle_of",
]

INVITE_MAX_CHARACTERS = 64
SECOND_STEP_LIFETIME = timedelta(minutes=10)
_TOO_LONG_AGO = "That took too long. Enter handle and password once more."
_NO_FIT = "Handle and password do not belong together."


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right, and a code has to follow within ten minutes, together with `token`."""

    token: str


@dataclass(frozen=True, slots=True)
class NotYet:
    """Whoever this is gave the right password, but the account is not `active`, so there is no session."""

    handle: str
    state: State


class Accounts:
    """People and their sessions."""

    def __init__(
        self,
        database: Database,
        *,
        passwords: Passwords,
        addresses: Addresses,
        second_factor: SecondFactor,
        sessions: Sessions,
        site_settings: SiteSettings,
        house_rules: HouseRules,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._addresses = addresses
        self._second_factor = second_factor
        self._sessions = sessions
        self._site_settings = site_settings
        self._house_rules = house_rules

    @property
    def sign_up_mode(self) -> str:
        """Who may sign up now: open, invite, approval or closed."""
        return self._site_settings.now().sign_up

    @property
    def confirms_email(self) -> bool:
        """Whether a new account has to prove a mail address before it is let in."""
        return self._site_settings.now().confirm_email

    def sign_up(
        self,
        *,
        handle: str,
        password: str,
        display_name: str = "",
        email: str = "",
        invite: str = "",
        reason: str = "",
        origin: Origin = NOWHERE,
        accepts_rules: bool | None = None,
        by_operator: bool = False,
        language: str = "",
    ) -> SignedIn | NotYet:
        """Create an account and, when it is active at once, open its first session.

        Handles have 1-30 of a-z, 0-9 and _ (capitals are folded), passwords at least 8 characters; without a display
        name the handle stands in. A link to prove it goes to the address, in `language`; whether another account has
        that address is told to nobody but its owner. An invitation opens every site; the operator of the site needs
        none, and may give the site's own handles away. With `accepts_rules` False nobody comes in where there are
        rules; None: nobody was asked. Raises InvalidInputError: a sentence for each of handle, password, display_name,
        email, invite, reason, rules that cannot be accepted.
        """
        name, why = " ".join(tidied(display_name).split()), tidied(reason)
        mode = "open" if by_operator else self.sign_up_mode
        problems = form_problems(handle=handle, password=password, display_name=name, email=email)
        if not by_operator:
            problems |= self._problems_here(
                mode, handle=handle, email=email, invite=invite, reason=why, accepts_rules=accepts_rules
            )
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
            if self.confirms_email and not by_operator:
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
                accepts_rules=bool(accepts_rules),
            )
            if account_id is None:
                raise InvalidInputError({"handle": "Someone else has this handle already."})
            if (address := email_of(email)) is not None:
                self._addresses.ask_to_confirm(work, account_id=account_id, email=address, language=language)
            if state != "active":
                return NotYet(wanted, state)
            return self._sessions.open(work, Viewer(account_id, wanted, name or wanted), origin)

    def _problems_here(
        self, mode: str, *, handle: str, email: str, invite: str, reason: str, accepts_rules: bool | None
    ) -> dict[str, str]:
        problems = mode_problems(
            mode, handle=handle, email=email, invite=invite, reason=reason, email_needed=self.confirms_email
        )
        if accepts_rules is False and self._house_rules.all():
            problems["rules"] = "Read the rules, and accept them."
        return problems

    def sign_in(
        self, *, handle: str, password: str, origin: Origin = NOWHERE, language: str = ""
    ) -> SignedIn | SecondStep | NotYet:
        """Open a session, or ask for the second step. Raises SignInError.

        It takes the same work whether or not the handle exists.
        """
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
        with self._database.write(hides=False) as work:
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
                self._addresses.ask_again(work, account_id=found.account_id, language=language)
            if state != "active":
                return NotYet(found.handle, state)
            if self._second_factor.is_on(work, found.account_id):
                return self._ask_for_code(work, found.account_id)
            return self._sessions.open(work, Viewer(found.account_id, found.handle, found.display_name), origin)

    def second_step(self, token: str, *, code: str, origin: Origin = NOWHERE) -> SignedIn:
        """Open the session that `sign_in` kept back until a code is entered.

        Raises InvalidInputError (code), and SignInError when the first step was too long ago.
        """
        keys = read_token(token)
        if keys is None:
            raise SignInError(_TOO_LONG_AGO)
        with self._database.read() as work:
            if not token_rows.find(work, account_id=keys.account_id, token_hash=keys.sha256, purpose="second_step"):
                raise SignInError(_TOO_LONG_AGO)
        if not self._second_factor.accepts(keys.account_id, code):
            raise InvalidInputError({"code": "This code is wrong, too old, or was used already."})
        with self._database.write(hides=False) as work:
            # In the order of `sign_in` and of whoever changes the password, whose change makes the token worthless.
            credential_rows.lock(work, keys.account_id)
            state = state_rows.locked(work, keys.account_id)
            taken = token_rows.take(work, account_id=keys.account_id, token_hash=keys.sha256, purpose="second_step")
            person = session_rows.person(work, keys.account_id)
            if taken is None or state != "active" or person is None:
                raise SignInError(_TOO_LONG_AGO)
            return self._sessions.open(work, Viewer(keys.account_id, *person), origin)

    def sign_out(self, token: str) -> None:
        """End the session of that token; nothing happens when there is none."""
        keys = read_token(token)
        if keys is not None:
            with self._database.read() as work:
                session_rows.delete(work, account_id=keys.account_id, token_hash=keys.sha256)
                publish(work, Kind.SIGNED_OUT, account_id=keys.account_id)

    def who_is(self, token: str) -> Viewer | None:
        """Whose unexpired session that token belongs to; one statement, on each day's first request two."""
        keys = read_token(token)
        if keys is None:
            return None
        with self._database.read() as work:
            found = session_rows.find(work, account_id=keys.account_id, token_hash=keys.sha256)
            if found is not None and not found.seen_today:
                session_rows.seen(work, account_id=keys.account_id, token_hash=keys.sha256)
        if found is None:
            return None
        return Viewer(
            keys.account_id,
            found.handle,
            found.display_name,
            role=found.role,
            announcements_dismissed=tuple(found.announcements_dismissed),
            unread_notifications=found.unread_notifications,
            unread_messages=found.unread_messages,
            language=found.language,
            avatar=found.avatar,
            default_visibility=Visibility(found.default_visibility),
            default_sensitive=found.default_sensitive,
            visibility_epoch=found.visibility_epoch,
        )

    def _ask_for_code(self, work: Work, account_id: int) -> SecondStep:
        token = new_token(account_id)
        keys = read_token(token)
        assert keys is not None
        token_rows.insert(
            work,
            account_id=account_id,
            token_hash=keys.sha256,
            purpose="second_step",
            lifetime=SECOND_STEP_LIFETIME,
        )
        return SecondStep(token)
