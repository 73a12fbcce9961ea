"""Session tokens: whose, and 256 random bits. Pure but for the randomness.

The account's id is in the token, so finding the session takes one look-up in one shard; it is checked like the rest.
"""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256

from flotilla.store.ids import MAX_ID

__all__ = ["Token", "new_token", "read_token"]

_SHAPE = re.compile(r"([0-9a-f]{1,16})\.[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Token:
    """A token's two keys into the sessions; the token itself is stored nowhere."""

    account_id: int
    sha256: bytes


def new_token(account_id: int) -> str:
    """A token nobody can guess."""
    return f"{account_id:x}.{secrets.token_urlsafe(32)}"


def read_token(token: str) -> Token | None:
    """The keys of a token; None when it cannot be one."""
    match = _SHAPE.fullmatch(token)
    if match is None:
        return None
    account_id = int(match[1], 16)
    return Token(account_id, sha256(token.encode()).digest()) if account_id <= MAX_ID else None
