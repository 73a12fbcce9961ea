"""Small matters of setting text: capitals, full stops, and no line break between a number and its unit."""

import re

__all__ = ["capitalised", "ended", "kept_together"]

NUMBER_AND_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|MB|GB|USD|vCPU)\b|%)")


def capitalised(text: str) -> str:
    """With its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """With a full stop, unless it ends already."""
    return text if not text or text.endswith((".", "!", "?", ".)")) else f"{text}."


def kept_together(text: str) -> str:
    """With no-break spaces between numbers and their units, so that no line ends between them."""
    return NUMBER_AND_UNIT.sub("\N{NO-BREAK SPACE}", text)
