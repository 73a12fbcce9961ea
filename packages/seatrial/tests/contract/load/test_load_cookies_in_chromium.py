"""Cookies against Chromium: the same Set-Cookie headers, and what each sends back where."""

import contextlib
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page

from seatrial.load.http.cookies import CookieJar

NAMES = ("a", "b", "c", "A", " d ", "e e", '"f"', "", "gü")
VALUES = ("1", "", "x y", '"q"', "a=b=c", " lead", "trail ", "üé", "a,b", "\ttab\t", "(){}[]<>@:\\?/", "%20")
ATTRIBUTES = (
    *("Path=/", "Path=/account", "path = /account/", "Path=account", "Path=", "PATH=/account/login", "Path=/other"),
    *("Path=/acc", "Max-Age=60", "Max-Age=0", "Max-Age=-1", "Max-Age=abc", "max-age=+5", 'Max-Age="60"', "Max-Age="),
    *("Max-Age= 60 ", "Max-Age=99999999999999999999", "Secure", "HttpOnly", "SameSite=Lax", "SameSite=Strict"),
    "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "Expires=Thu, 01-Jan-1970 00:00:00 GMT",
    "Expires=Thu, 01 Jan 1970 00:00:00",
    "Expires=Wed, 21 Oct 2099 07:28:00 GMT",
    "Expires=Wednesday, 21-Oct-2099 07:28:00 GMT",
    "expires=Wed Oct 21 07:28:00 2099",
    *("Expires=gibberish", "Expires=0", "Unknown=1", "", " ", "Path=/;"),
)
PATHS = ("/account/login", "/account", "/account/", "/", "/other/x", "/accounting", "/account/login/deep")

ASKED = """async ([first, then]) => {
    await fetch(first);
    return await Promise.all(then.map(path => fetch(path + '?show').then(answer => answer.text())));
}"""


class _Handler(BaseHTTPRequestHandler):
    """Sets the cookies of the case that the query names, or shows which ones came."""

    protocol_version = "HTTP/1.1"
    cases: list[list[str]]

    def do_GET(self) -> None:
        query = self.path.partition("?")[2]
        shown = (self.headers.get("Cookie") or "").encode() if query == "show" else b""
        head = ["HTTP/1.1 200 OK", "Content-Type: text/plain; charset=utf-8", f"Content-Length: {len(shown)}"]
        head += [f"Set-Cookie: {one}" for one in (self.cases[int(query)] if query.isdigit() else ())]
        with contextlib.suppress(ConnectionError):
            self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + shown)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cookie_setter() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


def _set_cookie(rng: random.Random) -> str:
    name_and_value = rng.choice(NAMES) + rng.choice(["=", "=", "=", "", " = "]) + rng.choice(VALUES)
    attributes = (rng.choice([";", "; ", " ;  "]) + rng.choice(ATTRIBUTES) for _ in range(rng.randint(0, 3)))
    return name_and_value + "".join(attributes)


def _by_name(header: str) -> dict[str, list[str]]:
    """In order for each name: Chromium sends a cookie that got a new value last, where RFC 6265 keeps its place."""
    found: dict[str, list[str]] = {}
    for one in header.split("; "):
        found.setdefault(one.partition("=")[0] if "=" in one else "", []).append(one)
    return found


def test_cookies_are_kept_and_sent_as_chromium_keeps_and_sends_them(
    chromium: Page, cookie_setter: ThreadingHTTPServer
) -> None:
    rng = random.Random(4)
    _Handler.cases = [[_set_cookie(rng) for _ in range(rng.randint(1, 4))] for _ in range(150)]
    chromium.goto(f"http://127.0.0.1:{cookie_setter.server_port}/account/page")
    for number, headers in enumerate(_Handler.cases):
        at = PATHS[number % len(PATHS)]
        chromium.context.clear_cookies()
        seen = chromium.evaluate(ASKED, [f"{at}?{number}", list(PATHS)])
        jar = CookieJar()
        for one in headers:
            jar.store(one, at)
        assert [_by_name(jar.header(path)) for path in PATHS] == list(map(_by_name, seen)), (at, headers)
