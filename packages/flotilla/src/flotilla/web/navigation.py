"""Addresses: numbers in them, and where a person is sent next, which is only ever a page of this site."""

from flask import abort, request
from werkzeug.routing import IntegerConverter, Map

__all__ = ["LARGEST_ID", "IdConverter", "id_asked_for", "local_path"]

LARGEST_ID = 2**63 - 1  # PostgreSQL's bigint
LONGEST_PATH = 4000


class IdConverter(IntegerConverter):
    """`<id:...>` in a route: a number that can be the id of something."""

    # No more digits than a bigint has, and ASCII ones only: each post has one address.
    regex = "[0-9]{1,19}"

    def __init__(self, map: Map) -> None:  # noqa: A002 (werkzeug's name for it)
        super().__init__(map, min=1, max=LARGEST_ID)


def local_path(wanted: str | None, fallback: str) -> str:
    """`wanted` when it is a path of this site, else `fallback`.

    A browser reads `//host`, `/\\host` and a path with a tab or newline in front of its second slash as another site's
    address, so anything that holds a backslash or a control character is refused as a whole.
    """
    if not wanted or len(wanted) > LONGEST_PATH or not wanted.startswith("/") or wanted.startswith("//"):
        return fallback
    if "\\" in wanted or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in wanted):
        return fallback
    return wanted


def id_asked_for(name: str) -> int | None:
    """The id in the address's `?name=`, as links to older entries carry it; None without one, 404 for what is none."""
    text = request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= LARGEST_ID):
        abort(404)
    return int(text)
