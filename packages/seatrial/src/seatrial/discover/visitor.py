"""Somebody who opens pages of an app on this machine, one after the other, as a browser would."""

import http.client
import json
import re
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape

__all__ = ["Answer", "Visitor", "files_of", "links_of"]

TIMEOUT_S = 10.0
BODY_BYTES_MAX = 2_000_000
REDIRECTS_MAX = 5

LINK = re.compile(r"<a\s[^>]*?\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)

FILE = re.compile(
    r"<(?:link\s[^>]*?\bhref|script\s[^>]*?\bsrc|img\s[^>]*?\bsrc)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request came to. path: of the last one, after redirects. elsewhere: where a redirect leads off the app."""

    asked: str
    path: str
    status: int
    content_type: str
    body: str
    seconds: float
    elsewhere: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it is an answer of its own: neither an error nor a redirect away."""
        return 200 <= self.status < 300 and not self.elsewhere

    @property
    def is_page(self) -> bool:
        """Whether it is HTML."""
        return "html" in self.content_type


@dataclass(slots=True)
class Visitor:
    """Keeps cookies as they are set and sends `headers` with every request. url: `http://127.0.0.1:PORT`."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """What the app takes its own address for."""
        told = {name.lower(): value for name, value in self.headers.items()}
        own = urllib.parse.urlsplit(self.url)
        return f"{told.get('x-forwarded-proto', own.scheme)}://{told.get('host', own.netloc)}"

    def get(self, path: str) -> Answer:
        """The page at `path`, redirects within the app followed. A connection that breaks is an answer of status 0."""
        return self._follow("GET", path, b"", {})

    def own_path(self, address: str) -> str:
        """The path of an address of this app, with its query; empty for that of another."""
        host, path = self._resolved("/", address)
        return "" if host else path

    def send(
        self, path: str, fields: Mapping[str, str] | list[tuple[str, str]], *, headers: Mapping[str, str]
    ) -> Answer:
        """A form sent by POST; then as `get`."""
        body = urllib.parse.urlencode(fields).encode()
        return self._follow("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def send_json(self, path: str, content: object) -> Answer:
        """A JSON document sent by POST; then as `get`."""
        return self._follow("POST", path, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _follow(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        asked, since = path, time.perf_counter()
        for _ in range(REDIRECTS_MAX + 1):
            status, sent, text = self._ask(method, path, body, headers)
            location = sent.get("location", "")
            if not (300 <= status < 400 and location):
                break
            host, target = self._resolved(path, location)
            if host:
                return Answer(asked, path, status, "", "", time.perf_counter() - since, elsewhere=location)
            if status not in {307, 308}:
                method, body, headers = "GET", b"", {}
            path = target
        return Answer(asked, path, status, sent.get("content-type", ""), text, time.perf_counter() - since)

    def _ask(self, method: str, path: str, body: bytes, more: Mapping[str, str]) -> tuple[int, dict[str, str], str]:
        parts = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        headers = {"Accept": "text/html,application/json;q=0.9,*/*;q=0.8", **self.headers, **more}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, urllib.parse.quote(path, safe="/%?&=+,;:@!$'()*~-._[]"), body or None, headers)
            response = connection.getresponse()
            data = response.read(BODY_BYTES_MAX)
            for value in response.msg.get_all("Set-Cookie") or ():
                self._keep(value)
            names = {name.lower(): value for name, value in response.getheaders()}
            return response.status, names, data.decode("utf-8", "replace")
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}, ""
        finally:
            connection.close()

    def _keep(self, header: str) -> None:
        name, _, value = header.partition(";")[0].partition("=")
        ended = re.search(r"max-age=0\b|expires=Thu, 01.Jan.1970", header, re.IGNORECASE)
        if ended:
            self.cookies.pop(name.strip(), None)
        else:
            self.cookies[name.strip()] = value.strip()

    def _resolved(self, path: str, location: str) -> tuple[str, str]:
        """(the other host, "") or ("", the path on this one)."""
        own, told = urllib.parse.urlsplit(self.url), urllib.parse.urlsplit(self.origin)
        target = urllib.parse.urlsplit(urllib.parse.urljoin(f"{self.origin}{path}", location))
        known = {own.netloc, told.netloc}
        if target.scheme != told.scheme or target.netloc not in known:
            return target.netloc or location, ""
        return "", urllib.parse.urlunsplit(("", "", target.path or "/", target.query, ""))


def files_of(answer: Answer) -> list[str]:
    """Paths on the same app of the stylesheets, scripts and pictures of a page, each once."""
    found: dict[str, None] = {}
    for match in FILE.finditer(answer.body):
        address = unescape(next(group for group in match.groups() if group is not None)).strip()
        target = urllib.parse.urlsplit(urllib.parse.urljoin(f"http://app{answer.path}", address))
        if target.scheme == "http" and target.netloc == "app" and target.path:
            found.setdefault(urllib.parse.urlunsplit(("", "", target.path, target.query, "")))
    return list(found)


def links_of(answer: Answer) -> list[str]:
    """Paths on the same app that a page links to, each once, in order; with their query, without their fragment."""
    found: dict[str, None] = {}
    for match in LINK.finditer(answer.body):
        href = unescape(next(group for group in match.groups() if group is not None)).strip()
        target = urllib.parse.urlsplit(urllib.parse.urljoin(f"http://app{answer.path}", href))
        if target.scheme == "http" and target.netloc == "app" and target.path:
            found.setdefault(urllib.parse.urlunsplit(("", "", target.path, target.query, "")))
    return list(found)
