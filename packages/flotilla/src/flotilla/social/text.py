"""The text of a post: what is accepted, and which parts of it are links, mentions and hashtags. Pure.

A face renders each segment's text escaped; nothing in here is HTML.
"""

import re
import unicodedata
from dataclasses import dataclass

from flotilla.errors import InvalidInputError

__all__ = [
    "POST_MAX_CHARACTERS",
    "Hashtag",
    "Link",
    "Mention",
    "Plain",
    "Segment",
    "accepted_text",
    "hashtag_name",
    "hashtags_in",
    "mentions_in",
    "parse",
    "tidied",
]

POST_MAX_CHARACTERS = 500
HASHTAG_MAX_CHARACTERS = 100
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})

# Vowel signs and accents are part of a word in many scripts, but not of \w. At U+FE00 begin the variation selectors,
# which belong to emoji and not to words.
_MARKS = "".join(mark for mark in map(chr, range(0x300, 0xFE00)) if unicodedata.category(mark) in {"Mn", "Mc"})
# What may open a mention or a hashtag: the beginning, or what cannot be part of a word, address or path.
_OPENING = r"(?<![\w@#/&.])"
_SEGMENT = re.compile(
    rf"(?P<link>(?<!\w)(?ai:https?)://[^\s<>\"'`{{}}|\\^]+)"
    rf"|{_OPENING}@(?P<mention>[A-Za-z0-9_]{{1,30}})(?![\w@])"
    rf"|{_OPENING}\#(?P<hashtag>\w[\w{_MARKS}]{{,{HASHTAG_MAX_CHARACTERS - 1}}})(?![\w{_MARKS}])"
)
# Where a segment may begin: found by its first letter alone, which spares trying _SEGMENT at every letter of a post.
_SIGN = re.compile("[@#]|[hH][tT][tT][pP][sS]?://")
# Casefolding makes up to three characters of one.
_HASHTAG_NAME = re.compile(rf"\w[\w{_MARKS}]{{,{3 * HASHTAG_MAX_CHARACTERS - 1}}}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CLOSING_PUNCTUATION = ".,;:!?…*_~"
_BRACKETS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Plain:
    """Words without a meaning of their own to the site."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """An http or https address, shown and followed as it was written."""

    text: str

    @property
    def url(self) -> str:
        """Where it leads; begins with http:// or https://."""
        return self.text


@dataclass(frozen=True, slots=True)
class Mention:
    """`@handle`; there need not be such a person."""

    text: str

    @property
    def handle(self) -> str:
        """The handle in its one spelling, lower case."""
        return self.text[1:].lower()


@dataclass(frozen=True, slots=True)
class Hashtag:
    """`#name`; never digits alone, so that `#1` stays a number."""

    text: str

    @property
    def name(self) -> str:
        """The tag in its one spelling, as its page's address has it."""
        return _one_spelling(self.text[1:])


Segment = Plain | Link | Mention | Hashtag


def tidied(text: str) -> str:
    """NFC, line feeds as the only control characters, no blank ends."""
    unix_lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return unicodedata.normalize("NFC", _CONTROL.sub("", unix_lines)).strip()


def accepted_text(text: str, *, may_be_empty: bool = False) -> str:
    """The text as it will be stored. Raises InvalidInputError (field `text`) when too long, or empty and may not be.

    Its length is counted in code points after NFC.
    """
    tidy = tidied(text)
    if all(unicodedata.category(character) in INVISIBLE_CATEGORIES for character in tidy):
        if may_be_empty:
            return ""
        raise InvalidInputError({"text": "Write something first."})
    if len(tidy) > POST_MAX_CHARACTERS:
        over = len(tidy) - POST_MAX_CHARACTERS
        raise InvalidInputError({"text": f"That is {len(tidy)} characters long, {over} more than a post may have."})
    return tidy


def hashtag_name(text: str) -> str | None:
    """A hashtag's name in its one spelling, from `Sailing` or `#sailing`; None when it cannot be a hashtag."""
    name = tidied(text).removeprefix("#")
    return _one_spelling(name) if _HASHTAG_NAME.fullmatch(name) and not name.isdigit() else None


def _one_spelling(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def parse(text: str) -> tuple[Segment, ...]:
    """The text in segments; their texts joined are the text again, and no two Plain ones are neighbours."""
    segments: list[Segment] = []
    plain_from = matched_to = 0
    for sign in _SIGN.finditer(text):
        match = _SEGMENT.match(text, sign.start()) if sign.start() >= matched_to else None
        if match is None:
            continue
        matched_to = match.end()
        segment = _segment(match)
        if segment is None:
            continue
        start = match.start()
        if start > plain_from:
            segments.append(Plain(text[plain_from:start]))
        segments.append(segment)
        plain_from = start + len(segment.text)
    if plain_from < len(text):
        segments.append(Plain(text[plain_from:]))
    return tuple(segments)


def _segment(match: re.Match[str]) -> Segment | None:
    match match.lastgroup:
        case "link":
            url = _without_closing_punctuation(match.group())
            return Link(url) if not url.endswith("://") else None
        case "mention":
            return Mention(match.group())
        case _:
            return None if match["hashtag"].isdigit() else Hashtag(match.group())


def _without_closing_punctuation(url: str) -> str:
    # "(see https://example.org/a_(b))." ends at the last bracket that was opened inside the address.
    while url:
        last = url[-1]
        opened = _BRACKETS.get(last)
        if last not in _CLOSING_PUNCTUATION and (opened is None or url.count(last) <= url.count(opened)):
            return url
        url = url[:-1]
    return url


def mentions_in(text: str) -> tuple[str, ...]:
    """The handles mentioned, each once, in order."""
    return tuple(dict.fromkeys(segment.handle for segment in parse(text) if isinstance(segment, Mention)))


def hashtags_in(text: str) -> tuple[str, ...]:
    """The names of the hashtags used, each once, in order."""
    return tuple(dict.fromkeys(segment.name for segment in parse(text) if isinstance(segment, Hashtag)))
