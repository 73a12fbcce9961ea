"""What is sent and what comes back: requests and answers, as values."""

import json
from dataclasses import dataclass, replace
from typing import Any

from seatrial.errors import LoadError
from seatrial.load.http.content_coding import BodyError, decoded
from seatrial.load.http.headers import Headers

__all__ = ["ExpectationError", "Request", "Response", "describe"]

_EXCERPT = 200


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
            raise ExpectationError(f"expected JSON ({error}), got {describe(self)}", response=self) from None

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


class ExpectationError(LoadError):
    """An answer was not what the journey expects; names what was got. response: the answer, where it is known."""

    def __init__(self, what: str, *, try_this: str = "", response: Response | None = None) -> None:
        super().__init__(what, try_this=try_this)
        self.response = response


def describe(response: Response) -> str:
    """An answer in words: status, where a redirect leads, and its first characters, white space squeezed."""
    location = response.headers.get("location", "")
    leads = f" to {location[:_EXCERPT]}" if location else ""
    try:
        start = response.body[: 8 * _EXCERPT].decode("utf-8", "replace")
    except BodyError as error:
        start = error.what
    return f"{response.status}{leads} from {response.path}: {' '.join(start.split())[:_EXCERPT]!r}"
