"""One key of seatrial.toml: everything there is to say about it, said once.

A `Key` is declared in `seatrial.spec.keys`; validation, defaults, messages and the reference page all read it there.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

__all__ = [
    "COMMAND",
    "COMMANDS",
    "FLAG",
    "NUMBER",
    "NUMBERS_BY_NAME",
    "PATH",
    "RANGE",
    "SETTINGS",
    "TABLE",
    "TEXT",
    "TEXT_BY_NAME",
    "WHOLE_NUMBER",
    "WHOLE_NUMBERS",
    "BadValue",
    "Key",
    "Kind",
    "Section",
    "shown",
]


Kept = TypeVar("Kept")


class BadValue(ValueError):
    """A value that cannot be used: `allowed` says what can be; `below` leads to the part of the value that is wrong."""

    def __init__(self, allowed: str, *, below: tuple[str | int, ...] = (), value: object = None) -> None:
        super().__init__(allowed)
        self.allowed = allowed
        self.below = below
        self.value = value


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of value: its name in the reference, and the function from what TOML gives to what Seatrial keeps."""

    words: str
    convert: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    path: section and name, such as `server.workers`.
    about: one paragraph for the reader of the reference. example: a line of TOML that is accepted.
    default: the value when the key is absent; default_words says it where the value alone would not.
    above, at_least, below, at_most: bounds of each number in the value. choices: the only texts allowed.
    hint: what to try, when the usual mistake is known.
    """

    path: str
    kind: Kind
    about: str
    example: str
    default: Any = None
    default_words: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    hint: str = ""

    @property
    def name(self) -> str:
        """The key's name without its section."""
        return self.path.rpartition(".")[2]

    def accept(self, value: object) -> Any:
        """The value as Seatrial keeps it. Raises `BadValue` for another type, out of bounds, or not a choice."""
        kept = self.kind.convert(value)
        if self.choices and kept not in self.choices:
            raise BadValue(" or ".join(shown(choice) for choice in self.choices), value=value)
        for below, number in _numbers_of(kept):
            if not self._within(number):
                raise BadValue(self.bounds_words(), below=below, value=number)
        return kept

    def _within(self, number: float) -> bool:
        return not (
            (self.above is not None and number <= self.above)
            or (self.at_least is not None and number < self.at_least)
            or (self.below is not None and number >= self.below)
            or (self.at_most is not None and number > self.at_most)
        )

    def bounds_words(self) -> str:
        """The bounds as a phrase: `a number above 0 and below 1`; empty when there are none."""
        bounds = (("above", self.above), ("at least", self.at_least), ("below", self.below), ("at most", self.at_most))
        phrases = [f"{words} {shown(float(bound))}" for words, bound in bounds if bound is not None]
        number = WHOLE_NUMBER.words if self.kind in {WHOLE_NUMBER, WHOLE_NUMBERS} else NUMBER.words
        return f"{number}, {' and '.join(phrases)}" if phrases else ""


@dataclass(frozen=True, slots=True)
class Section:
    """One `[section]`, or `[[section]]` when it may be repeated, with what it is for and its keys in reading order."""

    path: str
    about: str
    keys: tuple[Key, ...]
    repeated: bool = False

    @property
    def header(self) -> str:
        """The section's line in the file."""
        return f"[[{self.path}]]" if self.repeated else f"[{self.path}]"


def shown(value: object) -> str:
    """A value as TOML writes it, cut after 60 characters, for messages and for the reference."""
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case float():
            text = str(int(value)) if value.is_integer() else repr(value)
        case list() | tuple():
            text = "[" + ", ".join(shown(item) for item in value) + "]"
        case dict():
            text = "{" + ", ".join(f"{name} = {shown(item)}" for name, item in value.items()) + "}"
        case _:
            text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _numbers_of(kept: object) -> list[tuple[tuple[str | int, ...], float]]:
    match kept:
        case bool():
            return []
        case int() | float():
            return [((), kept)]
        case tuple():
            return [((index,), item) for index, item in enumerate(kept) if isinstance(item, int | float)]
        case dict():
            return [((name,), item) for name, item in kept.items() if isinstance(item, int | float)]
        case _:
            return []


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadValue(f"text in quotes{_quoted_hint(value)}", value=value)
    if "\x00" in value:
        raise BadValue("text without a zero character", value=value)
    return value


def _quoted_hint(value: object) -> str:
    return f', such as "{shown(value)}"' if isinstance(value, int | float) else ""


def _number(value: object) -> float:
    # TOML knows inf and nan; no setting here has a use for them.
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
        raise BadValue("a number", value=value)
    return float(value)


def _whole_number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadValue("a whole number", value=value)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue("true or false, without quotes", value=value)
    return value


def _command(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            words = tuple(shlex.split(value))
        except ValueError as problem:
            raise BadValue(f"a command line whose quotes are closed ({problem})", value=value) from None
    elif isinstance(value, list):
        words = tuple(_part(_text, index, item) for index, item in enumerate(value))
    else:
        raise BadValue("a command line as text, or as a list of words", value=value)
    if not words:
        raise BadValue("a command line that is not empty", value=value)
    return words


def _commands(value: object) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        raise BadValue('a list of command lines, such as ["flask db upgrade"]', value=value)
    return tuple(_part(_command, index, item) for index, item in enumerate(value))


def _text_by_name(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadValue("a table of NAME = text", value=value)
    return {name: _part(_text, name, item) for name, item in value.items()}


def _settings(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadValue("a table of name = value", value=value)
    return {name: _part(_setting, name, item) for name, item in value.items()}


def _setting(value: object) -> str:
    """As PostgreSQL reads it on its command line."""
    match value:
        case bool():
            return "on" if value else "off"
        case int() | float():
            return repr(value)
        case _:
            return _text(value)


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadValue("a table of name = value", value=value)
    return value


def _numbers_by_name(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise BadValue("a table of name = number", value=value)
    return {name: _part(_number, name, item) for name, item in value.items()}


def _whole_numbers(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise BadValue("a list of whole numbers, such as [1000, 10000, 100000]", value=value)
    return tuple(_part(_whole_number, index, item) for index, item in enumerate(value))


def _range(value: object) -> tuple[float, float, float]:
    if isinstance(value, list) and len(value) == 3:
        low, typical, high = (_part(_number, index, item) for index, item in enumerate(value))
    else:
        try:
            low = typical = high = _number(value)
        except BadValue:
            raise BadValue("three numbers [low, typical, high], or one number that is sure", value=value) from None
    if not low <= typical <= high:
        raise BadValue("three numbers in rising order: [low, typical, high]", value=value)
    return low, typical, high


def _part(convert: Callable[[object], Kept], place: str | int, item: object) -> Kept:
    try:
        return convert(item)
    except BadValue as bad:
        raise BadValue(bad.allowed, below=(place, *bad.below), value=bad.value) from None


TEXT = Kind("text", _text)
PATH = Kind("path", _text)
NUMBER = Kind("a number", _number)
WHOLE_NUMBER = Kind("a whole number", _whole_number)
WHOLE_NUMBERS = Kind("a list of whole numbers", _whole_numbers)
FLAG = Kind("true or false", _flag)
COMMAND = Kind("a command line: text, or a list of words", _command)
COMMANDS = Kind("a list of command lines", _commands)
TEXT_BY_NAME = Kind("a table of texts", _text_by_name)
SETTINGS = Kind("a table of texts, numbers, true or false", _settings)
NUMBERS_BY_NAME = Kind("a table of numbers", _numbers_by_name)
TABLE = Kind("a table of keys", _table)
RANGE = Kind("[low, typical, high], or one number", _range)
