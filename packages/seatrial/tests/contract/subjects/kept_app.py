"""A tiny WSGI app that numbers its answers and says whose each is, with the headers that its paths are called after."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

Start = Callable[[str, list[tuple[str, str]]], Any]

HEADERS = {
    "/hour": [("Cache-Control", "public, max-age=3600")],
    "/private": [("Cache-Control", "Private")],
    "/no-store": [("Cache-Control", "max-age=5, no-store")],
    "/no-cache": [("Cache-Control", "no-cache")],
    "/at-once": [("Cache-Control", "s-maxage=0")],
    "/long-over": [("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")],
    "/greets": [("Set-Cookie", "visitor=1")],
    "/languages": [("Vary", "Accept-Language")],
}
_count = itertools.count(1)


def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    """The number of the answer, and who asked as cookie, password and form say."""
    path = environ["PATH_INFO"]
    who = environ.get("HTTP_COOKIE") or environ.get("HTTP_AUTHORIZATION") or "anybody"
    text = f"{next(_count)} for {who}, {environ['REQUEST_METHOD']}, {environ.get('HTTP_ACCEPT_LANGUAGE', '')}"
    status = "404 Not Found" if path == "/missing" else "200 OK"
    start(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(text))), *HEADERS.get(path, [])])
    return [text.encode()]
