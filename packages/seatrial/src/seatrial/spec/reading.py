"""Reads a seatrial.toml into a `TrialSpec`, or says everything that is wrong with it at once."""

import re
import tomllib
from pathlib import Path
from typing import Any

from seatrial.errors import SpecError
from seatrial.spec.building import trial_spec
from seatrial.spec.checking import check, refused
from seatrial.spec.file_rules import file_rules
from seatrial.spec.keys import SECTIONS, SMALLEST_FILE
from seatrial.spec.objective_rules import OBJECTIVE_RULES
from seatrial.spec.places import absolute
from seatrial.spec.rules import LOCAL_RULES, RULES
from seatrial.spec.toml_lines import key_lines
from seatrial.spec.trial_spec import TrialSpec

__all__ = ["read_trial_spec"]

FILE_NAME = "seatrial.toml"
FILE_BYTES_MAX = 1_000_000


def read_trial_spec(path: Path, *, allow_remote: bool = False) -> TrialSpec:
    """The trial that a seatrial.toml (or a folder that holds one) declares; relative paths start at the file's folder.

    Raises `SpecError` with file, line and key of everything that cannot be used.
    """
    path = absolute(Path(path))
    if path.is_dir():
        path = path / FILE_NAME
    text = _text_of(path)
    document = _document_of(path, text)
    checked = check(document, SECTIONS)
    rules = RULES + OBJECTIVE_RULES + (() if allow_remote else LOCAL_RULES)
    asked = (rule for rule in (*rules, *file_rules(path.parent)) if not checked.bad.intersection(rule.reads))
    problems = [*checked.problems, *(problem for rule in asked for problem in rule.find(checked))]
    if problems:
        raise refused(path, problems, key_lines(text))
    return trial_spec(path, checked, allow_remote=allow_remote)


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise SpecError(
            "there is no such file.",
            where=str(path),
            try_this="Give the path of a seatrial.toml. The smallest, for an app made by create_app() in shop.py:",
            details=SMALLEST_FILE,
        ) from None
    except OSError as problem:
        raise SpecError(
            f"the file cannot be read: {problem.strerror or problem}.",
            where=str(path),
            try_this="Look at its owner and permissions.",
        ) from None
    if len(content) > FILE_BYTES_MAX:
        raise SpecError(
            f"the file is larger than {FILE_BYTES_MAX:,} bytes.", where=str(path), try_this="Is it a seatrial.toml?"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise SpecError(
            "the file is not UTF-8 text.", where=f"{path}:{line}", try_this="Save it as UTF-8 in your editor."
        ) from None


def _document_of(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        message = str(problem)
        place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
        where = f"{path}:{place[1]}:{place[2]}" if place else f"{path}:{text.count(chr(10)) + 1}"
        what = re.sub(r" \(at .*\)$", "", message)
        raise SpecError(
            f"this is not valid TOML: {what[:1].lower()}{what[1:]}.",
            where=where,
            try_this="Usual causes: text without quotes, a quote or bracket that is not closed, a key given twice.",
        ) from None
    except RecursionError:
        raise SpecError("the file nests too deeply.", where=str(path), try_this="Is it a seatrial.toml?") from None
