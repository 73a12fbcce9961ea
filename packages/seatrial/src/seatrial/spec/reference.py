"""The pages on seatrial.toml and on files of plans, which docs/reference/generate.py writes."""

from seatrial.spec.key import Key, Section, shown
from seatrial.spec.keys import SECTIONS, SMALLEST_FILE
from seatrial.spec.own_plans import SMALLEST_PLANS_FILE
from seatrial.spec.plan_keys import PLAN_ROW

__all__ = ["plans_page", "reference_page"]

PREFACE = f"""\
<!-- Generated from seatrial/spec/*keys.py by `python docs/reference/generate.py`. -->

# seatrial.toml

A seatrial.toml says what is measured, on what, with which load, and what is good enough. It is
[TOML](https://toml.io/en/v1.0.0). The smallest one:

```toml
{SMALLEST_FILE}```

Everything else has a default. Relative paths start at the folder of the file. What cannot be used is refused before
anything starts, with the line it is on; a key that is not on this page is refused too.
"""


PLANS_PREFACE = f"""\
<!-- Generated from seatrial/spec/plan_keys.py by `python docs/reference/generate.py`. -->

# A file of plans

Prices age, and no catalogue knows every machine. A file of your own changes the plans that come with Seatrial and adds
to them. It counts where it is named: `--plans FILE` of `seatrial plans`, or `catalog = "FILE"` below `[plan]` in a
[seatrial.toml](seatrial-toml.md#plancatalog). It is [TOML](https://toml.io/en/v1.0.0), for example:

```toml
{SMALLEST_PLANS_FILE}```

A row that cannot be used is refused with the line it is on. The catalogue itself has the same keys.
"""


def plans_page() -> str:
    """The page on files of plans as Markdown."""
    return "\n".join([PLANS_PREFACE, _section(PLAN_ROW)])


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
    return key.default_words or ("not known" if key.default is None else f"`{shown(key.default)}`")
