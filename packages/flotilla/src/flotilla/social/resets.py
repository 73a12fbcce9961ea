"""New passwords: for whoever forgot the old one, by mail, and for whoever knows it."""

from datetime import timedelta

from flotilla.errors import InvalidInputError, NotFoundError
from flotilla.social import letters
from flotilla.social.addresses import STALE_LINK
from flotilla.social.background import Background, Task
from flotilla.social.correspondence import Correspondence
from flotilla.social.events import Kind, publish
from flotilla.social.mail import NOT_AN_ADDRESS, email_of
from flotilla.social.pages import Viewer
from flotilla.social.passwords import NOT_THE_PASSWORD, Passwords, password_problem
from flotilla.social.tokens import new_token, read_token
from flotilla.store import account_states as state_rows
from flotilla.store import account_tokens as token_rows
from flotilla.store import credentials as credential_rows
from flotilla.store import sessions as session_rows
from flotilla.store.database import Database, Work

__all__ = ["Resets"]

LINK_LIFETIME = timedelta(hours=1)
SEND_RESET = Task("send_reset", queue="mail")
TELL_PASSWORD_CHANGED = Task("tell_password_changed", queue="mail")


class Resets:
    """Passwords that are replaced. Whoever was signed in by the old one is signed out, apps too."""

    def __init__(
        self, database: Database, *, passwords: Passwords, mail: Correspondence, background: Background
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._mail = mail
        self._background = background
        background.does(SEND_RESET, self._send_reset)
        background.does(TELL_PASSWORD_CHANGED, self._tell_password_changed)

    def ask(self, email: str, *, language: str = "") -> None:
        """Have a link to a new password sent to that address, if an account has proven it.

        In the language that the account's owner chose, otherwise in `language`.

        The same happens here for every address; whose it is, is looked up where the letter is written. Raises
        InvalidInputError (email) for what is no address.
        """
        address = email_of(email)
        if address is None:
            raise InvalidInputError({"email": NOT_AN_ADDRESS})
        with self._database.write() as work:
            self._background.later(work, SEND_RESET, email=address, language=language)

    def can_reset(self, token: str) -> bool:
        """Whether the link still works; uses nothing up."""
        keys = read_token(token)
        if keys is None:
            return False
        with self._database.read() as work:
            return token_rows.find(work, account_id=keys.account_id, token_hash=keys.sha256, purpose="reset")

    def reset(self, token: str, *, password: str) -> None:
        """Replace the password by the link that was sent. Raises NotFoundError (stale link), InvalidInputError.

        A password that is refused does not use the link up.
        """
        keys = read_token(token)
        if keys is None or not self.can_reset(token):
            raise NotFoundError(STALE_LINK)
        if (problem := password_problem(password)) is not None:
            raise InvalidInputError({"password": problem})
        new_hash = self._passwords.hashed(password)
        with self._database.write() as work:
            credential_rows.lock(work, keys.account_id, to_change=True)
            taken = token_rows.take(work, account_id=keys.account_id, token_hash=keys.sha256, purpose="reset")
            if taken is None:
                raise NotFoundError(STALE_LINK)
            self._replace(work, keys.account_id, new_hash, kept=None)

    def change(self, viewer: Viewer, *, old: str, new: str, session_token: str = "") -> None:
        """Replace one's own password; only `session_token`'s session goes on. Raises InvalidInputError (old, new)."""
        with self._database.read() as work:
            stored = credential_rows.password_hash(work, viewer.account_id)
        problems = {}
        if not self._passwords.fits(old, stored):
            problems["old"] = NOT_THE_PASSWORD
        if (problem := password_problem(new)) is not None:
            problems["new"] = problem
        if problems:
            raise InvalidInputError(problems)
        new_hash = self._passwords.hashed(new)
        keys = read_token(session_token)
        with self._database.write() as work:
            self._replace(work, viewer.account_id, new_hash, kept=keys.sha256 if keys else None)

    def _replace(self, work: Work, account_id: int, new_hash: str, *, kept: bytes | None) -> None:
        # Held, so that a sign-in with the old password has either opened its session already, or will not.
        credential_rows.replace(work, account_id=account_id, new_hash=new_hash)
        session_rows.delete_all(work, account_id, but=kept)
        credential_rows.revoke_apps(work, account_id)
        token_rows.delete_all(work, account_id=account_id, purposes=("reset", "second_step"))
        publish(work, Kind.SIGNED_OUT, account_id=account_id)
        found = state_rows.address(work, account_id)
        if found is not None and found.email is not None:
            self._background.later(
                work, TELL_PASSWORD_CHANGED, handle=found.handle, email=found.email, language=found.language
            )

    def _send_reset(self, email: str, language: str = "") -> None:
        with self._database.write() as work:
            account_id = state_rows.id_by_email(work, email)
            account = None if account_id is None else state_rows.address(work, account_id)
            if account_id is None or account is None or account.email is None:
                return
            token = new_token(account_id)
            keys = read_token(token)
            assert keys is not None
            token_rows.insert(
                work, account_id=account_id, token_hash=keys.sha256, purpose="reset", lifetime=LINK_LIFETIME
            )
        minutes = round(LINK_LIFETIME.total_seconds() / 60)
        # To the address as it was proven, not as somebody spelled it just now.
        self._mail.send(
            letters.password_reset,
            email=account.email,
            handle=account.handle,
            languages=(account.language, language),
            token=token,
            minutes=minutes,
        )

    def _tell_password_changed(self, handle: str, email: str, language: str = "") -> None:
        self._mail.send(letters.password_changed, email=email, handle=handle, languages=(language,))
