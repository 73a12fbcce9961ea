"""The heads of answers: read once, and known again when the same bytes come with another answer."""

import math

from seatrial.load.http.headers import Headers

__all__ = ["END_OF_HEAD", "Head", "KnownHeads"]

END_OF_HEAD = b"\r\n\r\n"

_KNOWN_MAX = 512
_HEAD_MAX_BYTES = 4096
# Statuses whose answers have no body, whatever their headers say (RFC 9112, 6.3).
_WITHOUT_BODY = frozenset({204, 304})


class Head:
    """What the head of a final answer says.

    keep: whether the connection may be used again; idle_s: for how long, by the server's Keep-Alive header, without
    one infinite. body_bytes: how long the body is that follows, where the head alone says it: see `KnownHeads.learn`.
    """

    __slots__ = ("body_bytes", "headers", "idle_s", "keep", "set_cookies", "status")

    def __init__(self, status: int, pairs: list[tuple[bytes, bytes]], *, keep: bool) -> None:
        self.status = status
        self.headers = Headers(pairs)
        self.keep = keep
        self.idle_s = math.inf
        self.set_cookies: tuple[bytes, ...] = ()
        self.body_bytes = -1
        for name, value in pairs:
            if len(name) == 10:
                lower = name.lower()
                if lower == b"set-cookie":
                    self.set_cookies = (*self.set_cookies, value)
                elif lower == b"keep-alive":
                    self.idle_s = _idle_s(value)

    @property
    def ends_with_connection(self) -> bool:
        """Whether the body lasts until the server closes (for an answer that may have one)."""
        headers = self.headers
        is_chunked = any("chunked" in one.lower() for one in headers.get_all("transfer-encoding"))
        return not is_chunked and "content-length" not in headers


class KnownHeads:
    """Heads that were seen, by their exact bytes up to the empty line.

    Most answers of a server have the head of one before: of the same page in the same second. Knowing it again saves
    the parser and its calls, ten for six headers. Nothing is taken on trust: the first sights of a head always go
    through the parser, and afterwards only an answer that came whole in one read, of the length its head says.
    """

    __slots__ = ("_heads", "_once", "get")

    def __init__(self) -> None:
        self._heads: dict[bytes, Head] = {}
        # Heads that hold a new cookie or number each time never come back: they are not worth more than a note.
        self._once: set[bytes] = set()
        self.get = self._heads.get
        """The head with these very bytes (END_OF_HEAD included), or None."""

    def learn(self, begins: bytes, rest_bytes: int, head: Head) -> None:
        """Keep the head of an answer (not to a HEAD) that came whole in one read, when it comes for the second time.

        begins: the answer up to its first END_OF_HEAD; rest_bytes: what came after it. Kept only where the head alone
        says how long the body is (RFC 9112, 6.3): by Content-Length, or since there is none.
        """
        once = self._once
        if begins not in once:
            if len(once) >= _KNOWN_MAX:
                once.clear()
            if len(begins) <= _HEAD_MAX_BYTES:
                once.add(begins)
            return
        # The parser refuses the two together today; here nothing may depend on how strict it is.
        if "transfer-encoding" in head.headers:
            return
        # What the parser took for the body must begin where we think that the head ends.
        is_as_long = head.headers.get_all("content-length") == (str(rest_bytes),)
        if not (rest_bytes == 0 if head.status in _WITHOUT_BODY else is_as_long):
            return
        if len(self._heads) >= _KNOWN_MAX:
            # Begun anew, since heads that hold the time or a new cookie go out of use: the others come back at once.
            self._heads.clear()
        head.body_bytes = rest_bytes
        self._heads[begins] = head


def _idle_s(keep_alive: bytes) -> float:
    _, _, timeout = keep_alive.lower().partition(b"timeout=")
    digits = timeout.split(b",")[0].strip()
    if not digits.isdigit():
        return math.inf
    # Given up a little earlier than the server does: a request on its way as it closes would be lost.
    return max(0.0, min(int(digits[:9]), 3600) - 0.5)
