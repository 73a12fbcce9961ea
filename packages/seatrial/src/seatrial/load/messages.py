"""What a journey sends and gets back: requests, answers and pauses, as values."""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Headers", "Journey", "Page", "Request", "Response", "Think"]


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

    def first(self, name: bytes) -> bytes:
        """The first value of a name (in small letters), as it came, or nothing; cheaper than reading all of them."""
        for given, value in self._pairs:
            if len(given) == len(name) and given.lower() == name:
                return value
        return b""

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
        _, _, charset = self.headers.first(b"content-type").lower().partition(b"charset=")
        return charset.partition(b";")[0].decode("latin-1").strip(" \"'") or "utf-8"

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
            from seatrial.load.expectation import not_json

            raise not_json(self, error) from None

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.path} {len(self.body)} bytes>"


Journey = Generator[Request | Page | Think, Any, None]
"""What a journey function returns: it yields steps and gets back a Response of a request, a tuple of them of a page."""
