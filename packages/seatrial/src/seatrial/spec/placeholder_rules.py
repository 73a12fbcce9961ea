"""What may stand in braces, and what the amounts of data must satisfy together. Pure."""

import re
from collections.abc import Iterator

from seatrial.spec.checking import Checked, Problem, Rule, did_you_mean
from seatrial.spec.rules import database_kind
from seatrial.spec.subject_keys import (
    CACHE_PLACEHOLDERS,
    COMMAND_PLACEHOLDERS,
    DATABASE_PLACEHOLDERS,
    PLACEHOLDERS,
    POOL_PLACEHOLDER,
    SIZE_PLACEHOLDER,
)
from seatrial.spec.toml_lines import TomlPath

__all__ = ["PLACEHOLDER_RULES"]

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
SIZES_MIN = 3


def _placeholders(checked: Checked) -> Iterator[Problem]:
    values = checked.values
    known = PLACEHOLDERS + (DATABASE_PLACEHOLDERS if database_kind(checked) != "none" else ())
    known += (POOL_PLACEHOLDER,) if values["database.pool"] else ()
    known += CACHE_PLACEHOLDERS if values["services.cache"] != "none" else ()
    known += (SIZE_PLACEHOLDER,) if values["subject.size"] else ()
    for name, text in values["subject.environment"].items():
        yield from _unknown_placeholders(("subject", "environment", name), text, known)
    for index, words in enumerate(values["subject.prepare"]):
        for word in words:
            yield from _unknown_placeholders(("subject", "prepare", index), word, known)
    for word in values["server.command"]:
        yield from _unknown_placeholders(("server", "command"), word, known + COMMAND_PLACEHOLDERS)


def _unknown_placeholders(path: TomlPath, text: str, known: tuple[str, ...]) -> Iterator[Problem]:
    # Doubled braces stand for themselves, as in the test bed.
    for name in PLACEHOLDER.findall(text.replace("{{", "").replace("}}", "")):
        if name in known:
            continue
        if name == POOL_PLACEHOLDER:
            hint = "Say in [database] how many connections each process keeps, such as: pool = 5."
        elif name in CACHE_PLACEHOLDERS:
            hint = 'There is no cache here: say cache = "valkey" in [services].'
        elif name == SIZE_PLACEHOLDER:
            hint = "Say in [subject] how much data that is, such as: size = 10000."
        elif name in DATABASE_PLACEHOLDERS:
            hint = 'There is no database here: say kind = "embedded" in [database], or write the address itself.'
        else:
            listing = f"Known here: {', '.join(known)}."
            hint = f"{did_you_mean(name, known) or listing} To keep the braces, write {{{{{name}}}}}."
        yield Problem(path, f"holds {{{name}}}, which Seatrial cannot fill in.", hint)


def _sizes(checked: Checked) -> Iterator[Problem]:
    """Further amounts of data are only told from each other by `prepare`, in a database that starts empty."""
    sizes = checked.values["measure.sizes"]
    if not sizes:
        return
    at = ("measure", "sizes")
    if len(set(sizes)) < SIZES_MIN:
        yield Problem(
            at,
            f"must hold {SIZES_MIN} different amounts or more: two cannot tell a search in an index from a walk "
            "through the table.",
            "For example sizes = [1000, 10000, 100000].",
        )
    if database_kind(checked) != "embedded":
        yield Problem(
            at,
            "needs a database that is prepared afresh for each amount.",
            'Use database.kind = "embedded", or leave sizes out.',
        )
    if checked.values["subject.size"] is None or not any(
        f"{{{SIZE_PLACEHOLDER}}}" in word for command in checked.values["subject.prepare"] for word in command
    ):
        yield Problem(
            at,
            "is not used: no command of subject.prepare says {size}.",
            'Say in [subject] size = 10000, and in prepare something such as "{bin}/load-data --people {size}".',
        )


PLACEHOLDER_RULES: tuple[Rule, ...] = (
    Rule(
        (
            "subject.environment",
            "subject.prepare",
            "subject.size",
            "subject.url",
            "server.command",
            "database.kind",
            "database.url",
            "services.cache",
        ),
        _placeholders,
    ),
    Rule(("measure.sizes", "subject.prepare", "subject.size", "subject.url", "database.kind", "database.url"), _sizes),
)
