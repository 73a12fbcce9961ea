"""The site in a person's language: which one, and the words of each.

Words are English in the code. In templates they stand in `_('...')` and `{% trans %}`, and are looked up when it is
compiled (`flotilla.web.compiling`); in Python they stand in `_("...")`, looked up when it runs, or in `mark("...")`
for a value made before anyone asks. The rules' sentences (`flotilla.social`) need no mark: `sentence` finds their
translation, also when numbers or names stand in them. `packages/flotilla/translate.py` collects all of these into
`translations/de.po`, and writes what is read here, `de.mo`.
"""

from functools import lru_cache
from typing import Any

from flask import current_app, g, request
from werkzeug.http import parse_accept_header

from flotilla.errors import UnavailableError
from flotilla.social import Site
from flotilla.social.words import LANGUAGES, Words, words_of

__all__ = ["LANGUAGES", "Words", "_", "chosen_language", "mark", "ngettext", "sentence", "words_of"]


def chosen_language() -> str:
    """The language of this request: what its person chose, else what their browser asks for, else the site's own."""
    me = g.get("me")
    chosen = getattr(me, "language", "")
    if chosen in LANGUAGES:
        return chosen
    return _asked_for(request.headers.get("Accept-Language", "")) or _of_the_site()


def _(message: str, **values: Any) -> str:
    """The message in the language of this request, its %(name)s filled in."""
    return words_of(chosen_language()).text(message, **values)


def ngettext(one: str, many: str, n: int, **values: Any) -> str:
    """The message for `n` of something in the language of this request; %(num)s is the number itself."""
    return words_of(chosen_language()).counted(one, many, n, **values)


def sentence(english: str) -> str:
    """A rule's sentence in the language of this request."""
    return words_of(chosen_language()).sentence(english)


def mark(message: str) -> str:
    """The message itself: tells `translate.py` that it will be looked up later."""
    return message


@lru_cache(maxsize=256)
def _asked_for(header: str) -> str:
    # Whoever asks for Austrian German is served German, before the English they would also read.
    wanted = (str(tag).partition("-")[0].lower() for tag, quality in parse_accept_header(header[:200]) if quality > 0)
    return next((language for language in wanted if language in LANGUAGES), "")


def _of_the_site() -> str:
    site: Site = current_app.extensions["flotilla.site"]
    try:
        return site.site_settings.now().default_language
    except UnavailableError:
        # The page that says so is to be read as well.
        return site.settings.default_language
