"""PKCE: the proof that whoever shows a code is who asked for it. RFC 7636, method S256. Pure."""

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256

__all__ = ["is_challenge", "proves"]

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # a SHA-256 in base64url


def is_challenge(text: str) -> bool:
    """Whether that can be a challenge by the method S256."""
    return _CHALLENGE.fullmatch(text) is not None


def proves(challenge: str, verifier: str) -> bool:
    """Whether the challenge was made of that verifier.

    Without a challenge there must be no verifier either: somebody took the challenge away on its way.
    """
    if not challenge or not verifier:
        return not challenge and not verifier
    made = urlsafe_b64encode(sha256(verifier.encode("utf-8", "surrogatepass")).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode("utf-8", "surrogatepass"))
