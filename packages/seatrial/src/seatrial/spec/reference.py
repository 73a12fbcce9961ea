"""Writes the page on seatrial.toml: `python -m seatrial.spec.reference docs/reference/seatrial-toml.md`."""

import sys
from pathlib import Path

from seatrial.spec.key import Key, Section, shown
from seatrial.spec.keys import SECTIONS, SMALLEST_FILE

__all__ = ["reference_page"]

PREFACE = f"""\
<!-- Generated from seatrial/spec/*keys.py by `python -m seatrial.spec.reference docs/reference/seatrial-toml.md`. -->

# seatrial.toml

A seatrial.toml says what is measured, on what, with which load, and what is good enough. It is
[TOML](https://toml.io/en/v1.0.0). The smallest one:

```toml
{SMALLEST_FILE}```

Everything else has a default. Relative paths start at the folder of the file. What cannot be used is refused before
anything starts, with the line it is on; a key that is not on this page is refused too.
"""


def reference_page(sections: tuple[Section, ...] = SECTIONS) -> str:
    """The whole page as Markdown."""
    return "\n".join([PREFACE, *(_section(section) for section in sections)])


def _section(section: Section) -> str:
    rows = [
        f"| [`{key.name}`](#{key.path.replace('.', '')}) | {key.kind.words} | {_default(key)} |" for key in section.keys
    ]
    lines = [
        f"## {section.header}",
        "",
        section.about,
        "",
        "| key | type | default |",
        "| --- | --- | --- |",
        *rows,
        "",
    ]
    return "\n".join([*lines, *(_key(key) for key in section.keys)])


def _key(key: Key) -> str:
    facts = [f"Type: {key.kind.words}.", f"Default: {_default(key)}."]
    if key.choices:
        facts.append(f"Allowed: {', '.join(f'`{choice}`' for choice in key.choices)}.")
    if key.bounds_words():
        facts.append(f"Allowed: {key.bounds_words()}.")
    if key.hint:
        facts.append(key.hint)
    return "\n".join([f"### {key.path}", "", key.about, "", " ".join(facts), "", "```toml", key.example, "```", ""])


def _default(key: Key) -> str:
    if key.required:
        return "none, it is required"
    return key.default_words or f"`{shown(key.default)}`"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference_page(), encoding="utf-8")
