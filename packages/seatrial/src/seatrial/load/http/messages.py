"""What a journey sends and gets back: requests, answers and pauses, as values."""

import json
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

from seatrial.load.http.content_coding import BodyError, decoded
from seatrial.load.http.headers import Headers
from seatrial.load.live.messages import LiveStep

__all__ = ["Journey", "Page", "Request", "Response", "Think"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a journey; made by `get`, `post`, `request` or `Form.submit`.

    name: the operation it is counted under; empty means the journey's. follow: whether redirects are followed as a
    browser does. cause: a name for what it brings about; who hears of it measures from when this request was due.
    """

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    name: str = ""
    follow: bool = True
    cause: str | int | None = None

    def causing(self, cause: str | int) -> "Request":
        """The same request with a cause: `form(page).submit(text=text).causing(text)`."""
        return replace(self, cause=cause)


@dataclass(frozen=True, slots=True)
class Think:
    """A pause of a person between two requests."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """Requests sent in parallel, as a browser asks for the parts of a page; made by `page`."""

    requests: tuple[Request, ...]


class Response:
    """An answer: `status`, `headers`, `body` (bytes), `text`, and `path`, where it was found after redirects.

    A compressed body is inflated when it is first looked at, not before: that can cost more than all the rest.
    """

    __slots__ = ("_body", "_raw", "_text", "expected", "headers", "path", "request", "status")

    def __init__(self, status: int, headers: Headers, body: bytes, path: str, request: Request) -> None:
        self.status = status
        self.headers = headers
        self.path = path
        self.request = request
        self.expected = False
        """Set by `expect`: the journey has judged the status itself, so that an expected 404 is a right answer."""
        self._raw = body
        self._body: bytes | None = None
        self._text: str | None = None

    @property
    def body(self) -> bytes:
        """What was sent, taken out of gzip; BodyError when it is broken, or inflates to more than 16 MB."""
        if self._body is None:
            self._body = self._inflated()
        return self._body

    @property
    def charset(self) -> str:
        """As the Content-Type says; UTF-8 when it does not."""
        return self.headers.charset

    @property
    def text(self) -> str:
        """The body as text; bytes that are not text are replaced."""
        if self._text is None:
            try:
                self._text = self.body.decode(self.charset, "replace")
            except LookupError:
                self._text = self.body.decode("utf-8", "replace")
        return self._text

    def has(self, text: str | bytes) -> bool:
        """Whether the body holds `text` (or bytes); looks at the bytes, which costs far less than decoding a page."""
        if isinstance(text, bytes):
            return text in self.body
        found = text.encode() in self.body
        # ASCII is the same in nearly every charset, so that it needs no second look when it is there.
        if (found and text.isascii()) or self.charset == "utf-8":
            return found
        return text in self.text

    def json(self) -> Any:
        """The body read as JSON; ExpectationError when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            from seatrial.load.journey.expectation import not_json

            raise not_json(self, error) from None

    def _inflated(self) -> bytes:
        coding = self.headers.content_coding
        if not coding:
            return self._raw
        try:
            return decoded(self._raw, coding)
        except BodyError as error:
            error.response = self
            raise

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.path} {len(self._raw)} bytes>"


Journey = Generator[Request | Page | Think | LiveStep, Any, None]
"""What a journey function returns: it yields steps and gets back a Response of a request, a tuple of them of a page."""
