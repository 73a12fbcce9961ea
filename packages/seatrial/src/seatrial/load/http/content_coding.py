"""Bodies that came compressed, read as what they were."""

import zlib

from seatrial.errors import LoadError

__all__ = ["BODY_MAX_BYTES", "BodyError", "decoded"]

BODY_MAX_BYTES = 16 * 1024 * 1024
"""The longest body that is read, as it comes and as it is when inflated."""

_GZIP = 16 + zlib.MAX_WBITS
_CODINGS = frozenset({"gzip", "x-gzip"})
# A gzip file may have several members, one after the other (RFC 1952, 2.2); each costs a copy of the rest.
_MEMBERS_MAX = 16


class BodyError(LoadError):
    """A body is not what its headers say. response: the answer it belongs to, where that is known."""

    response: object = None


def decoded(body: bytes, coding: str) -> bytes:
    """The body taken out of its content coding (RFC 9110, 8.4); as it is for a coding that nobody asked for.

    Raises BodyError when it is broken or cut off, or when it inflates to more than BODY_MAX_BYTES: a few kilobytes can
    hold gigabytes.
    """
    if not body or coding not in _CODINGS:
        return body
    parts: list[bytes] = []
    room = BODY_MAX_BYTES
    while body:
        if len(parts) == _MEMBERS_MAX:
            raise BodyError(f"the gzip body has more than {_MEMBERS_MAX} members.")
        inflate = zlib.decompressobj(_GZIP)
        try:
            part = inflate.decompress(body, room + 1)
        except zlib.error as error:
            raise BodyError(f"the body is said to be gzip and is not: {error}.") from None
        room -= len(part)
        if room < 0:
            raise BodyError(
                f"the body inflates to more than {BODY_MAX_BYTES // 1024**2} MB.",
                try_this="Ask for less, or without compression: headers={'Accept-Encoding': 'identity'}.",
            )
        if not inflate.eof:
            raise BodyError("the gzip body ends in its middle.")
        parts.append(part)
        # Zeros may follow to fill up a block.
        body = inflate.unused_data.lstrip(b"\0")
    return b"".join(parts)
