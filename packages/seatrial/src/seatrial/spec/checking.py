"""A seatrial.toml against the declared keys: the values as Seatrial keeps them, and all that is wrong."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrial.errors import SpecError
from seatrial.spec.key import BadValue, Key, Section, shown
from seatrial.spec.toml_lines import TomlPath

__all__ = ["Checked", "Problem", "Rule", "check", "did_you_mean", "refused"]

SHOWN_MAX = 25


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that cannot be used: where in the file, what is wrong, what to try."""

    path: TomlPath
    what: str
    try_this: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The values of a file.

    values: key's path (`server.workers`) -> value, the default where the file is silent; for a repeated section,
    its path -> a list of mappings, keyed by name. given: the paths the file sets. bad: paths whose value is refused.
    """

    values: Mapping[str, Any]
    given: frozenset[str]
    bad: frozenset[str]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something several keys must satisfy together; `find` is asked only when none of `reads` is refused already."""

    reads: tuple[str, ...]
    find: Callable[[Checked], Iterable[Problem]]


def check(document: Mapping[str, Any], sections: tuple[Section, ...], kind: str = "seatrial.toml") -> Checked:
    """Each key of `document` (as tomllib gives it) against its declaration. Never raises: problems are values.

    kind: what the file is called in the messages.
    """
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    given: set[str] = set()
    bad: set[str] = set()
    _find_unknown_sections(document, sections, problems, kind=kind)
    for section in sections:
        table = _table(document, section, problems)
        if table is None:
            bad.update(key.path for key in section.keys)
            bad.add(section.path)
        if section.repeated:
            values[section.path] = _rows(table or [], section, problems, bad, kind=kind)
            if table:
                given.add(section.path)
            continue
        at = tuple(section.path.split("."))
        _find_unknown_keys(table or {}, section, at, sections, problems, kind=kind)
        for key in section.keys:
            if key.name in (table or {}):
                given.add(key.path)
            values[key.path] = _value(key, table or {}, at, problems, bad)
    return Checked(values, frozenset(given), frozenset(bad), tuple(problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that names the known word most like this one; empty when none is."""
    names = list(known)
    longer = [name for name in names if len(word) >= 4 and name.startswith(word)]
    close = [min(longer, key=len)] if longer else difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""


def refused(path: Path, problems: Iterable[Problem], lines: Mapping[TomlPath, int]) -> SpecError:
    """All problems of a file as one error, in the order of the file."""
    placed = sorted(((_line_of(problem.path, lines), problem) for problem in problems), key=lambda pair: pair[0])
    if len(placed) == 1:
        line, problem = placed[0]
        return SpecError(f"{_dotted(problem.path)} {problem.what}", where=_place(path, line), try_this=problem.try_this)
    entries = [
        f"{_place(path, line)}: {_dotted(problem.path)} {problem.what}"
        + (f"\n    {problem.try_this}" if problem.try_this else "")
        for line, problem in placed[:SHOWN_MAX]
    ]
    if len(placed) > SHOWN_MAX:
        entries.append(f"... and {len(placed) - SHOWN_MAX} more.")
    return SpecError(f"{len(placed)} things in this file cannot be used.", where=str(path), details="\n".join(entries))


def _place(path: Path, line: int) -> str:
    return f"{path}:{line}" if line else str(path)


def _line_of(path: TomlPath, lines: Mapping[TomlPath, int]) -> int:
    """The line of the longest part of the path that is in the file; 0 when none of it is."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 0)


def _dotted(path: TomlPath) -> str:
    words = ""
    for part in path:
        words += f"[{part}]" if isinstance(part, int) else f".{part}" if words else str(part)
    return words


def _find_unknown_sections(
    document: Mapping[str, Any], sections: tuple[Section, ...], problems: list[Problem], *, kind: str
) -> None:
    known = {section.path.partition(".")[0] for section in sections}
    homes = _homes(sections)
    for name in document:
        if name not in known:
            home = "" if isinstance(document[name], dict) else homes.get(name, "")
            hint = home or did_you_mean(name, known) or f"The sections are {', '.join(sorted(known))}."
            problems.append(Problem((name,), f"is not a section of {kind}.", hint))


def _find_unknown_keys(
    table: Mapping[str, Any],
    section: Section,
    at: TomlPath,
    sections: tuple[Section, ...],
    problems: list[Problem],
    *,
    kind: str,
) -> None:
    inner = {other.path.rpartition(".")[2] for other in sections if other.path.startswith(section.path + ".")}
    known = {key.name for key in section.keys} | inner
    homes = _homes(sections)
    for name in table:
        if name not in known:
            listing = f"The keys of {section.header} are {', '.join(sorted(known))}."
            hint = homes.get(name) or did_you_mean(name, known) or listing
            problems.append(Problem((*at, name), f"is not a key of {kind}.", hint))


def _homes(sections: tuple[Section, ...]) -> dict[str, str]:
    """For a key that stands in the wrong section: where it belongs."""
    return {
        key.name: f"It belongs below a line {section.header}." for section in reversed(sections) for key in section.keys
    }


def _table(document: Mapping[str, Any], section: Section, problems: list[Problem]) -> Any:
    """The section's table, or list of tables; empty when the file has none; None when it is something else."""
    found: Any = document
    for name in section.path.split("."):
        if not isinstance(found, Mapping):
            return [] if section.repeated else {}
        found = found.get(name, [] if section.repeated and section.path.endswith(name) else {})
    if section.repeated:
        right = isinstance(found, list) and all(isinstance(row, dict) for row in found)
    else:
        right = isinstance(found, dict)
    if not right:
        problems.append(
            Problem(tuple(section.path.split(".")), f"must be a section, {section.header}; this is {shown(found)}.")
        )
        return None
    return found


def _rows(
    table: list[Any], section: Section, problems: list[Problem], bad: set[str], *, kind: str
) -> list[dict[str, Any]]:
    rows = []
    for index, row in enumerate(table):
        at: TomlPath = (*section.path.split("."), index)
        _find_unknown_keys(row, section, at, (section,), problems, kind=kind)
        rows.append({key.name: _value(key, row, at, problems, bad) for key in section.keys})
    return rows


def _value(key: Key, table: Mapping[str, Any], at: TomlPath, problems: list[Problem], bad: set[str]) -> Any:
    if key.name not in table:
        if key.required:
            problems.append(Problem((*at, key.name), "is missing.", f"Add a line such as: {key.example}"))
            bad.add(key.path)
        return key.default
    try:
        return key.accept(table[key.name])
    except BadValue as problem:
        path = (*at, key.name, *problem.below)
        problems.append(Problem(path, f"must be {problem.allowed}; this is {shown(problem.value)}.", key.hint))
        bad.add(key.path)
        return key.default
