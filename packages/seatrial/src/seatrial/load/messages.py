"""What a journey sends and gets back: requests, answers and pauses, as values."""

import json as json_module
import re
import urllib.parse
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seatrial.errors import LoadError

__all__ = [
    "HeaderPairs",
    "Headers",
    "Journey",
    "Page",
    "Request",
    "Response",
    "Think",
    "get",
    "page",
    "post",
    "request",
    "think",
]

HeaderPairs = Mapping[str, str] | Iterable[tuple[str, str]]

_PLAIN_PATH = re.compile(r"/[!-~]*").fullmatch
_METHOD = re.compile(r"[A-Z]{1,20}").fullmatch
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*").fullmatch
_FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a journey; made by `get`, `post`, `request` or `Form.submit`.

    name: the operation it is counted under; empty means the journey's. follow: whether redirects are followed as a
    browser does.
    """

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    name: str = ""
    follow: bool = True


@dataclass(frozen=True, slots=True)
class Think:
    """A pause of a person between two requests."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """Requests sent in parallel, as a browser asks for the parts of a page; made by `page`."""

    requests: tuple[Request, ...]


class Headers(Mapping[str, str]):
    """An answer's headers by name, whatever the case; a name sent twice gives its first value, `get_all` gives all."""

    __slots__ = ("_pairs", "_values")

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs
        self._values: dict[str, list[str]] | None = None

    def _all(self) -> dict[str, list[str]]:
        if self._values is None:
            self._values = {}
            for name, value in self._pairs:
                self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        return self._values

    def __getitem__(self, name: str) -> str:
        return self._all()[name.lower()][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._all()

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every value sent under `name`, in order."""
        return tuple(self._all().get(name.lower(), ()))


class Response:
    """An answer: `status`, `headers`, `body` (bytes), `text`, and `path`, where it was found after redirects."""

    __slots__ = ("_text", "body", "expected", "headers", "path", "request", "status")

    def __init__(self, status: int, headers: Headers, body: bytes, path: str, request: Request) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.path = path
        self.request = request
        self.expected = False
        """Set by `expect`: the journey has judged the status itself, so that an expected 404 is a right answer."""
        self._text: str | None = None

    @property
    def charset(self) -> str:
        """As the Content-Type says; UTF-8 when it does not."""
        _, _, charset = self.headers.get("content-type", "").lower().partition("charset=")
        return charset.split(";")[0].strip(" \"'") or "utf-8"

    @property
    def text(self) -> str:
        """The body as text; bytes that are not text are replaced."""
        if self._text is None:
            try:
                self._text = self.body.decode(self.charset, "replace")
            except LookupError:
                self._text = self.body.decode("utf-8", "replace")
        return self._text

    def has(self, text: str) -> bool:
        """Whether the body holds `text`; looks at the bytes, which costs far less than decoding a page."""
        return text.encode() in self.body if self.charset == "utf-8" else text in self.text

    def json(self) -> object:
        """The body read as JSON."""
        return json_module.loads(self.body)

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.path} {len(self.body)} bytes>"


Journey = Generator[Request | Page | Think, Any, None]
"""What a journey function returns: it yields steps and gets back a Response of a request, a tuple of them of a page."""


def get(path: str, *, name: str = "", headers: HeaderPairs = (), follow: bool = True) -> Request:
    """A GET of `path` (which begins with "/" and may hold a query)."""
    return Request("GET", _checked_path(path), b"", _pairs(headers) if headers else (), name, follow)


def post(
    path: str,
    data: Mapping[str, object] | str | bytes | None = None,
    *,
    json: object = None,
    name: str = "",
    headers: HeaderPairs = (),
    follow: bool = True,
) -> Request:
    """A POST: `data` as a form (a mapping) or as it is (text, bytes), or `json`."""
    return request("POST", path, data, json=json, name=name, headers=headers, follow=follow)


def request(
    method: str,
    path: str,
    data: Mapping[str, object] | str | bytes | None = None,
    *,
    json: object = None,
    name: str = "",
    headers: HeaderPairs = (),
    follow: bool = True,
) -> Request:
    """A request of any method, such as "PUT" or "DELETE"; the rest as in `post`."""
    if not _METHOD(method):
        raise LoadError(f"{method!r} is not a method of HTTP.", try_this="Write it in capitals, such as GET or POST.")
    pairs = _pairs(headers)
    given = {key.lower() for key, _ in pairs}
    body, content_type = _encoded(data, json)
    if content_type and "content-type" not in given:
        pairs = (*pairs, content_type)
    return Request(method, _checked_path(path), body, pairs, name, follow)


def page(*requests: Request) -> Page:
    """Requests sent at once, six at a time as a browser does; the journey gets their answers in the order given."""
    for one in requests:
        if not isinstance(one, Request):
            raise LoadError(f"page() takes requests, such as get('/style.css'), not {one!r}.")
    if not requests:
        raise LoadError("page() without requests: there is nothing to wait for.")
    return Page(requests)


def think(seconds: float) -> Think:
    """A pause before the next request; left out where load is closed (back to back)."""
    if not 0 <= seconds <= 3600:
        raise LoadError(f"think({seconds}): a pause takes 0 to 3600 seconds.")
    return Think(seconds)


def _encoded(data: Mapping[str, object] | str | bytes | None, json: object) -> tuple[bytes, tuple[str, str] | None]:
    if json is not None:
        if data is not None:
            raise LoadError("a request takes data or json, not both.")
        return json_module.dumps(json).encode(), ("Content-Type", "application/json")
    if data is None:
        return b"", None
    if isinstance(data, bytes):
        return data, None
    if isinstance(data, str):
        return data.encode(), _FORM_TYPE
    return urllib.parse.urlencode(data, doseq=True).encode(), _FORM_TYPE


def _checked_path(path: str) -> str:
    if _PLAIN_PATH(path) and "#" not in path:
        return path
    if not path.startswith("/"):
        raise LoadError(
            f"the path {path!r} does not begin with '/'.",
            try_this="Write the path only, such as /home; the address is the subject's own.",
        )
    # What a browser would do with text typed into a link: no fragment, other characters percent-encoded.
    return urllib.parse.quote(path.partition("#")[0], safe="/?&=%+:;,@!$'()*~[]")


def _pairs(headers: HeaderPairs) -> tuple[tuple[str, str], ...]:
    pairs = tuple(headers.items()) if isinstance(headers, Mapping) else tuple(headers)
    for name, value in pairs:
        if not _HEADER_NAME(name) or not _HEADER_VALUE(value):
            raise LoadError(
                f"the header {name!r}: {value!r} cannot be sent.", try_this="Use one line of Latin letters."
            )
    return pairs
