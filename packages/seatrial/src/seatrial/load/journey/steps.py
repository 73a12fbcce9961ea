"""The steps a journey yields: requests of every kind, pages and pauses."""

import functools
import json as json_module
import re
import urllib.parse
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seatrial.errors import LoadError
from seatrial.load.http.messages import Request
from seatrial.load.http.multipart import Entry, File, multipart
from seatrial.load.live.messages import LiveStep

__all__ = ["Files", "HeaderPairs", "Journey", "Page", "Think", "get", "page", "post", "request", "think"]

HeaderPairs = Mapping[str, str] | Iterable[tuple[str, str]]
Files = Mapping[str, File | Sequence[File]]

_PLAIN_PATH = re.compile(r"/[!-~]*").fullmatch
_METHOD = re.compile(r"[A-Z]{1,20}").fullmatch
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_HEADER_VALUE = re.compile(r"[\t -~\x80-\xff]*").fullmatch
_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Think:
    """A pause of a person between two requests."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """Requests sent in parallel, as a browser asks for the parts of a page; made by `page`."""

    requests: tuple[Request, ...]


Journey = Generator[Request | Page | Think | LiveStep, Any, None]
"""What a journey function returns: it yields steps and gets back a Response of a request, a tuple of them of a page."""


def get(path: str, *, name: str = "", headers: HeaderPairs = (), bearer: str = "", follow: bool = True) -> Request:
    """A GET of `path` (which begins with "/" and may hold a query).

    bearer: a token, sent as `Authorization: Bearer ...`, also with the redirects that follow, which never leave the
    app. name: the operation it is counted under, instead of the journey's. follow: whether redirects are followed.
    """
    if not (headers or bearer):
        return _plain_get(path, name, follow)
    return Request("GET", _checked_path(path), b"", _pairs(headers, bearer), name, follow)


# Journeys ask for the same pages again and again, and a request never changes: one made before takes 0.2 us, a new one
# 1.1 us.
@functools.lru_cache(maxsize=1024)
def _plain_get(path: str, name: str, follow: bool) -> Request:
    return Request("GET", _checked_path(path), b"", (), name, follow)


def post(
    path: str,
    data: Mapping[str, object] | str | bytes | None = None,
    *,
    json: object = None,
    files: Files | None = None,
    name: str = "",
    headers: HeaderPairs = (),
    bearer: str = "",
    follow: bool = True,
    cause: str | int | None = None,
) -> Request:
    """A POST: `data` as a form (a mapping) or as it is (text, bytes), or `json`; with `files`, a form that uploads.

    cause: a name never used before, such as `person.unique()` made; whoever hears of it on an open socket (see
    `listen`) measures from when this request was due.
    """
    sent = request("POST", path, data, json=json, files=files, name=name, headers=headers, bearer=bearer, follow=follow)
    return sent if cause is None else sent.causing(cause)


def request(
    method: str,
    path: str,
    data: Mapping[str, object] | str | bytes | None = None,
    *,
    json: object = None,
    files: Files | None = None,
    name: str = "",
    headers: HeaderPairs = (),
    bearer: str = "",
    follow: bool = True,
    cause: str | int | None = None,
) -> Request:
    """A request of any method, such as "PUT" or "DELETE"; the rest as in `post` and `get`."""
    if not _METHOD(method):
        raise LoadError(f"{method!r} is not a method of HTTP.", try_this="Write it in capitals, such as GET or POST.")
    body, content_type = _encoded(data, json, files)
    pairs = _pairs(headers, bearer) if headers or bearer else ()
    if content_type and not any(key.lower() == "content-type" for key, _ in pairs):
        pairs = (*pairs, ("Content-Type", content_type))
    return Request(method, _checked_path(path), body, pairs, name, follow, cause)


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


def _encoded(data: Mapping[str, object] | str | bytes | None, json: object, files: Files | None) -> tuple[bytes, str]:
    """A body and its Content-Type, empty when nothing tells it."""
    if files is not None:
        if json is not None or isinstance(data, str | bytes):
            raise LoadError("a request with files takes data as a mapping (the form's other fields), and no json.")
        return multipart((*_texts(data or {}), *_files(files)))
    if json is not None:
        if data is not None:
            raise LoadError("a request takes data or json, not both.")
        return json_module.dumps(json).encode(), "application/json"
    if data is None:
        return b"", ""
    if isinstance(data, bytes):
        return data, ""
    if isinstance(data, str):
        return data.encode(), _FORM_TYPE
    return urllib.parse.urlencode(data, doseq=True).encode(), _FORM_TYPE


def _texts(data: Mapping[str, object]) -> Iterator[Entry]:
    for name, value in data.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            yield name, str(one)


def _files(files: Files) -> Iterator[Entry]:
    for name, given in files.items():
        for one in (given,) if isinstance(given, File) else given:
            if not isinstance(one, File):
                raise LoadError(
                    f"the file {name!r} is {type(one).__name__}.",
                    try_this='Write files={"image": File("a.png", content, "image/png")}.',
                )
            yield name, one


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


def _pairs(headers: HeaderPairs, bearer: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(headers.items()) if isinstance(headers, Mapping) else tuple(headers)
    if bearer:
        pairs = (*pairs, ("Authorization", f"Bearer {bearer}"))
    for name, value in pairs:
        if not _HEADER_NAME(name) or not _HEADER_VALUE(value):
            raise LoadError(
                f"the header {name!r}: {value!r} cannot be sent.", try_this="Use one line of Latin letters."
            )
    return pairs
