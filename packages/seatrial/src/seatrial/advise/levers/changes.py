"""The exact lines that pull levers: in seatrial.toml, and where the app really runs. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seatrial.advise.levers.findings import Change
from seatrial.measure.study_file import without_password
from seatrial.spec.lever import Lever
from seatrial.spec.reading import Declared

__all__ = ["changes_of"]

GUNICORN_OPTIONS = {
    "workers": "--workers",
    "threads": "--threads",
    "worker_class": "--worker-class",
    "keep_alive_s": "--keep-alive",
    "preload": "--preload",
}


def changes_of(levers: Sequence[Lever], declared: Declared) -> tuple[Change, ...]:
    """The lines, section by section; of levers that set the same key, the last one's."""
    found: dict[tuple[str, str], Change] = {}
    for lever in levers:
        for section, table in lever.changes.items():
            for change in _in_section(section, table, declared.document.get(section, {}), (section,), declared):
                found[change.section, change.after.split(" = ", maxsplit=1)[0]] = change
    return tuple(found.values())


def _in_section(
    section: str, table: Mapping[str, Any], old: Mapping[str, Any], at: tuple[str, ...], declared: Declared
) -> Iterator[Change]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            inner = old.get(key, {})
            yield from _in_section(
                f"{section}.{key}", value, inner if isinstance(inner, Mapping) else {}, (*at, key), declared
            )
            continue
        is_there = key in old
        if is_there and old[key] == value:
            continue
        before = f"{_named(key)} = {_toml(old[key])}" if is_there else ""
        if value is None and not is_there:
            continue
        after = f"leave out {key}" if value is None else f"{_named(key)} = {_toml(value)}"
        line = declared.lines.get((*at, key)) if is_there else None
        elsewhere = _elsewhere(section, key, value, declared)
        yield Change(f"[{section}]", line, *(without_password(text) for text in (before, after, elsewhere)))


def _elsewhere(section: str, key: str, value: Any, declared: Declared) -> str:
    if value is None:
        return ""
    if section == "subject.environment":
        # What stands in braces is only known to Seatrial.
        return "" if "{" in str(value) else f"{key}={value}"
    if section == "server" and key in GUNICORN_OPTIONS and declared.spec.subject.server.kind == "gunicorn":
        return f"gunicorn {GUNICORN_OPTIONS[key]}" + ("" if value is True else f" {value}")
    if section == "database.settings":
        return f"ALTER SYSTEM SET {key} = '{value}'"
    return ""


def _named(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _toml(key)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case list():
            return "[" + ", ".join(_toml(each) for each in value) + "]"
        case Mapping():
            return "{ " + ", ".join(f"{_named(name)} = {_toml(each)}" for name, each in value.items()) + " }"
        case _:
            return str(value)
