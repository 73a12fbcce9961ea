"""From a request's query, form or JSON to the struct that an endpoint takes. Forms are read as Rails reads them.

`media_ids[]=1&media_ids[]=2` is a list, `source[privacy]=public` an object, `fields_attributes[0][name]=x` a list of
objects; JSON says the same directly. What is null, or empty where no text is asked for, counts as not given.
"""

import re
import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from flask import Request
from msgspec import Struct

from flotilla.errors import InvalidInputError, NotFoundError

__all__ = ["MalformedBodyError", "given", "nested", "path_names"]

KEYS_MAX = 200
DEPTH_MAX = 4
TRUE_WORDS = frozenset({"1", "on", "t", "true", "yes"})
FALSE_WORDS = frozenset({"0", "f", "false", "no", "off"})
_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_PATH_NAME = re.compile(r"<(?:\w+:)?(\w+)>")


class MalformedBodyError(Exception):
    """The body is not what its Content-Type says."""


def path_names(path: str) -> tuple[str, ...]:
    """The names in a path of Flask's notation."""
    return tuple(_PATH_NAME.findall(path))


def given(request: Request, takes: type[Struct], in_path: Mapping[str, str]) -> Any:
    """The struct, from path, body and query. Raises InvalidInputError, NotFoundError, MalformedBodyError."""
    values = nested(request.args.items(multi=True))
    if request.mimetype == "application/json":
        values |= _json_object(request)
    elif request.method != "GET":
        values |= nested(request.form.items(multi=True))
    shaped = _shaped(values, takes)
    for name, text in in_path.items():
        kind = _kinds(takes)[name][0]
        if kind is int and not (text.isascii() and text.isdigit() and int(text[:20]) < 2**63):
            raise NotFoundError("Record not found")
        shaped[name] = text
    try:
        return msgspec.convert(shaped, takes, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidInputError({"parameters": _said(str(error))}) from None


def _said(message: str) -> str:
    # msgspec: "Expected `int`, got `str` - at `$.limit`" and "Object missing required field `status`".
    missing = re.search(r"missing required field `(\w+)`", message)
    if missing:
        return f"{missing[1].replace('_', ' ').capitalize()} can't be blank"
    where = re.search(r" - at `\$\.([^`]+)`", message)
    return f"{where[1].replace('_', ' ').capitalize()} is invalid" if where else "the parameters are invalid"


def _json_object(request: Request) -> dict[str, Any]:
    body = request.get_data()
    if not body:
        return {}
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedBodyError from None
    if not isinstance(read, dict):
        raise MalformedBodyError
    return read


def nested(pairs: Iterable[tuple[str | None, str]]) -> dict[str, Any]:
    """The pairs of a form as the object that their bracketed names describe; malformed names are taken as they are."""
    found: dict[str, Any] = {}
    for number, (key, value) in enumerate(pairs):
        if number >= KEYS_MAX:
            break
        # A part of a multipart form may come without a name.
        if not isinstance(key, str):
            continue
        match = _KEY.fullmatch(key)
        parts = _PART.findall(match[2]) if match else []
        if match is None or len(parts) > DEPTH_MAX:
            found[key] = value
            continue
        _put(found, [match[1], *parts], value)
    return found


def _put(into: dict[str, Any], parts: list[str], value: str) -> None:
    name, rest = parts[0], parts[1:]
    if not rest:
        into[name] = value
    elif rest == [""]:
        inside = into.setdefault(name, [])
        if isinstance(inside, list):
            inside.append(value)
    else:
        inside = into.setdefault(name, {})
        if isinstance(inside, dict):
            _put(inside, rest, value)


@cache
def _kinds(takes: type[Struct]) -> dict[str, tuple[Any, Any]]:
    """For each field its plain type (int, bool, str, list, a Struct) and, of a list, that of its items."""
    return {name: _kind(hint) for name, hint in get_type_hints(takes, include_extras=True).items()}


def _kind(hint: Any) -> tuple[Any, Any]:
    if get_origin(hint) is Annotated:
        return _kind(get_args(hint)[0])
    if get_origin(hint) in {Union, types.UnionType}:
        (hint,) = (part for part in get_args(hint) if part is not type(None)) if len(get_args(hint)) == 2 else (str,)
        return _kind(hint)
    if get_origin(hint) is list:
        return list, _kind(get_args(hint)[0])[0]
    return hint, None


def _shaped(values: Mapping[str, Any], takes: type[Struct]) -> dict[str, Any]:
    """The values that the struct knows, in the types that msgspec's lax mode takes them in."""
    shaped = {}
    for name, (kind, item) in _kinds(takes).items():
        value = values.get(name)
        if value is None or (value == "" and kind is not str):
            continue
        if kind is list:
            shaped[name] = [_plain(each, item) for each in _items(value)]
        else:
            shaped[name] = _plain(value, kind)
    return shaped


def _items(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    # fields_attributes[0][name]: an object whose keys are positions.
    if isinstance(value, dict):
        return [each for _, each in sorted(value.items())]
    return [value]


def _plain(value: Any, kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict):
        return _shaped(value, kind)
    if kind is bool and isinstance(value, str | int):
        word = str(value).lower()
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else value
    if kind is str and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
