"""Where the subject listens: what a base URL says, and how a connection to it is opened."""

import ipaddress
import os
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from seatrial.errors import LoadError

__all__ = ["Target", "is_this_machine", "split_url", "target"]

_WHERE = "URL"
_PORTS = {"http": 80, "https": 443}
_SOCKET_PATH_BYTES_MAX = 107
# What a browser would put into the address line to reach an app through a proxy that speaks to its socket.
_SOCKET_HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Target:
    """An address that needs no look-up, and the names it goes by in Host and redirects.

    address: an IP address, or where is_socket the path of a Unix socket (port is then 0). tls: how it is spoken to
    over https, and server_name, whose certificate it must show.
    """

    address: str
    port: int
    scheme: str
    host_header: str
    origins: frozenset[str]
    is_socket: bool = False
    tls: ssl.SSLContext | None = None
    server_name: str = ""

    def __str__(self) -> str:
        if self.is_socket:
            return f"unix:{self.address}"
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def target(
    base_url: str,
    host_header: str = "",
    *,
    allow_remote: bool = False,
    verify: bool = True,
    ca_file: str | Path | None = None,
) -> Target:
    """Read a base URL: http://127.0.0.1:8000, https://localhost:8443, http://[::1]:8000, unix:/run/app.sock (or
    http+unix://%2Frun%2Fapp.sock).

    Over https the server's certificate must be for the name in the URL (or in host_header) and be signed by somebody
    this machine trusts, or whom ca_file (PEM) names; verify=False takes any certificate. LoadError for what cannot be
    driven, or not without permission.
    """
    socket_path = _socket_path(base_url)
    if socket_path is not None:
        name = host_header or _SOCKET_HOST
        return Target(socket_path, 0, "http", name, frozenset({name.lower(), _SOCKET_HOST}), is_socket=True)
    parts, port = _parts(base_url)
    host = parts.hostname or ""
    if parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None:
        raise LoadError(
            f"{base_url!r} holds more than an address.",
            where=_WHERE,
            try_this="Write paths in the operations; the URL is only http://address:port.",
        )
    if not (allow_remote or is_this_machine(host)):
        raise LoadError(
            f"{host} is not this machine.",
            where=_WHERE,
            try_this="Load on a machine that others use can take it down: start the app here, on 127.0.0.1.",
        )
    name = host_header or parts.netloc
    origins = {name.lower(), parts.netloc.lower(), f"[{host}]:{port}" if ":" in host else f"{host}:{port}"}
    if port == _PORTS[parts.scheme]:
        origins.add(parts.netloc.lower().removesuffix(f":{port}"))
    tls = _tls(verify=verify, ca_file=ca_file) if parts.scheme == "https" else None
    server_name = (urllib.parse.urlsplit(f"//{name}").hostname or host) if tls else ""
    return Target(_address(host, port), port, parts.scheme, name, frozenset(origins), tls=tls, server_name=server_name)


def split_url(url: str) -> tuple[str, str]:
    """A URL as base for `target` and path with query: ("http://127.0.0.1:8000", "/home?page=2").

    Without a scheme it is http. A socket's path and the path asked for cannot be told apart by slashes: a second colon
    stands between them, unix:/run/app.sock:/home. LoadError for what is no URL.
    """
    if url.startswith("unix:"):
        socket_path, _, path = url.removeprefix("unix:").partition(":")
        return f"unix:{socket_path}", path or "/"
    with_scheme = url if "://" in url else f"http://{url}"
    try:
        parts = urllib.parse.urlsplit(with_scheme)
    except ValueError as error:
        raise _no_url(url, str(error)) from None
    if not parts.netloc:
        raise _no_url(url, "it names no host")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", f"{parts.path or '/'}{query}"


def _socket_path(base_url: str) -> str | None:
    """The socket's path where the URL is of one."""
    if base_url.startswith("unix:"):
        path = base_url.removeprefix("unix:").removeprefix("//")
    elif base_url.startswith("http+unix://"):
        path, _, more = base_url.removeprefix("http+unix://").partition("/")
        if more:
            raise LoadError(
                f"{base_url!r} holds more than an address.",
                where=_WHERE,
                try_this="Slashes in the socket's path are written %2F: http+unix://%2Frun%2Fapp.sock",
            )
        path = urllib.parse.unquote(path)
    else:
        return None
    if not path or "\0" in path or len(os.fsencode(path)) > _SOCKET_PATH_BYTES_MAX:
        raise LoadError(
            f"{base_url!r} names no Unix socket: its path has 1 to {_SOCKET_PATH_BYTES_MAX} bytes.",
            where=_WHERE,
            try_this="Write it so: unix:/run/app.sock",
        )
    return path


def _parts(base_url: str) -> tuple[urllib.parse.SplitResult, int]:
    """The URL's parts, and its port."""
    try:
        parts = urllib.parse.urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _no_url(base_url, str(error)) from None
    if parts.scheme not in _PORTS or not host:
        raise LoadError(
            f"only http:// and https:// addresses and Unix sockets can be driven, not {base_url!r}.",
            where=_WHERE,
            try_this="Such as http://127.0.0.1:8000, or unix:/run/app.sock.",
        )
    return parts, port or _PORTS[parts.scheme]


def _no_url(text: str, why: str) -> LoadError:
    return LoadError(f"{text!r} is no URL: {why}.", where=_WHERE, try_this="Such as http://127.0.0.1:8000.")


def is_this_machine(host: str) -> bool:
    """Whether a host name or address can be nothing but the machine this runs on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(*, verify: bool, ca_file: str | Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        # ssl.SSLError, for a file that holds no certificate, is an OSError too.
        why = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise LoadError(
            f"the CA file cannot be used: {why or error}.",
            where=str(ca_file),
            try_this="It is a text file (PEM) that begins with -----BEGIN CERTIFICATE-----.",
        ) from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def _address(host: str, port: int) -> str:
    """Looked up once, so that no request waits for a name; of localhost's addresses, one that somebody listens on."""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (socket.gaierror, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise LoadError(
            f"the name {host!r} is not known: {why}.",
            where=_WHERE,
            try_this="Is it spelled rightly? An address such as 127.0.0.1 needs no look-up.",
        ) from error
    for address in found if len(found) > 1 else ():
        try:
            socket.create_connection((address, port), timeout=1.0).close()
        except OSError:
            continue
        return address
    return found[0]
