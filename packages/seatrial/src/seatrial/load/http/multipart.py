"""Files, and forms that carry them: multipart/form-data as browsers write it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seatrial.errors import LoadError

__all__ = ["Entry", "File", "as_lines", "multipart"]

_CONTENT_TYPE = re.compile(r"[\t -~]*").fullmatch
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class File:
    """A file to upload: the name a browser would tell, its content, and its type, such as "image/png"."""

    name: str
    data: bytes
    content_type: str = "application/octet-stream"

    def __post_init__(self) -> None:
        if not isinstance(self.data, bytes):
            raise LoadError(f"the file {self.name!r} holds {type(self.data).__name__}; it takes bytes.")
        if not _CONTENT_TYPE(self.content_type):
            raise LoadError(f"the file {self.name!r} has the type {self.content_type!r}, which cannot be sent.")


Entry = tuple[str, str | File]
"""A form's field: its name, and text or a file."""


def as_lines(text: str) -> str:
    """Line breaks as forms send them, whichever the page or the system has: CR LF (HTML, 4.10.22.4)."""
    return _LINE_END.sub("\r\n", text) if "\n" in text or "\r" in text else text


def multipart(entries: Iterable[Entry]) -> tuple[bytes, str]:
    """The body of a form and its Content-Type (HTML, 4.10.22.7; RFC 7578).

    The boundary is the first of a fixed series that no part contains, so that the same form gives the same bytes.
    """
    heads, contents = [], []
    for name, value in entries:
        head = f'Content-Disposition: form-data; name="{_quoted(as_lines(name))}"'
        if isinstance(value, File):
            head = f'{head}; filename="{_quoted(value.name)}"\r\nContent-Type: {value.content_type}'
            contents.append(value.data)
        else:
            contents.append(as_lines(value).encode())
        heads.append(f"{head}\r\n\r\n".encode())
    boundary = _boundary(contents)
    parts = [piece for pair in zip(heads, contents, strict=True) for piece in (b"--%b\r\n" % boundary, *pair, b"\r\n")]
    return b"".join((*parts, b"--%b--\r\n" % boundary)), f"multipart/form-data; boundary={boundary.decode()}"


def _boundary(contents: Sequence[bytes]) -> bytes:
    number = 0
    while any(b"seatrial-form-%08d" % number in content for content in contents):
        number += 1
    return b"----seatrial-form-%08d" % number


def _quoted(text: str) -> str:
    """Of a name, what would end it; nothing else is escaped, not even a backslash."""
    return text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")
