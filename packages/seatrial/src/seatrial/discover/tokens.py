"""Signing in for a token, as APIs do it, from their OpenAPI description."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrial.discover.routes import prefix_of
from seatrial.discover.visitor import Answer, Visitor

__all__ = ["TokenDoor", "TokenScheme", "scheme_that_opens", "token_doors", "token_in", "token_schemes"]

SIGNS_IN = re.compile(r"log[-_]?in|sign[-_]?in|token|auth|session|access|jwt", re.IGNORECASE)
SIGNS_UP = re.compile(r"regist|sign[-_]?up|users?/?$|accounts?/?$|join", re.IGNORECASE)
TOKEN_NAMES = ("access_token", "token", "access", "id_token", "jwt", "auth_token", "key")
CLOSED_TRIED = 3


@dataclass(frozen=True, slots=True)
class TokenScheme:
    """How a token is sent: `Authorization: Bearer TOKEN`, for instance; without a prefix the token alone."""

    header: str = "Authorization"
    prefix: str = "Bearer"

    def value(self, token: str) -> str:
        """What the header holds."""
        return f"{self.prefix} {token}".strip()


@dataclass(frozen=True, slots=True)
class TokenDoor:
    """A POST that takes a password. is_form: as a form, else as JSON. wrapped: the object the fields are in, such as
    `user`, empty when they are at the top. fields: each with its kind (user, password, email, text).
    registers: it makes an account. is_basic: name and password are in the header of HTTP's basic authentication.
    """

    path: str
    is_form: bool
    fields: tuple[tuple[str, str], ...]
    wrapped: str = ""
    registers: bool = False
    is_basic: bool = False

    def filled(self, user: str, password: str) -> dict[str, Any]:
        """What is sent for that person."""
        mail = user if "@" in user else f"{user}@example.org"
        kinds = {"user": user, "password": password, "email": mail, "text": f"{user} trial"}
        entered: dict[str, Any] = {name: kinds[kind] for name, kind in self.fields}
        return {self.wrapped: entered} if self.wrapped else entered

    def sent(self, visitor: Visitor, user: str, password: str) -> Answer:
        """What the app answered to it, sent for that person."""
        if self.is_basic:
            named = base64.b64encode(f"{user}:{password}".encode()).decode()
            return visitor.send(self.path, {}, headers={"Authorization": f"Basic {named}"})
        entered = self.filled(user, password)
        return visitor.send(self.path, entered, headers={}) if self.is_form else visitor.send_json(self.path, entered)


def token_doors(openapi: str) -> list[TokenDoor]:
    """Every POST of the description that takes a password: those to sign in by first."""
    document = _read(openapi)
    return sorted(_doors(document), key=lambda door: (door.registers, door.is_basic, not door.is_form))


def token_in(answer: Answer) -> str:
    """The token of an answer; empty when it has none."""
    try:
        return _found(json.loads(answer.body)) if answer.is_good else ""
    except ValueError:
        return ""


def token_schemes(openapi: str) -> list[TokenScheme]:
    """How the description says that tokens are sent, then the other usual ways."""
    document = _read(openapi)
    components = document.get("components") or {}
    declared = components.get("securitySchemes") or document.get("securityDefinitions") or {}
    found = [
        scheme
        for one in (declared.values() if isinstance(declared, dict) else ())
        if isinstance(one, dict)
        for scheme in _declared_schemes(one)
    ]
    usual = [TokenScheme(), TokenScheme(prefix="Token"), TokenScheme(prefix="JWT"), TokenScheme(prefix="")]
    return list(dict.fromkeys([*found, *usual]))


def scheme_that_opens(
    visitor: Visitor, closed: Iterable[str], token: str, schemes: Iterable[TokenScheme]
) -> TokenScheme:
    """The first scheme with which a path is answered well that was refused without; the first of all without one."""
    schemes, paths = list(schemes), list(closed)[:CLOSED_TRIED]
    for scheme in schemes:
        visitor.headers[scheme.header] = scheme.value(token)
        if any(visitor.get(path).is_good for path in paths):
            return scheme
        del visitor.headers[scheme.header]
    return schemes[0]


def _declared_schemes(one: Mapping[str, Any]) -> Iterator[TokenScheme]:
    kind, name = one.get("type"), str(one.get("name") or "")
    if kind == "oauth2" or (kind == "http" and str(one.get("scheme")).lower() == "bearer"):
        yield TokenScheme()
    elif kind == "apiKey" and one.get("in") == "header" and name.lower() != "authorization":
        yield TokenScheme(name, "")
    elif kind == "apiKey" and one.get("in") == "header":
        # What it is called stands in the words for people, if anywhere: "Token format: `Token abc`".
        said = re.findall(r"\b(Bearer|Token|JWT)\s+[<{\[x'\"$]", str(one.get("description") or ""))
        yield from (TokenScheme(name, prefix) for prefix in said)


def _read(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _found(content: Any) -> str:
    if isinstance(content, dict):
        for name in TOKEN_NAMES:
            if isinstance(content.get(name), str) and len(content[name]) > 8:
                return str(content[name])
        return next((token for value in content.values() if (token := _found(value))), "")
    return ""


def _doors(document: Mapping[str, Any]) -> Iterator[TokenDoor]:
    prefix = prefix_of(document)
    for bare, item in (document.get("paths") or {}).items():
        post = item.get("post") if isinstance(item, dict) else None
        if not isinstance(post, dict) or "{" in bare:
            continue
        path = prefix + bare
        registers = bool(SIGNS_UP.search(path)) and not SIGNS_IN.search(path.rstrip("/").rsplit("/", 1)[-1])
        if _is_basic(document, post):
            yield TokenDoor(path, False, (), registers=registers, is_basic=True)
            continue
        for content_type, body in _contents(post):
            schema = _resolved(document, body)
            properties = schema.get("properties") or {}
            wrapped = ""
            if len(properties) == 1 and not _passwords(properties):
                wrapped, inner = next(iter(properties.items()))
                properties = _resolved(document, inner).get("properties") or {}
                schema = _resolved(document, inner)
            if len(_passwords(properties)) not in ({1, 2} if registers else {1}):
                continue
            needed = schema.get("required") or list(properties)
            fields = tuple((name, _kind(name)) for name in properties if name in needed and _is_text(properties[name]))
            yield TokenDoor(path, "form" in content_type, fields, wrapped, registers)
            break


def _contents(post: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(content type, schema) of a body, of OpenAPI 3 or of Swagger 2."""
    for content_type, body in ((post.get("requestBody") or {}).get("content") or {}).items():
        if isinstance(body, dict):
            yield content_type, body.get("schema") or {}
    parameters = [p for p in post.get("parameters") or () if isinstance(p, dict)]
    yield from (("application/json", p.get("schema") or {}) for p in parameters if p.get("in") == "body")
    if form := [p for p in parameters if p.get("in") == "formData"]:
        needed = [p["name"] for p in form if p.get("required")]
        yield "form", {"properties": {p["name"]: p for p in form}, "required": needed}


def _is_basic(document: Mapping[str, Any], post: Mapping[str, Any]) -> bool:
    """Whether it asks for HTTP's basic authentication and nothing else."""
    declared = (document.get("components") or {}).get("securitySchemes") or document.get("securityDefinitions") or {}
    names = [name for one in post.get("security") or () if isinstance(one, dict) for name in one]
    kinds = [declared.get(name) or {} for name in names]
    return bool(kinds) and all(
        k.get("type") == "basic" or (k.get("type") == "http" and str(k.get("scheme")).lower() == "basic") for k in kinds
    )


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
