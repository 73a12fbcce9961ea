"""The OpenAPI 3.1 description, drawn from the table that is served: it cannot say what the site does not do."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from flotilla import __version__
from flotilla.api.endpoints import Endpoint, Nothing, Who
from flotilla.api.faults import FaultAnswer, OAuthFaultAnswer
from flotilla.api.reading import path_names
from flotilla.social.scopes import SCOPES

__all__ = ["description"]

REFERENCE = "#/components/schemas/{name}"
REFUSALS = {
    "400": "The request could not be read",
    "401": "The access token is missing, or none",
    "403": "The token does not reach that far, or it is not this person's to do",
    "404": "There is no such thing, or not for this viewer",
    "413": "More than the site takes at once",
    "415": "A body of a kind the site does not read",
    "422": "A parameter cannot be accepted",
    "429": "Too many requests in a short time",
    "503": "The site is too busy, or cannot reach its database",
}
FORMS = ("application/json", "application/x-www-form-urlencoded")
METHODS_WITHOUT_BODY = frozenset({"GET", "DELETE"})


def description(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    table = list(endpoints)
    taken = {endpoint.takes for endpoint in table if endpoint.takes is not Nothing}
    types: list[Any] = [*(endpoint.gives for endpoint in table), *taken, FaultAnswer, OAuthFaultAnswer]
    schemas, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    answers = schemas[: len(table)]
    tidy = {name: _tidied(component) for name, component in components.items()}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, answer in zip(table, answers, strict=True):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", endpoint.path)
        operation = _operation(endpoint, answer, tidy)
        paths.setdefault(path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Flotilla",
            "version": __version__,
            "description": "A subset of the Mastodon client API.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": tidy, "securitySchemes": {"oauth": _oauth()}},
    }


def _oauth() -> dict[str, Any]:
    scopes = dict.fromkeys(SCOPES, "")
    return {
        "type": "oauth2",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": "/oauth/authorize",
                "tokenUrl": "/oauth/token",
                "scopes": scopes,
            },
            "clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes},
        },
    }


def _operation(endpoint: Endpoint, answer: Mapping[str, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    fault = "OAuthFaultAnswer" if endpoint.path.startswith("/oauth/") else "FaultAnswer"
    refusal = {"schema": {"anyOf": [{"$ref": REFERENCE.format(name=name)} for name in {fault, "FaultAnswer"}]}}
    good: dict[str, Any] = {"content": {"application/json": {"schema": _tidied(answer)}}}
    if endpoint.paged:
        good["headers"] = {"Link": {"description": "The next and previous pages", "schema": {"type": "string"}}}
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [endpoint.name.partition("_")[0]],
        "parameters": _parameters(endpoint, components),
        "responses": {str(status): {"description": "Done", **good} for status in endpoint.statuses}
        | {
            status: {"description": said, "content": {"application/json": refusal}} for status, said in REFUSALS.items()
        },
        "security": _security(endpoint),
    }
    body = _body(endpoint, components)
    if body:
        operation["requestBody"] = body
    return operation


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    tokens: list[dict[str, list[str]]] = [{"oauth": [scope]} for scope in endpoint.scopes] or [{"oauth": []}]
    return tokens if endpoint.who is not Who.ANYONE else [{}, *(tokens if endpoint.scopes else [])]


def _schema(endpoint: Endpoint, components: Mapping[str, Any]) -> dict[str, Any]:
    if endpoint.takes is Nothing:
        return {"properties": {}, "required": []}
    found: dict[str, Any] = components[endpoint.takes.__name__]
    return found


def _parameters(endpoint: Endpoint, components: Mapping[str, Any]) -> list[dict[str, Any]]:
    in_path = path_names(endpoint.path)
    schema = _schema(endpoint, components)
    parameters = []
    for name, kind in schema["properties"].items():
        if name in in_path:
            parameters.append({"name": name, "in": "path", "required": True, "schema": _without_default(kind)})
        elif endpoint.method in METHODS_WITHOUT_BODY:
            listed = kind.get("type") == "array"
            parameters.append(
                {
                    "name": f"{name}[]" if listed else name,
                    "in": "query",
                    "required": name in schema.get("required", []),
                    "schema": _without_null(kind),
                }
            )
    return parameters


def _body(endpoint: Endpoint, components: Mapping[str, Any]) -> dict[str, Any]:
    if endpoint.method in METHODS_WITHOUT_BODY:
        return {}
    schema, in_path = _schema(endpoint, components), path_names(endpoint.path)
    properties = {name: kind for name, kind in schema["properties"].items() if name not in in_path}
    required = [name for name in schema.get("required", []) if name not in in_path]
    if not properties and not endpoint.files:
        return {}
    shape: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        shape["required"] = required
    content = {form: {"schema": shape} for form in FORMS}
    if endpoint.files:
        pictures = {name: {"type": "string", "contentMediaType": "image/*"} for name in endpoint.files}
        content["multipart/form-data"] = {"schema": shape | {"properties": properties | pictures}}
    return {"required": bool(required), "content": content}


def _without_default(kind: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kind.items() if name != "default"}


def _without_null(kind: Mapping[str, Any]) -> dict[str, Any]:
    # What is not given in a query is left out of it; a query knows no null.
    kinds = [one for one in kind.get("anyOf", ()) if one != {"type": "null"}]
    return _without_default(kinds[0] if len(kinds) == 1 else kind)


def _tidied(schema: Any) -> Any:
    """The schema, with ids as what they are outside: text of digits."""
    if isinstance(schema, list):
        return [_tidied(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "integer" and "pattern" in schema:
        return {"type": "string", "pattern": schema["pattern"]}
    return {name: _tidied(part) for name, part in schema.items()}
