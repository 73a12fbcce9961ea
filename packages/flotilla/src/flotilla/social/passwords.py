"""Password hashes: argon2id at the cost the settings ask for."""

import base64
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flotilla.errors import UnavailableError
from flotilla.settings import Settings

__all__ = ["NOT_THE_PASSWORD", "PASSWORD_MAX_CHARACTERS", "PASSWORD_MIN_CHARACTERS", "Passwords", "password_problem"]

NOT_THE_PASSWORD = "This is not your password."  # noqa: S105 (a sentence)
PASSWORD_MIN_CHARACTERS = 8
# Hashing takes time in proportion to the password's length, so that has to end somewhere.
PASSWORD_MAX_CHARACTERS = 500
SALT_BYTES = 16
TURN_WAIT_S = 10.0
HASH_BYTES = 32


class Passwords:
    """Makes and checks hashes; each call takes argon2's full work, on purpose.

    One at a time in each process: at once they would not be done sooner on the plan's one CPU, and each takes its
    memory. Both methods raise UnavailableError when their turn does not come within TURN_WAIT_S.
    """

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=1,
            hash_len=HASH_BYTES,
            salt_len=SALT_BYTES,
        )
        self._turn = threading.Lock()
        self._nobodys_hash = (
            f"$argon2id$v=19$m={settings.argon2_memory_kib},t={settings.argon2_time_cost},p=1"
            f"${_base64(secrets.token_bytes(SALT_BYTES))}${_base64(secrets.token_bytes(HASH_BYTES))}"
        )

    def hashed(self, password: str, *, salt: bytes | None = None) -> str:
        """A new hash, with a random salt unless one is given (trial towns have to come out the same each time)."""
        with self._in_turn():
            return self._hasher.hash(_normal(password), salt=salt)

    def fits(self, password: str, stored_hash: str | None) -> bool:
        """Whether it is the password of that hash. Without a hash (no such account) the same work, and False."""
        with self._in_turn():
            try:
                self._hasher.verify(stored_hash or self._nobodys_hash, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored_hash is not None

    def is_outdated(self, stored_hash: str) -> bool:
        """Whether the hash was made at another cost than today's."""
        return self._hasher.check_needs_rehash(stored_hash)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=TURN_WAIT_S):
            raise UnavailableError("Too many passwords are being checked at this moment.")
        try:
            yield
        finally:
            self._turn.release()


def password_problem(password: str) -> str | None:
    """Why this cannot become a password; None when it can."""
    if len(password) < PASSWORD_MIN_CHARACTERS:
        return f"A password has at least {PASSWORD_MIN_CHARACTERS} characters."
    if len(password) > PASSWORD_MAX_CHARACTERS:
        return f"A password has at most {PASSWORD_MAX_CHARACTERS} characters."
    return None


def _normal(password: str) -> bytes:
    # The same key presses give different code points on different systems.
    return unicodedata.normalize("NFC", password[:PASSWORD_MAX_CHARACTERS]).encode("utf-8", "surrogatepass")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()
