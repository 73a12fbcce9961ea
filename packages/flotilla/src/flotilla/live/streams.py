"""The streams that apps can ask for, by the names of the Mastodon API, and their keys among listeners. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from flotilla.social.text import hashtag_name

__all__ = ["Stream", "UnknownStreamError", "stream_of_path", "stream_of_words"]

WITH_SCOPE = {
    "user": "read:statuses",
    "user:notification": "read:notifications",
    "direct": "read:statuses",
    "list": "read:lists",
    "hashtag": "read:statuses",
    "hashtag:local": "read:statuses",
    "public": "read:statuses",
    "public:local": "read:statuses",
    "public:remote": "read:statuses",
    "public:media": "read:statuses",
    "public:local:media": "read:statuses",
    "public:remote:media": "read:statuses",
}
PREFIX = "/api/v1/streaming"
LARGEST_ID = 2**63 - 1


class UnknownStreamError(Exception):
    """No stream has that name, or what it is about is missing; the text is the answer to the app."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream. `about`: the hashtag's name or the list's id, else ""."""

    name: str
    about: str = ""

    @property
    def scope(self) -> str:
        """What an app has to be allowed."""
        return WITH_SCOPE[self.name]

    @property
    def words(self) -> list[str]:
        """The stream as messages on a WebSocket name it."""
        return [self.name, self.about] if self.about else [self.name]

    def key(self, account_id: int) -> tuple[str, str]:
        """Where what concerns this stream is found; a person's own streams are under their id."""
        if self.name in {"user", "user:notification", "direct"}:
            return self.name, str(account_id)
        return self.name, self.about


def stream_of_words(asked: Mapping[str, str]) -> Stream:
    """The stream that `stream`, with `tag` or `list`, names. Raises UnknownStreamError."""
    name = asked.get("stream", "")
    if name not in WITH_SCOPE:
        raise UnknownStreamError("Unknown stream type")
    match name:
        case "hashtag" | "hashtag:local":
            tag = hashtag_name(asked.get("tag", ""))
            if tag is None:
                raise UnknownStreamError("Missing tag name parameter")
            return Stream(name, tag)
        case "list":
            text = asked.get("list", "")
            if not (text.isascii() and text.isdigit() and len(text) <= 19 and 0 < int(text) <= LARGEST_ID):
                raise UnknownStreamError("Missing list name parameter")
            return Stream(name, str(int(text)))
    return Stream(name)


def stream_of_path(path: str, asked: Mapping[str, str]) -> Stream:
    """The stream at an address like /api/v1/streaming/public/local. Raises UnknownStreamError."""
    name = path.removeprefix(PREFIX).strip("/").replace("/", ":")
    if asked.get("only_media", "").lower() in {"1", "true"} and name in {"public", "public:local", "public:remote"}:
        name += ":media"
    return stream_of_words({**asked, "stream": name})
