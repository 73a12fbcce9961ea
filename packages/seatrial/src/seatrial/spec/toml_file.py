"""Reads a TOML file, or says where it is broken."""

import re
import tomllib
from pathlib import Path
from typing import Any

from seatrial.errors import SpecError

__all__ = ["toml_document", "toml_text"]

FILE_BYTES_MAX = 1_000_000


def toml_text(path: Path, *, kind: str, when_missing: str, example: str = "") -> str:
    """The file's text. kind: what it should be, as "a seatrial.toml"; when_missing, example: told if it is not there.

    Raises:
        SpecError: missing, unreadable, too large, or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        raise SpecError("there is no such file.", where=str(path), try_this=when_missing, details=example) from None
    except OSError as problem:
        raise SpecError(
            f"the file cannot be read: {problem.strerror or problem}.",
            where=str(path),
            try_this="Look at its owner and permissions.",
        ) from None
    if len(content) > FILE_BYTES_MAX:
        raise SpecError(
            f"the file is larger than {FILE_BYTES_MAX:,} bytes.", where=str(path), try_this=f"Is it {kind}?"
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise SpecError(
            "the file is not UTF-8 text.", where=f"{path}:{line}", try_this="Save it as UTF-8 in your editor."
        ) from None


def toml_document(path: Path, text: str, *, kind: str) -> dict[str, Any]:
    """What the text says. Raises `SpecError` with line and column when it is not TOML."""
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
        raise SpecError("the file nests too deeply.", where=str(path), try_this=f"Is it {kind}?") from None
