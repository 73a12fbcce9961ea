"""A lever: one declared difference of a seatrial.toml, with what it is for and what it costs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["NO_LEVER", "Lever", "changed", "clash", "most_hosts"]

Changes = Mapping[str, Mapping[str, Any]]
"""Section -> key -> value, as tomllib gives them; None: the key is left out."""


@dataclass(frozen=True, slots=True)
class Lever:
    """One thing that can be changed to carry more people.

    name: how it is chosen. about: what it is, a plain sentence. costs: what must be paid for it, besides memory, which
    is measured. risk: what may go wrong. changes: of the file, see `changed`. is_own: from the file itself, not built
    in. refusal: why it is none for this app; "" where it is one.
    """

    name: str
    about: str = ""
    costs: str = ""
    risk: str = ""
    changes: Changes = field(default_factory=dict)
    is_own: bool = False
    refusal: str = ""

    def keys(self) -> frozenset[tuple[str, ...]]:
        """Every key it sets; of a table of names (the environment, PostgreSQL's settings), every name in it."""
        found: set[tuple[str, ...]] = set()
        for section, table in self.changes.items():
            for key, value in table.items():
                inner = value if isinstance(value, Mapping) else {}
                found.update({(section, key, name) for name in inner} or {(section, key)})
        return frozenset(found)


NO_LEVER = Lever("now", "The app as its seatrial.toml declares it.")


def clash(first: Iterable[Lever], second: Lever) -> Lever | None:
    """The first of several levers that sets what the second sets too, so that they are alternatives; None if none."""
    return next((lever for lever in first if lever.keys() & second.keys()), None)


def most_hosts(levers: Iterable[Lever]) -> int:
    """The most hosts that any of them asks for; 1 where none does. What is no whole number its own lever is told."""
    asked = [lever.changes.get("services", {}).get("hosts", 1) for lever in levers if not lever.refusal]
    return max((count for count in asked if isinstance(count, int)), default=1)


def changed(document: Mapping[str, Any], levers: Iterable[Lever]) -> dict[str, Any]:
    """The document with these levers pulled, later ones before earlier ones. Pure.

    Tables of names are merged name by name; every other value is replaced; None leaves a key out.
    """
    result = dict(document)
    for lever in levers:
        for section, table in lever.changes.items():
            result[section] = _merged(result.get(section, {}), table)
    return result


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _merged(merged[key], value)
        else:
            merged[key] = value
    return merged
