"""Collects every sentence Flotilla says into translations/*.po, and writes the *.mo files the site reads.

    .venv/bin/python packages/flotilla/translate.py           collect, write, list what has no translation yet
    .venv/bin/python packages/flotilla/translate.py --check   change nothing; exit 1 when something is missing or stale

Five sources: `_('...')` and `{% trans %}` in templates; `_("...")`, `ngettext` and `mark` in `flotilla.web`;
`say("...")` in the letters; the descriptions of the settings that admins change in the page; and the sentences in
`flotilla.social`, which are plain text there: whatever reads like one. An f-string becomes a message with a placeholder
for each of its values: f"At least {MIN} words." is `At least %(MIN)s words.`
"""

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent / "src" / "flotilla"
TRANSLATIONS = PACKAGE / "translations"
LETTERS, SETTINGS = "social/letters.py", "settings.py"
KEYWORDS = {
    "_": None,
    "say": None,
    "gettext": None,
    "mark": None,
    "ngettext": (1, 2),
    "counted": (1, 2),
    "pgettext": ((1, "c"), 2),
}
TEMPLATE_OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
SENTENCE = re.compile(r"(?:[A-Z]|%\()[^\n]* [^\n]*[.!?]", re.DOTALL)
NOT_FOR_READERS = {"StartError", "MailError"}  # whoever runs the site reads English
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)  # so that the same sentences make the same files
Found = tuple[str, int, object, str | None]  # file, line, message, context


def main() -> int:
    """Collect and write, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 when something is missing or stale"
    )
    check = parser.parse_args().check
    problems = [problem for po in sorted(TRANSLATIONS.glob("*.po")) for problem in updated(po, write=not check)]
    sys.stdout.write(("\n".join(problems) or "Every sentence has its translation.") + "\n")
    return 1 if problems and check else 0


def updated(po: Path, *, write: bool) -> list[str]:
    """What is wrong with one language's catalog, once the code's own sentences are in it."""
    with po.open("rb") as file:
        catalog = read_po(file, locale=po.stem)
    before = po.read_text(encoding="utf-8")
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = LONG_AGO
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    mo = po.with_suffix(".mo")
    if write:
        po.write_text(as_text(catalog), encoding="utf-8")
        mo.write_bytes(compiled.getvalue())
    problems = [
        f"{po.name}: no translation of {message.id!r}"
        for message in catalog
        if message.id and not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]
    problems += [f"{po.name}: {error} in {message.id!r}" for message, errors in catalog.check() for error in errors]
    if not write and before != as_text(catalog):
        problems.append(f"{po.name} is not what the code says now: run packages/flotilla/translate.py")
    if not write and (not mo.exists() or mo.read_bytes() != compiled.getvalue()):
        problems.append(f"{mo.name} is not made from {po.name}: run packages/flotilla/translate.py")
    return problems


def as_text(catalog: Catalog) -> str:
    """The catalog as a .po file: by file, without line numbers, which would change with every edit."""
    written = io.BytesIO()
    write_po(written, catalog, include_lineno=False, omit_header=False, width=120, sort_by_file=True)
    header = re.compile(
        r'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Report-Msgid-Bugs-To|Last-Translator|Language-Team):.*\\n"\n',
        re.MULTILINE,
    )
    return header.sub("", written.getvalue().decode())


def template() -> Catalog:
    """Every message of the code, untranslated."""
    catalog = Catalog(project="Flotilla", fuzzy=False)
    for file, line, message, context in sorted(messages(), key=lambda found: (found[0], found[1])):
        catalog.add(message, "", [(file, line)], context=context)  # type: ignore[arg-type]
    return catalog


def messages() -> Iterator[Found]:
    """Every message, from all sources."""
    for path in sorted(PACKAGE.rglob("*")):
        name = path.relative_to(PACKAGE).as_posix()
        if path.suffix == ".html":
            yield from marked(path, name, "jinja2")
        elif path.suffix == ".py" and (name.startswith(("web/", "api/", "live/", "jobs/")) or name == LETTERS):
            yield from marked(path, name, "python")
        elif path.suffix == ".py" and name.startswith("social/"):
            yield from sentences(path.read_text(encoding="utf-8"), name)
        elif name == SETTINGS:
            yield from descriptions(path.read_text(encoding="utf-8"), name)


def marked(path: Path, name: str, method: str) -> Iterator[Found]:
    """The messages that are marked in a template or in Python."""
    with path.open("rb") as file:
        options = TEMPLATE_OPTIONS if method == "jinja2" else {}
        for line, message, _comments, context in extract(method, file, keywords=KEYWORDS, options=options):
            yield name, line, message, context


def sentences(source: str, name: str) -> Iterator[Found]:
    """The texts of a Python file that read like sentences for people, but for its docstrings."""
    tree = ast.parse(source)
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        if isinstance(node, ast.JoinedStr):
            skipped.update(node.values)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NOT_FOR_READERS:
            skipped.update(ast.walk(node))
    for node in ast.walk(tree):
        text = None
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped:
            text = node.value
        elif isinstance(node, ast.JoinedStr) and node not in skipped:
            text = "".join(map(piece, node.values))
        if text and SENTENCE.fullmatch(text):
            yield name, node.lineno, text, None


def descriptions(source: str, name: str) -> Iterator[Found]:
    """What the settings page says of each of its settings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setting":
            in_page = any(keyword.arg == "in_page" for keyword in node.keywords)
            if in_page and isinstance(node.args[0], ast.Constant):
                yield name, node.lineno, node.args[0].value, None


def piece(value: ast.expr) -> str:
    """A part of an f-string in a message: its text, or a placeholder named after what stands there."""
    if isinstance(value, ast.Constant):
        return str(value.value).replace("%", "%%")
    assert isinstance(value, ast.FormattedValue)
    name = re.sub(r"\W+", "_", ast.unparse(value.value)).strip("_")
    return f"%({name})s"


if __name__ == "__main__":
    sys.exit(main())
