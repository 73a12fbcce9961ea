"""The second step of signing in: a code from an app (TOTP, RFC 6238), or one of ten recovery codes.

The app's secret is not stored: it is made of the site's key and a nonce in the database, so that a copy of the database
gives no codes. A site that changes its key therefore leaves the recovery codes only.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from flotilla.errors import ForbiddenError, InvalidInputError
from flotilla.settings import Settings
from flotilla.social import letters
from flotilla.social.background import Background, Task
from flotilla.social.correspondence import Correspondence
from flotilla.social.pages import Viewer
from flotilla.social.passwords import NOT_THE_PASSWORD, Passwords
from flotilla.store import account_states as state_rows
from flotilla.store import credentials as credential_rows
from flotilla.store import second_factors as factor_rows
from flotilla.store.database import Database, Work

__all__ = ["Enrolment", "SecondFactor"]

ISSUER = "Flotilla"
NONCE_BYTES = 16
SECRET_BYTES = 20
STEP_S = 30
# One step early or late: clocks differ, and typing takes a while.
WINDOW_STEPS = 1
FAILURES_MAX = 5
CLOSED_FOR = timedelta(minutes=15)
RECOVERY_CODES = 10
RECOVERY_CODE_LETTERS = 16  # of base32: 80 bits, so that a plain digest protects them
TELL_SECOND_FACTOR = Task("tell_second_factor", queue="mail")
_WRONG_CODE = "This code is wrong, too old, or was used already."

_LETTERS = {
    "on": letters.second_factor_on,
    "off": letters.second_factor_off,
    "closed": letters.second_factor_closed,
}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A second factor being set up: what the app has to be told, as text and as the address a QR code carries."""

    secret: str
    address: str


class SecondFactor:
    """Switching it on and off, and checking codes."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        passwords: Passwords,
        mail: Correspondence,
        background: Background,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._key = hmac.digest(settings.secret_key.encode(), b"flotilla.second_factor", "sha256")
        self._passwords = passwords
        self._mail = mail
        self._background = background
        self._clock = clock
        background.does(TELL_SECOND_FACTOR, self._tell)

    def state(self, viewer: Viewer) -> tuple[bool, int]:
        """Whether it is on, and how many recovery codes are left."""
        with self._database.read() as work:
            found = factor_rows.find(work, viewer.account_id)
            if found is None or not found.active:
                return False, 0
            return True, factor_rows.codes_left(work, viewer.account_id)

    def begin(self, viewer: Viewer, *, password: str) -> Enrolment:
        """Begin to switch it on. Raises InvalidInputError (password), ForbiddenError when it is on."""
        self._check_password(viewer, password)
        with self._database.write() as work:
            factor_rows.start(work, account_id=viewer.account_id, nonce=secrets.token_bytes(NONCE_BYTES))
        return self.enrolment(viewer)

    def enrolment(self, viewer: Viewer) -> Enrolment:
        """What the app has to be told, once it was begun. Raises ForbiddenError when it is on, or was not begun."""
        from pyotp import TOTP

        with self._database.read() as work:
            found = factor_rows.find(work, viewer.account_id)
        if found is None or found.active:
            raise ForbiddenError("There is nothing to set up.")
        secret = self._secret(viewer.account_id, found.nonce)
        return Enrolment(secret, TOTP(secret).provisioning_uri(name=f"@{viewer.handle}", issuer_name=ISSUER))

    def switch_on(self, viewer: Viewer, *, code: str) -> tuple[str, ...]:
        """Switch it on with the app's first code; the recovery codes, which are shown this once.

        Raises InvalidInputError (code), ForbiddenError when it is on, or was not begun.
        """
        with self._database.read() as work:
            found = factor_rows.find(work, viewer.account_id)
        if found is None or found.active:
            raise ForbiddenError("There is nothing to set up.")
        step = self._step_of(viewer.account_id, found.nonce, code)
        if step is None:
            raise InvalidInputError({"code": _WRONG_CODE})
        codes = _new_codes()
        with self._database.write() as work:
            if not factor_rows.activate(work, account_id=viewer.account_id, nonce=found.nonce, step=step):
                raise ForbiddenError("There is nothing to set up.")
            factor_rows.replace_codes(work, account_id=viewer.account_id, code_hashes=[_hash(each) for each in codes])
            self._tell_later(work, viewer.account_id, "on")
        return codes

    def renew_codes(self, viewer: Viewer, *, password: str) -> tuple[str, ...]:
        """New recovery codes instead of the old. Raises InvalidInputError (password), ForbiddenError when it is off."""
        self._check_password(viewer, password)
        codes = _new_codes()
        with self._database.write() as work:
            found = factor_rows.find(work, viewer.account_id)
            if found is None or not found.active:
                raise ForbiddenError("There is no second step.")
            factor_rows.replace_codes(work, account_id=viewer.account_id, code_hashes=[_hash(each) for each in codes])
        return codes

    def switch_off(self, viewer: Viewer, *, password: str) -> None:
        """Switch it off. Raises InvalidInputError (password)."""
        self._check_password(viewer, password)
        with self._database.write() as work:
            if factor_rows.delete(work, viewer.account_id):
                self._tell_later(work, viewer.account_id, "off")

    def is_on(self, work: Work, account_id: int) -> bool:
        """Whether signing in takes a second step."""
        found = factor_rows.find(work, account_id)
        return found is not None and found.active

    def accepts(self, account_id: int, code: str) -> bool:
        """Whether the code is right; it is used up by that. Five wrong ones close the factor for a quarter of an hour.

        Recovery codes work all the time: they are too long to be guessed.
        """
        tidy = "".join(code[:64].split()).replace("-", "").upper()
        with self._database.write() as work:
            found = factor_rows.find(work, account_id)
            if found is None or not found.active:
                return False
            if len(tidy) == RECOVERY_CODE_LETTERS:
                return factor_rows.take_code(work, account_id=account_id, code_hash=_hash(tidy))
            if found.closed:
                return False
            step = self._step_of(account_id, found.nonce, tidy)
            if step is not None and factor_rows.passed(work, account_id=account_id, step=step):
                return True
            if factor_rows.failed(work, account_id=account_id, failures_max=FAILURES_MAX, closed_for=CLOSED_FOR):
                self._tell_later(work, account_id, "closed")
            return False

    def _step_of(self, account_id: int, nonce: bytes, code: str) -> int | None:
        """The time step whose code this is, the newest within the window."""
        from pyotp import TOTP

        digits = "".join(code[:64].split())
        if not (digits.isascii() and digits.isdigit() and len(digits) == 6):
            return None
        totp = TOTP(self._secret(account_id, nonce))
        now = int(self._clock()) // STEP_S
        fitting = [
            step
            for step in range(now - WINDOW_STEPS, now + WINDOW_STEPS + 1)
            if hmac.compare_digest(totp.generate_otp(step), digits)
        ]
        return max(fitting, default=None)

    def _secret(self, account_id: int, nonce: bytes) -> str:
        digest = hmac.digest(self._key, f"{account_id}:".encode() + nonce, "sha256")
        return base64.b32encode(digest[:SECRET_BYTES]).decode()

    def _check_password(self, viewer: Viewer, password: str) -> None:
        with self._database.read() as work:
            stored = credential_rows.password_hash(work, viewer.account_id)
        if not self._passwords.fits(password, stored):
            raise InvalidInputError({"password": NOT_THE_PASSWORD})

    def _tell_later(self, work: Work, account_id: int, what: str) -> None:
        found = state_rows.address(work, account_id)
        if found is not None and found.email is not None:
            self._background.later(
                work,
                TELL_SECOND_FACTOR,
                handle=found.handle,
                email=found.email,
                what=what,
                language=found.language,
            )

    def _tell(self, handle: str, email: str, what: str, language: str = "") -> None:
        self._mail.send(_LETTERS[what], email=email, handle=handle, languages=(language,))


def _new_codes() -> tuple[str, ...]:
    return tuple(
        base64.b32encode(secrets.token_bytes(RECOVERY_CODE_LETTERS * 5 // 8)).decode() for _ in range(RECOVERY_CODES)
    )


def _hash(code: str) -> bytes:
    return sha256(b"flotilla.recovery:" + code.encode()).digest()
