"""One person's cookies: as much of RFC 6265 as one site needs, and light: http.cookies is slow."""

import math
import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime

__all__ = ["CookieJar"]

_COOKIES_MAX = 100
_COOKIE_BYTES_MAX = 4096
_ATTRIBUTE_CHARACTERS_MAX = 1024
_AGE_MAX_S = 400 * 86_400
_CONTROL = re.compile(r"[\x00-\x1f\x7f]").search
_AGE = re.compile(r"[+-]?[0-9]+").fullmatch


class CookieJar:
    """The cookies of one person on one site; full jars and overlong cookies drop what is new, as browsers do.

    Domain is not looked at (there is one site). Secure cookies are sent too: browsers trust the local machine without
    TLS, and an app set up for production could else never be signed in to. Nor is SameSite looked at: nobody comes from
    elsewhere.
    """

    __slots__ = ("_cookies", "_plain", "_plain_ends_s")

    def __init__(self) -> None:
        # (name, path) -> (value, when it ends, in seconds of time.time(); infinity: with the session)
        self._cookies: dict[tuple[str, str], tuple[str, float]] = {}
        # The header for every path, while no cookie has a path of its own, and until when; None: work it out.
        self._plain: str | None = ""
        self._plain_ends_s = math.inf

    def __len__(self) -> int:
        return len(self._cookies)

    def get(self, name: str, default: str = "") -> str:
        """The value of the first cookie of that name."""
        return next((value for (key, _), (value, _) in self._cookies.items() if key == name), default)

    def clear(self) -> None:
        """Forget all of them."""
        self._cookies.clear()
        self._plain, self._plain_ends_s = "", math.inf

    def store(self, set_cookie: str, request_path: str) -> None:
        """Take in one Set-Cookie header that answered a request of `request_path`."""
        first, *attributes = set_cookie.split(";")
        name, equals, value = first.partition("=")
        if not equals:
            # A value without a name: browsers keep it, and send it so.
            name, value = "", name
        name, value = name.strip(" \t"), value.strip(" \t")
        if len(first) > _COOKIE_BYTES_MAX or _CONTROL(name) or _CONTROL(value):
            return
        if not name and (not value or "=" in value):
            return
        path, ends_s = _path_and_end(attributes)
        key = (name, path or _default_path(request_path))
        if ends_s <= time.time():
            self._cookies.pop(key, None)
        elif key in self._cookies or len(self._cookies) < _COOKIES_MAX:
            self._cookies[key] = (value, ends_s)
        self._take_stock()

    def header(self, path: str) -> str:
        """The value of the Cookie header for a request of `path`; empty when there is nothing to send."""
        if self._plain is not None:
            if self._plain_ends_s < math.inf and self._plain_ends_s <= time.time():
                self._drop_ended()
            return self._plain
        now_s = time.time()
        path = path.partition("?")[0]
        alive = [
            (cookie_path, name, value)
            for (name, cookie_path), (value, ends_s) in self._cookies.items()
            if ends_s > now_s and _path_matches(path, cookie_path)
        ]
        # The more exact path first; sorting is stable, so the older of equals first.
        alive.sort(key=lambda cookie: -len(cookie[0]))
        return "; ".join([f"{name}={value}" if name else value for _, name, value in alive])

    def _drop_ended(self) -> None:
        now_s = time.time()
        self._cookies = {key: cookie for key, cookie in self._cookies.items() if cookie[1] > now_s}
        self._take_stock()

    def _take_stock(self) -> None:
        """Make the header once for all paths, where that is possible."""
        cookies = self._cookies
        self._plain = None
        if all(path == "/" for _, path in cookies):
            self._plain = "; ".join([f"{name}={value}" if name else value for (name, _), (value, _) in cookies.items()])
            self._plain_ends_s = min((ends_s for _, ends_s in cookies.values()), default=math.inf)


def _path_and_end(attributes: list[str]) -> tuple[str, float]:
    found: dict[str, str] = {}
    for attribute in attributes:
        if len(attribute) <= _ATTRIBUTE_CHARACTERS_MAX:
            name, _, value = attribute.partition("=")
            # Of several with one name the last counts, even when it says nothing that can be used.
            found[name.strip(" \t").lower()] = value.strip(" \t")
    path, age, expires = found.get("path", ""), found.get("max-age", ""), found.get("expires", "")
    ends_s = math.inf
    if _AGE(age):
        # Max-Age wins over Expires (RFC 6265, 5.3).
        seconds = min(int(age), _AGE_MAX_S)
        ends_s = time.time() + seconds if seconds > 0 else 0.0
    elif expires:
        ends_s = _moment_s(expires)
    return path if path.startswith("/") else "", ends_s


def _moment_s(text: str) -> float:
    try:
        moment = parsedate_to_datetime(text)
        # A date that names no zone means Greenwich's, not this machine's.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return math.inf


def _default_path(request_path: str) -> str:
    folder = request_path.partition("?")[0].rpartition("/")[0]
    return folder or "/"


def _path_matches(path: str, cookie_path: str) -> bool:
    if not path.startswith(cookie_path):
        return False
    return cookie_path.endswith("/") or len(path) == len(cookie_path) or path[len(cookie_path)] == "/"
