"""What is wrong with the levers of a seatrial.toml: each is tried on the file, with all the rules of the file. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from seatrial.spec.checking import Problem
from seatrial.spec.lever import Lever, changed
from seatrial.spec.lever_keys import LEVER_TABLES, LEVERS
from seatrial.spec.toml_lines import TomlPath

__all__ = ["lever_problems"]

NAME_MAX = 40


def lever_problems(
    document: Mapping[str, Any], levers: Sequence[Lever], found: Callable[[Mapping[str, Any]], Sequence[Problem]]
) -> Iterator[Problem]:
    """All problems of the levers of a file that has no other. found: those of a whole document."""
    seen: set[str] = set()
    for index, lever in enumerate(levers):
        at: TomlPath = (LEVERS.path, index)
        if lever.name in seen:
            yield Problem((*at, "name"), f'is "{lever.name}" a second time.', "Each lever is told apart by its name.")
        seen.add(lever.name)
        if not lever.name.strip() or "," in lever.name or len(lever.name) > NAME_MAX:
            what = f"must be a short name without commas, at most {NAME_MAX} characters."
            yield Problem((*at, "name"), what, 'For example: name = "cache"')
        if not lever.changes:
            hint = f"Add one of {', '.join(LEVER_TABLES)}, such as: server = {{ workers = 2 }}"
            yield Problem(at, "changes nothing.", hint)
        for problem in found(changed(document, [lever])):
            yield _placed(problem, at, lever)


def _placed(problem: Problem, at: TomlPath, lever: Lever) -> Problem:
    """Where the lever says it; at the lever itself where only the two together cannot be."""
    for table, home in LEVER_TABLES.items():
        inside = problem.path[len(home) :]
        if problem.path[: len(home)] == home and inside and _says(lever, home, inside[0]):
            return Problem((*at, table, *inside), problem.what, problem.try_this)
    where = ".".join(map(str, problem.path))
    return Problem(at, f"does not go with the rest of the file: {where} {problem.what}", problem.try_this)


def _says(lever: Lever, home: TomlPath, key: str | int) -> bool:
    table: Any = lever.changes
    for name in home:
        table = table.get(name, {}) if isinstance(table, Mapping) else {}
    return key in table
