"""One person's cookies: as much of RFC 6265 as one site needs, and light: http.cookies is slow."""

import time
from email.utils import parsedate_to_datetime

__all__ = ["CookieJar"]

_COOKIES_MAX = 100
_COOKIE_BYTES_MAX = 4096


class CookieJar:
    """The cookies of one person on one site; full jars and overlong cookies drop what is new, as browsers do.

    Domain is not looked at (there is one site). Secure cookies are sent too: browsers trust the local machine without
    TLS, and an app set up for production could else never be signed in to.
    """

    __slots__ = ("_cookies", "_plain")

    def __init__(self) -> None:
        # (name, path) -> (value, when it ends, in seconds of time.time(); None: with the session)
        self._cookies: dict[tuple[str, str], tuple[str, float | None]] = {}
        # The header for every path, while no cookie has a path or an end of its own; None: work it out.
        self._plain: str | None = ""

    def __len__(self) -> int:
        return len(self._cookies)

    def get(self, name: str, default: str = "") -> str:
        """The value of the first cookie of that name."""
        return next((value for (key, _), (value, _) in self._cookies.items() if key == name), default)

    def clear(self) -> None:
        """Forget all of them."""
        self._cookies.clear()
        self._plain = ""

    def store(self, set_cookie: str, request_path: str) -> None:
        """Take in one Set-Cookie header that answered a request of `request_path`."""
        first, *attributes = set_cookie.split(";")
        name, equals, value = first.partition("=")
        name = name.strip()
        if not equals or not name or len(first) > _COOKIE_BYTES_MAX:
            return
        path, ends_s = _path_and_end(attributes)
        key = (name, path or _default_path(request_path))
        if ends_s is not None and ends_s <= time.time():
            self._cookies.pop(key, None)
        elif key in self._cookies or len(self._cookies) < _COOKIES_MAX:
            self._cookies[key] = (value.strip(), ends_s)
        is_plain = all(path == "/" and ends_s is None for (_, path), (_, ends_s) in self._cookies.items())
        self._plain = (
            "; ".join(f"{name}={value}" for (name, _), (value, _) in self._cookies.items()) if is_plain else None
        )

    def header(self, path: str) -> str:
        """The value of the Cookie header for a request of `path`; empty when there is nothing to send."""
        if self._plain is not None:
            return self._plain
        now_s = time.time()
        path = path.partition("?")[0]
        alive = [
            (cookie_path, name, value)
            for (name, cookie_path), (value, ends_s) in self._cookies.items()
            if (ends_s is None or ends_s > now_s) and _path_matches(path, cookie_path)
        ]
        # The more exact path first; sorting is stable, so the older of equals first.
        alive.sort(key=lambda cookie: -len(cookie[0]))
        return "; ".join(f"{name}={value}" for _, name, value in alive)


def _path_and_end(attributes: list[str]) -> tuple[str, float | None]:
    path = ""
    expires_s: float | None = None
    max_age_end_s: float | None = None
    for attribute in attributes:
        name, _, value = attribute.partition("=")
        name, value = name.strip().lower(), value.strip()
        if name == "path" and value.startswith("/"):
            path = value
        elif name == "max-age" and value.lstrip("-").isdecimal():
            seconds = min(int(value), 400 * 86_400)
            max_age_end_s = time.time() + seconds if seconds > 0 else 0.0
        elif name == "expires":
            try:
                expires_s = parsedate_to_datetime(value).timestamp()
            except (ValueError, OverflowError):
                continue
    # Max-Age wins over Expires (RFC 6265, 5.3).
    return path, expires_s if max_age_end_s is None else max_age_end_s


def _default_path(request_path: str) -> str:
    folder = request_path.partition("?")[0].rpartition("/")[0]
    return folder or "/"


def _path_matches(path: str, cookie_path: str) -> bool:
    if not path.startswith(cookie_path):
        return False
    return cookie_path.endswith("/") or len(path) == len(cookie_path) or path[len(cookie_path)] == "/"
