"""The form by which moderators act on somebody, and the words for what they do."""

from flask import request

from flotilla.errors import InvalidInputError
from flotilla.social.reports import Category
from flotilla.social.sanctions import Kind
from flotilla.web.navigation import LARGEST_ID
from flotilla.web.translating import mark

__all__ = ["CATEGORIES", "MEASURES", "MEASURES_DONE", "MEASURES_FOR_POSTS", "chosen_ids", "chosen_kind"]

MEASURES = {
    Kind.WARN: mark("Warn them: they get your words, nothing else changes"),
    Kind.SENSITIVE: mark("Cover the chosen posts until a reader asks to see them"),
    Kind.REMOVE: mark("Remove the chosen posts for good"),
    Kind.FORCE_SENSITIVE: mark("Cover all their pictures, those to come too"),
    Kind.SILENCE: mark("Silence them: only their followers see what they post"),
    Kind.SUSPEND: mark("Suspend them: nobody sees them, and they cannot sign in"),
}
MEASURES_FOR_POSTS = frozenset({Kind.SENSITIVE, Kind.REMOVE})
MEASURES_DONE = {
    Kind.WARN: mark("warned"),
    Kind.SENSITIVE: mark("posts covered"),
    Kind.REMOVE: mark("posts removed"),
    Kind.FORCE_SENSITIVE: mark("all pictures covered"),
    Kind.SILENCE: mark("silenced"),
    Kind.SUSPEND: mark("suspended"),
}
CATEGORIES = {
    Category.SPAM: mark("Spam"),
    Category.VIOLATION: mark("It breaks a rule of this site"),
    Category.LEGAL: mark("It is against the law"),
    Category.OTHER: mark("Something else"),
}


def chosen_kind() -> Kind:
    """The measure that the form asks for. Raises InvalidInputError (field `kind`)."""
    try:
        return Kind(request.form.get("kind", ""))
    except ValueError:
        raise InvalidInputError({"kind": "Choose what to do."}) from None


def chosen_ids(name: str) -> list[int]:
    """The ids in the fields of that name; what is no id is left out."""
    found = (request.values.getlist(name))[:100]
    return [
        int(text) for text in found if text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= LARGEST_ID
    ]
