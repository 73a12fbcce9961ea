"""What somebody typed into the search box, read. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from flotilla.errors import InvalidInputError
from flotilla.social.accounts import handle_of
from flotilla.social.text import hashtag_name, tidied

__all__ = ["QUERY_MAX_CHARACTERS", "WORDS_MAX", "Query", "read_query"]

QUERY_MAX_CHARACTERS = 200
WORDS_MAX = 12
FROM = re.compile(r"(?<!\S)from:(\S+)", re.IGNORECASE)
WITHOUT_PHRASE = re.compile(r'-"[^"]*"?')
WORD = re.compile(r"\w+")
# What `words_of` in the database does to letters that are no letter and accent.
ALIKE = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for. `text` is for posts, "" for none; `words` begin the words of a name; `handle` and `hashtag`
    begin these; `author` is None for anyone's posts, else a handle (perhaps nobody's: `@`)."""

    text: str
    words: tuple[str, ...]
    handle: str
    hashtag: str
    author: str | None


def read_query(typed: str) -> Query:
    """Read what was typed: words, "words in a row", -without, this or that, from:@handle, #tag, @handle.

    Raises InvalidInputError (field `q`) when it is too long.
    """
    tidy = " ".join(tidied(typed).split())
    if len(tidy) > QUERY_MAX_CHARACTERS:
        raise InvalidInputError({"q": f"A search has at most {QUERY_MAX_CHARACTERS} characters."})
    authors = FROM.findall(tidy)
    rest = " ".join(FROM.sub(" ", tidy).split())
    about_people = not authors and not rest.startswith("#")
    about_tags = not authors and not rest.startswith("@")
    return Query(
        text=folded(rest) if _asks_for_a_word(rest) else "",
        words=tuple(WORD.findall(folded(rest))[:WORDS_MAX]) if about_people else (),
        handle=(handle_of(rest) or "") if about_people else "",
        hashtag=(hashtag_name(rest) or "") if about_tags else "",
        author=(handle_of(authors[-1]) or "@") if authors else None,
    )


def _asks_for_a_word(text: str) -> bool:
    # Everything but one word is nearly everything, which takes as long as it sounds.
    return any(WORD.search(part) and not part.startswith("-") for part in WITHOUT_PHRASE.sub(" ", text).split())


def folded(text: str) -> str:
    """The text in the form in which words are compared: small letters without their accents."""
    decomposed = unicodedata.normalize("NFKD", text.lower()).translate(ALIKE)
    return "".join(letter for letter in decomposed if not "\u0300" <= letter <= "\u036f")
