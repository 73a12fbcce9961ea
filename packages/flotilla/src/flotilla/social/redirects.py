"""Where an app may be sent back to with a code. Pure."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

__all__ = ["OUT_OF_BAND", "accepted_redirects", "form_target"]

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
REDIRECTS_MAX = 10
CHARACTERS_MAX = 2000
# A browser that is sent to one of these runs or shows what the app put there, as if it were ours.
FORBIDDEN_SCHEMES = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"})
# It is named in a header (`form_target`), where a semicolon would begin something else.
_HOST = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", re.ASCII)


def accepted_redirects(asked: Iterable[str]) -> tuple[str, ...]:
    """The addresses, each once, in order; none when one of them cannot be accepted. One text may hold many lines."""
    redirects = tuple(dict.fromkeys(uri for text in asked for uri in text.split()))
    acceptable = 0 < len(redirects) <= REDIRECTS_MAX and all(_acceptable(uri) for uri in redirects)
    return redirects if acceptable else ()


def _acceptable(uri: str) -> bool:
    if uri == OUT_OF_BAND:
        return True
    if len(uri) > CHARACTERS_MAX or not _URI.fullmatch(uri) or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme in {"http", "https"}:
        return bool(parts.hostname) and _HOST.fullmatch(parts.netloc) is not None
    return parts.scheme not in FORBIDDEN_SCHEMES


def form_target(uri: str) -> str:
    """What a Content-Security-Policy calls the place a form may lead to: an origin, or an app's own scheme."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"
