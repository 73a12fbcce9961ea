"""How a setting is declared, once, as a field, and how its value is read from text."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from flotilla.bucket_address import SHAPE, BucketAddress
from flotilla.errors import StartError

__all__ = ["PREFIX", "Declaration", "declared_in", "parsed", "setting"]

PREFIX = "FLOTILLA_"
TRUE_WORDS = frozenset({"1", "on", "true", "yes"})
VALKEY_SCHEMES = frozenset({"redis", "rediss", "unix"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})

# Its origin stands in a header of each page, where a space or a semicolon would mean something else.
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~%/-]*)?", re.ASCII)


def setting(
    description: str,
    *,
    default: Any = MISSING,
    default_text: str | None = None,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    longest: int | None = None,
    secret: bool = False,
    in_page: bool = False,
) -> Any:
    """A dataclass's field that is a setting: its description, its default, and what its value has to be.

    `in_page`: admins may change it in the page, and what they choose counts instead of the environment's.
    """
    metadata = {
        "description": description,
        "default_text": default_text,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "longest": longest,
        "secret": secret,
        "in_page": in_page,
    }
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One setting as a reference page shows it. `default` is text; None: the setting has to be given."""

    name: str
    field_name: str
    kind: str
    default: str | None
    description: str
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    longest: int | None
    secret: bool
    in_page: bool


def declared_in(settings: type[Any]) -> Iterator[Declaration]:
    """Every setting among the fields of a dataclass, in their order."""
    for declared in fields(settings):
        told = declared.metadata
        if told["default_text"] is not None:
            default = told["default_text"]
        elif isinstance(declared.default, bool):
            default = "yes" if declared.default else "no"
        else:
            default = None if declared.default is MISSING else str(declared.default)
        yield Declaration(
            name=PREFIX + declared.name.upper(),
            field_name=declared.name,
            kind=declared.type.__name__ if isinstance(declared.type, type) else str(declared.type),
            default=default,
            description=told["description"],
            choices=told["choices"],
            minimum=told["minimum"],
            maximum=told["maximum"],
            longest=told["longest"],
            secret=told["secret"],
            in_page=told["in_page"],
        )


def parsed(declared: Declaration, text: str) -> object:
    """The value that a variable's text stands for. Raises StartError, naming the variable."""
    match declared.kind:
        case "int" | "float":
            return _number(declared, text)
        case "bool":
            if text.lower() not in TRUE_WORDS | FALSE_WORDS:
                raise StartError(f"{declared.name} is {text!r}; it has to be yes or no.")
            return text.lower() in TRUE_WORDS
    if declared.choices and text not in declared.choices:
        raise StartError(f"{declared.name} is {text!r}; it has to be one of: {', '.join(declared.choices)}.")
    if declared.longest is not None and len(text) > declared.longest:
        raise StartError(f"{declared.name} has {len(text)} characters; at most {declared.longest} are accepted.")
    if declared.field_name in {"database_url", "owner_url", "pooler_url"}:
        _refuse_unusable_url(declared.name, text)
    if declared.field_name in {"cache_url", "bus_url"}:
        _refuse_unusable_valkey(declared.name, text)
    if declared.field_name == "media_url":
        _refuse_unusable_bucket(declared.name, text)
    if declared.field_name == "media_public_url" and not _PUBLIC_URL.fullmatch(text):
        raise StartError(f"{declared.name} is {text!r}; it has to be like https://pictures.example.org/public.")
    return text


def _number(declared: Declaration, text: str) -> int | float:
    number: int | float
    try:
        number = int(text) if declared.kind == "int" else float(text)
    except ValueError:
        wanted = "a whole number" if declared.kind == "int" else "a number"
        raise StartError(f"{declared.name} is {text!r}; it has to be {wanted}.") from None
    low, high = declared.minimum, declared.maximum
    if (low is not None and not number >= low) or (high is not None and not number <= high):
        raise StartError(f"{declared.name} is {text}; it has to be between {low:g} and {high:g}.")
    return number


def _refuse_unusable_url(name: str, text: str) -> None:
    # The address may hold a password, so it is never repeated in the message.
    shape = "postgresql://user:password@host:port/database"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise StartError(f"{name} cannot be read as an address ({error}).", try_this=f"Write it as {shape}") from None
    if parts.scheme not in {"postgresql", "postgres"}:
        raise StartError(
            f"{name} does not begin with postgresql://, and Flotilla runs on PostgreSQL only.",
            try_this=f"Write it as {shape}",
        )
    if not parts.username or not parts.path.strip("/"):
        missing = "a user" if not parts.username else "the name of a database"
        raise StartError(f"{name} lacks {missing}.", try_this=f"Write it as {shape}")


def _refuse_unusable_valkey(name: str, text: str) -> None:
    # As above: never repeated.
    shape = "redis://127.0.0.1:6379/0, or redis://user:password@host:port/0"
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise StartError(f"{name} cannot be read as an address ({error}).", try_this=f"Write it as {shape}") from None
    if parts.scheme not in VALKEY_SCHEMES:
        raise StartError(f"{name} does not begin with redis://, rediss:// or unix://.", try_this=f"Write it as {shape}")


def _refuse_unusable_bucket(name: str, text: str) -> None:
    # As above: somebody may have put a key into it.
    try:
        BucketAddress.parse(text)
    except ValueError as error:
        raise StartError(f"{name} cannot be used: {error}.", try_this=f"Write it as {SHAPE}") from None
