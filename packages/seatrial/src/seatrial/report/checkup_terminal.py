"""What `seatrial doctor` looked at, as text. Pure."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from seatrial.discover.checkup import Check

__all__ = ["checkup_json", "checkup_text"]

MARKS = {"good": "ok", "could be better": "!", "stops": "X"}
WIDTH, INDENT = 80, 17


def checkup_text(checks: Iterable[Check]) -> str:
    """A line for each, with what to try below those that are not good."""
    return "\n".join(line for check in checks for line in _lines(check)) + "\n"


def checkup_json(checks: Iterable[Check]) -> dict[str, Any]:
    """The same facts: `schema`, `checks` of `topic`, `verdict`, `what`, `try_this`."""
    rows = [{"topic": c.topic, "verdict": c.verdict, "what": c.what, "try_this": c.try_this or None} for c in checks]
    return {"schema": "seatrial-doctor/1", "checks": rows}


def _lines(check: Check) -> Iterator[str]:
    head = f"{MARKS[check.verdict]:<4}{check.topic:<{INDENT - 4}}"
    for number, line in enumerate(textwrap.wrap(check.what, WIDTH - INDENT)):
        yield (head if number == 0 else " " * INDENT) + line
    for line in textwrap.wrap(check.try_this, WIDTH - INDENT):
        yield " " * INDENT + line
