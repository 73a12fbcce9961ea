"""Text set into lines of a terminal."""

import textwrap
from collections.abc import Iterable

from seatrial.report.prose import capitalised, ended, kept_together

__all__ = ["filled", "labelled", "listed"]


def filled(text: str, width: int, first: str = "", following: str = "") -> str:
    """Wrapped, with numbers kept beside their units; a no-break space is not one to textwrap, so it stays inside.

    No line ends at a hyphen: names of plans have some, and are copied from here.
    """
    wrapped = textwrap.fill(
        kept_together(text), width, initial_indent=first, subsequent_indent=following, break_on_hyphens=False
    )
    return wrapped.replace("\N{NO-BREAK SPACE}", " ")


def labelled(label: str, text: str, width: int, label_width: int) -> str:
    """A label at the left, and beside it the text; a label wider than its column pushes the first line on."""
    head = f"  {label:<{label_width}}"
    first = head if len(head) == label_width + 2 else f"{head}  "
    return filled(text, width, first, " " * (label_width + 2))


def listed(title: str, items: Iterable[str], width: int) -> str:
    """A title and what it is about, item by item, each a sentence."""
    indent = len(title) - len(title.lstrip())
    dash, margin = " " * indent + "  - ", " " * indent + "    "
    return "\n".join([title, *(filled(capitalised(ended(each)), width, dash, margin) for each in items)])
