"""Mail addresses: proving that one is somebody's, and changing it. Only a proven address belongs to an account."""

from datetime import timedelta

from flotilla.errors import InvalidInputError, NotFoundError, SignInError
from flotilla.social import letters
from flotilla.social.background import Background, Task
from flotilla.social.correspondence import Correspondence
from flotilla.social.gatekeeping import Gatekeeping
from flotilla.social.handles import handle_of
from flotilla.social.mail import NOT_AN_ADDRESS, email_of
from flotilla.social.pages import Viewer
from flotilla.social.passwords import NOT_THE_PASSWORD, Passwords
from flotilla.social.site_settings import SiteSettings
from flotilla.social.tokens import new_token, read_token
from flotilla.store import account_states as state_rows
from flotilla.store import account_tokens as token_rows
from flotilla.store import credentials as credential_rows
from flotilla.store.account_states import AddressRow, State
from flotilla.store.database import Database, Work

__all__ = ["Addresses"]

LINK_LIFETIME = timedelta(days=3)
NOT_AGAIN_WITHIN = timedelta(minutes=10)
SEND_CONFIRMATION = Task("send_confirmation", queue="mail")
TELL_OLD_ADDRESS = Task("tell_old_address", queue="mail")
STALE_LINK = "This link was used already, or is too old."
NOT_FROM_THERE = "Mail addresses there are not accepted here."


class Addresses:
    """What is proven and what is not."""

    def __init__(
        self,
        database: Database,
        *,
        site_settings: SiteSettings,
        gatekeeping: Gatekeeping,
        passwords: Passwords,
        mail: Correspondence,
        background: Background,
    ) -> None:
        self._database = database
        self._site_settings = site_settings
        self._gatekeeping = gatekeeping
        self._passwords = passwords
        self._mail = mail
        self._background = background
        background.does(SEND_CONFIRMATION, self._send_confirmation)
        background.does(TELL_OLD_ADDRESS, self._tell_old_address)

    def ask_to_confirm(self, work: Work, *, account_id: int, email: str, language: str = "") -> None:
        """Have a link sent to the address that proves it, in `language` unless the person chose another."""
        self._background.later(work, SEND_CONFIRMATION, account_id=account_id, email=email, language=language)

    def ask_again(self, work: Work, *, account_id: int, language: str = "") -> None:
        """Have another link sent to the address that was last to be proven, unless one was sent just now.

        The address may be that of a stranger, who shall not be flooded with letters.
        """
        email = token_rows.newest_email(work, account_id, unless_left=LINK_LIFETIME - NOT_AGAIN_WITHIN)
        if email is not None:
            self.ask_to_confirm(work, account_id=account_id, email=email, language=language)

    def of(self, viewer: Viewer) -> AddressRow:
        """The viewer's own address and state. Raises NotFoundError when the account is gone."""
        with self._database.read() as work:
            found = state_rows.address(work, viewer.account_id)
        if found is None:
            raise NotFoundError("There is no such account any more.")
        return found

    def change(self, viewer: Viewer, *, email: str, password: str) -> None:
        """Begin to change the address: the new one has to be proven, and the old one is told.

        Raises InvalidInputError (email, password).
        """
        address = email_of(email)
        problems = {} if address else {"email": NOT_AN_ADDRESS}
        if address and not self._gatekeeping.may_have_mail_at(address):
            problems = {"email": NOT_FROM_THERE}
        if not self._knows_password(viewer.account_id, password):
            problems |= {"password": NOT_THE_PASSWORD}
        if problems:
            raise InvalidInputError(problems)
        assert address is not None
        with self._database.write() as work:
            token_rows.delete_all(work, account_id=viewer.account_id, purposes=("confirm",))
            self.ask_to_confirm(work, account_id=viewer.account_id, email=address)
            found = state_rows.address(work, viewer.account_id)
            if found is not None and found.email is not None:
                self._background.later(
                    work, TELL_OLD_ADDRESS, handle=found.handle, email=found.email, language=found.language
                )

    def correct(self, *, handle: str, password: str, email: str, language: str = "") -> None:
        """Give another address for an account whose first one was never proven. Raises SignInError, InvalidInputError.

        For any other account it fails like a wrong password.
        """
        with self._database.read() as work:
            found = credential_rows.find(work, handle_of(handle) or "")
        fits = self._passwords.fits(password, found.password_hash if found else None)
        address = email_of(email)
        if address is None:
            raise InvalidInputError({"email": NOT_AN_ADDRESS})
        if not self._gatekeeping.may_have_mail_at(address):
            raise InvalidInputError({"email": NOT_FROM_THERE})
        if found is None or not fits or found.state != "unconfirmed":
            raise SignInError("Handle and password do not belong together.")
        with self._database.write() as work:
            token_rows.delete_all(work, account_id=found.account_id, purposes=("confirm",))
            self.ask_to_confirm(work, account_id=found.account_id, email=address, language=language)

    def can_confirm(self, token: str) -> bool:
        """Whether the link still works; uses nothing up, because mail programs open links by themselves."""
        keys = read_token(token)
        if keys is None:
            return False
        with self._database.read() as work:
            return token_rows.find(work, account_id=keys.account_id, token_hash=keys.sha256, purpose="confirm")

    def confirm(self, token: str) -> State:
        """Prove an address by the link sent there; the account's state afterwards. Raises NotFoundError (stale)."""
        keys = read_token(token)
        if keys is None:
            raise NotFoundError(STALE_LINK)
        with self._database.write() as work:
            taken = token_rows.take(work, account_id=keys.account_id, token_hash=keys.sha256, purpose="confirm")
            if taken is None or taken[0] is None:
                raise NotFoundError(STALE_LINK)
            if not state_rows.set_email(work, account_id=keys.account_id, email=taken[0]):
                raise NotFoundError("Another account has this address meanwhile.")
            token_rows.delete_all(work, account_id=keys.account_id, purposes=("confirm",))
            account = state_rows.address(work, keys.account_id)
            assert account is not None
            if account.state != "unconfirmed":
                return account.state
            waits = self._site_settings.now().sign_up == "approval" and not account.invited
            after: State = "waiting" if waits else "active"
            state_rows.change(work, account_id=keys.account_id, before=("unconfirmed",), after=after)
            return after

    def _knows_password(self, account_id: int, password: str) -> bool:
        with self._database.read() as work:
            stored = credential_rows.password_hash(work, account_id)
        return self._passwords.fits(password, stored)

    def _send_confirmation(self, account_id: int, email: str, language: str = "") -> None:
        token = new_token(account_id)
        keys = read_token(token)
        assert keys is not None
        with self._database.write() as work:
            account = state_rows.address(work, account_id)
            if account is None:
                return
            owner_id = state_rows.id_by_email(work, email)
            owner = None if owner_id in {None, account_id} else state_rows.address(work, owner_id)
            # Stored in both cases: somebody who cannot read that address's mail learns nothing from the rest.
            token_rows.insert(
                work,
                account_id=account_id,
                token_hash=keys.sha256,
                purpose="confirm",
                lifetime=LINK_LIFETIME,
                email=email,
            )
        if owner is not None:
            # In their own language: what the browser of whoever asked reads may not be theirs.
            self._mail.send(
                letters.already_aboard,
                email=email,
                handle=owner.handle,
                languages=(owner.language,),
                wanted=account.handle,
            )
        else:
            self._mail.send(
                letters.confirmation,
                email=email,
                handle=account.handle,
                languages=(account.language, language),
                token=token,
                days=LINK_LIFETIME.days,
            )

    def _tell_old_address(self, handle: str, email: str, language: str = "") -> None:
        self._mail.send(letters.address_changing, email=email, handle=handle, languages=(language,))
