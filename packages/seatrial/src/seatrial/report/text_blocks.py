"""Text set into lines of a terminal."""

import textwrap
from collections.abc import Iterable

from seatrial.report.prose import capitalised, ended, kept_together

__all__ = ["filled", "listed"]


def filled(text: str, width: int, first: str = "", following: str = "") -> str:
    """Wrapped, with numbers kept beside their units; a no-break space is not one to textwrap, so it stays inside."""
    wrapped = textwrap.fill(kept_together(text), width, initial_indent=first, subsequent_indent=following)
    return wrapped.replace("\N{NO-BREAK SPACE}", " ")


def listed(title: str, items: Iterable[str], width: int) -> str:
    """A title and what it is about, item by item, each a sentence."""
    indent = len(title) - len(title.lstrip())
    dash, margin = " " * indent + "  - ", " " * indent + "    "
    return "\n".join([title, *(filled(capitalised(ended(each)), width, dash, margin) for each in items)])
