"""Signing in for a bearer token, as APIs do it, from their OpenAPI description."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.discover.visitor import Answer, Visitor

__all__ = ["TokenDoor", "token_doors", "token_of"]

SIGNS_IN = re.compile(r"log[-_]?in|sign[-_]?in|token|auth|session|access", re.IGNORECASE)
SIGNS_UP = re.compile(r"regist|sign[-_]?up|users?/?$|accounts?/?$|join", re.IGNORECASE)
TOKEN_NAMES = ("access_token", "token", "access", "id_token", "jwt", "auth_token", "key")


@dataclass(frozen=True, slots=True)
class TokenDoor:
    """A POST that takes a password. is_form: as a form, else as JSON. wrapped: the object the fields are in, such as
    `user`, empty when they are at the top. fields: each with its kind (user, password, email, text).
    registers: it makes an account.
    """

    path: str
    is_form: bool
    fields: tuple[tuple[str, str], ...]
    wrapped: str = ""
    registers: bool = False

    def filled(self, user: str, password: str) -> dict[str, Any]:
        """What is sent for that person."""
        mail = user if "@" in user else f"{user}@example.org"
        kinds = {"user": user, "password": password, "email": mail, "text": f"{user} trial"}
        entered: dict[str, Any] = {name: kinds[kind] for name, kind in self.fields}
        return {self.wrapped: entered} if self.wrapped else entered

    def accepted(self, visitor: Visitor, user: str, password: str) -> bool:
        """Whether it was answered well when it was sent for that person."""
        return _sent(visitor, self, user, password).is_good


def token_doors(openapi: str) -> list[TokenDoor]:
    """Every POST of the description that takes a password: those to sign in by first."""
    try:
        document = json.loads(openapi)
    except ValueError:
        return []
    if not isinstance(document, dict):
        return []
    return sorted(_doors(document), key=lambda door: (door.registers, not door.is_form))


def token_of(visitor: Visitor, door: TokenDoor, user: str, password: str) -> str:
    """The token that was answered; empty when none was."""
    answer = _sent(visitor, door, user, password)
    try:
        return _found(json.loads(answer.body)) if answer.is_good else ""
    except ValueError:
        return ""


def _sent(visitor: Visitor, door: TokenDoor, user: str, password: str) -> Answer:
    entered = door.filled(user, password)
    return visitor.send(door.path, entered, headers={}) if door.is_form else visitor.send_json(door.path, entered)


def _found(content: Any) -> str:
    if isinstance(content, dict):
        for name in TOKEN_NAMES:
            if isinstance(content.get(name), str) and len(content[name]) > 8:
                return str(content[name])
        return next((token for value in content.values() if (token := _found(value))), "")
    return ""


def _doors(document: Mapping[str, Any]) -> Iterator[TokenDoor]:
    for path, item in (document.get("paths") or {}).items():
        post = item.get("post") if isinstance(item, dict) else None
        content = ((post or {}).get("requestBody") or {}).get("content") or {}
        for content_type, body in content.items():
            schema = _resolved(document, body.get("schema") or {})
            properties = schema.get("properties") or {}
            wrapped = ""
            if len(properties) == 1 and not _passwords(properties):
                wrapped, inner = next(iter(properties.items()))
                properties = _resolved(document, inner).get("properties") or {}
                schema = _resolved(document, inner)
            if len(_passwords(properties)) != 1 or "{" in path:
                continue
            needed = schema.get("required") or list(properties)
            fields = tuple((name, _kind(name)) for name in properties if name in needed and _is_text(properties[name]))
            registers = bool(SIGNS_UP.search(path)) and not SIGNS_IN.search(path.rsplit("/", 1)[-1])
            yield TokenDoor(path, "form" in content_type, fields, wrapped, registers)
            break


def _passwords(properties: Mapping[str, Any]) -> list[str]:
    return [name for name in properties if "password" in name.lower()]


def _is_text(schema: Any) -> bool:
    return isinstance(schema, dict) and (schema.get("type") in {"string", None})


def _kind(name: str) -> str:
    lowered = name.lower()
    if "password" in lowered:
        return "password"
    if "mail" in lowered:
        return "email"
    return "user" if re.search(r"user|login|name|handle", lowered) else "text"


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(5):
        reference = schema.get("$ref") or next((s.get("$ref") for s in schema.get("allOf") or () if "$ref" in s), None)
        if not isinstance(reference, str):
            break
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, dict) else {}
        schema = target if isinstance(target, dict) else {}
    return schema
