"""What `seatrial init` found, as a table for the terminal. Pure."""

import textwrap
from collections.abc import Iterator

from seatrial.discover.proposal import Proposal

__all__ = ["proposal_table"]

WIDTH = 80
TOPIC_WIDTH = 13


def proposal_table(proposal: Proposal) -> str:
    """Each thing with how it was found; what it may be wrong in stands under it behind a question mark."""
    return "\n".join(_lines(proposal)) + "\n"


def _lines(proposal: Proposal) -> Iterator[str]:
    for clue in proposal.clues:
        yield from _wrapped(clue.topic, f"{clue.what}  ({clue.how})")
        if clue.doubt:
            yield from _wrapped("", f"? {clue.doubt}")
    for name, (value, reason) in proposal.environment.items():
        yield from _wrapped("variable", f"{name} = {value}  ({reason})")
    for operation in proposal.operations:
        who = ", signed in" if operation.signed_in else ""
        told = f"{operation.seconds * 1000:.0f} ms once, {operation.bytes / 1000:.1f} kB{who}"
        yield from _wrapped("operation", f"{operation.name}  GET {operation.path}  ({told})")


def _wrapped(topic: str, text: str) -> Iterator[str]:
    lines = textwrap.wrap(text, WIDTH - TOPIC_WIDTH, break_long_words=False, break_on_hyphens=False) or [""]
    yield f"{topic:<{TOPIC_WIDTH}}{lines[0]}"
    yield from (" " * TOPIC_WIDTH + line for line in lines[1:])
