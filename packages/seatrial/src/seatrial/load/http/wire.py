"""Requests as bytes."""

from collections.abc import Mapping

from seatrial.load.http.messages import Request

__all__ = ["Wire", "expects_continue"]

_USER_AGENT = "seatrial"
# Gzip is asked for as every browser does, so that an app (or what stands before it) that compresses for its visitors
# pays for it here, too. Only gzip, since that is what all of them speak, and Python reads.
_ACCEPT_ENCODING = "gzip"
_OF_THE_BODY = frozenset({"content-length", "transfer-encoding"})
_COOKIE = frozenset({"cookie"})
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_HEADS_MAX = 256
_NO_HEADERS: Mapping[str, str] = {}

HeaderTuple = tuple[tuple[str, str], ...]


class Wire:
    """Makes a request's bytes; what is the same in all of them is made once.

    told_scheme: "https" where the app is told so of requests that come without; else empty.
    """

    def __init__(self, host_header: str, *, keep_alive: bool, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        """headers: of every request. Who is told of HTTPS gets the Referer that a browser sends there, too."""
        self._fixed = {
            "Host": host_header,
            "User-Agent": _USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": _ACCEPT_ENCODING,
        }
        if not keep_alive:
            self._fixed["Connection"] = "close"
        told = {name.lower(): value for name, value in headers.items()}
        self.told_scheme = "https" if told.get("x-forwarded-proto") == "https" else ""
        if self.told_scheme:
            self._fixed["Referer"] = f"https://{host_header}/"
        self._fixed = {name: value for name, value in self._fixed.items() if name.lower() not in told or name == "Host"}
        self._fixed |= {name: value for name, value in headers.items() if name.lower() != "host"}
        # By the request's own headers, which are few and repeat, such as the type of a form: a POST then takes 0.7 us
        # instead of 2.0.
        self._heads: dict[HeaderTuple, str] = {}

    def encode(self, request: Request, cookie: str) -> bytes:
        """The whole request; headers of the request's own replace those that are always sent, and `cookie`.

        Raises ValueError for headers that would contradict the body, and for what Latin-1 does not have.
        """
        head = self._heads.get(request.headers)
        if head is None:
            head = self._learned(request.headers)
        if cookie and not (request.headers and _names(request.headers) & _COOKIE):
            head = f"{head}Cookie: {cookie}\r\n"
        body = request.body
        if body or request.method not in _WITHOUT_BODY:
            text = f"{request.method} {request.path} HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n"
            return text.encode("latin-1") + body
        return f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode("latin-1")

    def _learned(self, headers: HeaderTuple) -> str:
        own = _names(headers)
        if own & _OF_THE_BODY:
            raise ValueError("Content-Length and Transfer-Encoding follow from the body and cannot be set")
        kept = [(name, value) for name, value in self._fixed.items() if name.lower() not in own]
        head = "".join(f"{name}: {value}\r\n" for name, value in (*kept, *headers))
        if len(self._heads) >= _HEADS_MAX:
            self._heads.clear()
        self._heads[headers] = head
        return head


def expects_continue(request: Request) -> bool:
    """Whether the body is to be held back until the server has said that it wants it (RFC 9110, 10.1.1)."""
    return bool(request.body) and any(
        name.lower() == "expect" and value.lower() == "100-continue" for name, value in request.headers
    )


def _names(headers: HeaderTuple) -> set[str]:
    return {name.lower() for name, _ in headers}
