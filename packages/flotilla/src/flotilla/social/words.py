"""The words of each language the site speaks: looked up for whoever reads a page, or gets a letter."""

import gettext as catalogs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["LANGUAGES", "PLACEHOLDER", "Words", "words_of"]

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}  # the first is what the code itself speaks
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
SENTENCE_MAX_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Words:
    """Everything this site says, in one language. Both languages have one form for 1 and one for any other number."""

    language: str
    catalog: catalogs.NullTranslations
    patterns: tuple[tuple[re.Pattern[str], str], ...]

    def text(self, message: str, **values: Any) -> str:
        """The message in this language, its %(name)s filled in."""
        return self.catalog.gettext(message) % values if values else self.catalog.gettext(message)

    def counted(self, one: str, many: str, n: int, **values: Any) -> str:
        """The message for `n` of something; %(num)s is the number itself."""
        return self.catalog.ngettext(one, many, n) % {"num": self.number(n), **values}

    def in_context(self, context: str, message: str) -> str:
        """A message that would be ambiguous alone."""
        return self.catalog.pgettext(context, message)

    def sentence(self, english: str) -> str:
        """A finished English sentence in this language, or as it is when the catalog does not know it."""
        text = str(english)
        found = self.catalog.gettext(text) if text else ""
        if found != text or not self.patterns or len(text) > SENTENCE_MAX_CHARACTERS:
            return found
        for pattern, translation in self.patterns:
            if matched := pattern.fullmatch(text):
                return translation % {name: self.sentence(value) for name, value in matched.groupdict().items()}
        return text

    def number(self, n: int) -> str:
        """A whole number as it is written in this language: 12,345 or 12.345."""
        return f"{n:,}" if self.language == "en" else f"{n:,}".replace(",", ".")


@lru_cache
def words_of(language: str) -> Words:
    """The words of one of LANGUAGES; read once."""
    if language == "en":
        return Words("en", catalogs.NullTranslations(), ())
    with files("flotilla").joinpath(f"translations/{language}.mo").open("rb") as file:
        catalog = catalogs.GNUTranslations(file)
    known: dict[Any, str] = vars(catalog)["_catalog"]  # it has no other way to list its messages
    with_values = [text for text in known if isinstance(text, str) and PLACEHOLDER.search(text)]
    with_values.sort(key=lambda text: -len(PLACEHOLDER.sub("", text)))  # the most literal first
    return Words(language, catalog, tuple((_pattern(text), known[text]) for text in with_values))


def _pattern(message: str) -> re.Pattern[str]:
    pieces: list[str] = []
    names: set[str] = set()
    for index, piece in enumerate(PLACEHOLDER.split(message)):
        if index % 2 == 0:
            pieces.append(re.escape(piece.replace("%%", "%")))
        else:
            pieces.append(f"(?P={piece})" if piece in names else f"(?P<{piece}>.+?)")
            names.add(piece)
    return re.compile("".join(pieces), re.DOTALL)
