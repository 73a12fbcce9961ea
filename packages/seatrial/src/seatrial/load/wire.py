"""Requests as bytes, and where they go."""

import socket
import urllib.parse
from dataclasses import dataclass

from seatrial.errors import LoadError
from seatrial.load.messages import Request

__all__ = ["Target", "Wire", "target"]

_LOCAL = {"127.0.0.1", "localhost", "::1"}
_USER_AGENT = "seatrial"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the subject listens: an address that needs no look-up, and the names it goes by in Host and redirects."""

    address: str
    port: int
    scheme: str
    host_header: str
    origins: frozenset[str]


def target(base_url: str, host_header: str = "", *, allow_remote: bool = False) -> Target:
    """Read a base URL such as http://127.0.0.1:8000; LoadError for what cannot be driven, or not without permission."""
    parts = urllib.parse.urlsplit(base_url)
    if parts.scheme != "http" or not parts.hostname:
        raise LoadError(
            f"only http:// addresses can be driven, not {base_url!r}.",
            where="subject.url",
            try_this="Measure the app itself, without TLS, such as http://127.0.0.1:8000.",
        )
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username:
        raise LoadError(
            f"{base_url!r} holds more than an address.",
            where="subject.url",
            try_this="Write paths in the operations; the URL is only http://address:port.",
        )
    if parts.hostname not in _LOCAL and not allow_remote:
        raise LoadError(
            f"{parts.hostname} is not this machine.",
            where="subject.url",
            try_this="Load on a machine that others use can take it down: start the app here, on 127.0.0.1.",
        )
    try:
        port = parts.port or 80
    except ValueError as error:
        raise LoadError(f"{base_url!r}: {error}.", where="subject.url") from error
    name = host_header or parts.netloc
    origins = frozenset({name.lower(), parts.netloc.lower(), f"{parts.hostname}:{port}"})
    return Target(_address(parts.hostname, port), port, parts.scheme, name, origins)


def _address(host: str, port: int) -> str:
    """Looked up once, so that no request waits for a name; of localhost's addresses, one that somebody listens on."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except socket.gaierror as error:
        raise LoadError(f"the name {host!r} is not known: {error.strerror}.", where="subject.url") from error
    for address in found if len(found) > 1 else ():
        try:
            socket.create_connection((address, port), timeout=1.0).close()
        except OSError:
            continue
        return address
    return found[0]


class Wire:
    """Makes a request's bytes; what is the same in all of them is made once."""

    def __init__(self, host_header: str, *, keep_alive: bool) -> None:
        self._fixed = {"Host": host_header, "User-Agent": _USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if not keep_alive:
            self._fixed["Connection"] = "close"
        self._head = "".join(f"{name}: {value}\r\n" for name, value in self._fixed.items())

    def encode(self, request: Request, cookie: str) -> bytes:
        """The whole request; headers of the request's own replace the fixed ones of the same name."""
        head = self._head
        if request.headers:
            own = {name.lower() for name, _ in request.headers}
            kept = [(name, value) for name, value in self._fixed.items() if name.lower() not in own]
            head = "".join(f"{name}: {value}\r\n" for name, value in (*kept, *request.headers))
        if cookie:
            head = f"{head}Cookie: {cookie}\r\n"
        if request.body or request.method not in {"GET", "HEAD"}:
            head = f"{head}Content-Length: {len(request.body)}\r\n"
        return f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + request.body
