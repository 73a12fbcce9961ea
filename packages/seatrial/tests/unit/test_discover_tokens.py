"""The doors of an API, from OpenAPI documents as FastAPI and others write them."""

import json

import pytest

from seatrial.discover.tokens import TokenDoor, TokenScheme, token_doors, token_schemes


def described(path, content_type, schema, components=None):
    body = {"content": {content_type: {"schema": schema}}}
    return {"paths": {path: {"post": {"requestBody": body}}}, "components": {"schemas": components or {}}}


PASSWORD_FORM = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {
        "grant_type": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "username": {"type": "string"},
        "password": {"type": "string", "format": "password"},
        "scope": {"type": "string", "default": ""},
    },
}


def test_the_password_form_of_oauth_is_a_door_with_its_two_needed_fields():
    schema = {"$ref": "#/components/schemas/Body_token"}
    document = described("/token", "application/x-www-form-urlencoded", schema, {"Body_token": PASSWORD_FORM})
    door = TokenDoor("/token", True, (("username", "user"), ("password", "password")))
    assert token_doors(json.dumps(document)) == [door]
    assert door.filled("ada", "s") == {"username": "ada", "password": "s"}


def test_fields_inside_an_object_are_sent_inside_it():
    inner = {"type": "object", "required": ["email", "password"], "properties": {"email": {}, "password": {}}}
    document = described("/api/users/login", "application/json", {"properties": {"user": inner}})
    (door,) = token_doors(json.dumps(document))
    assert (door.wrapped, door.registers) == ("user", False)
    assert door.filled("ada", "s") == {"user": {"email": "ada@example.org", "password": "s"}}


def test_making_an_account_is_told_from_signing_in_and_comes_after_it():
    fields = {
        "properties": {"name": {"type": "string"}, "password": {"type": "string"}},
        "required": ["name", "password"],
    }
    document = described("/users", "application/json", fields)
    document["paths"] |= described("/login", "application/json", fields)["paths"]
    assert [(door.path, door.registers) for door in token_doors(json.dumps(document))] == [
        ("/login", False),
        ("/users", True),
    ]


def test_a_document_of_swagger_2_is_read_with_its_base_path():
    body = {"in": "body", "name": "x", "schema": {"properties": {"email": {}, "password": {}}}}
    document = {"swagger": "2.0", "basePath": "/v1", "paths": {"/login": {"post": {"parameters": [body]}}}}
    (door,) = token_doors(json.dumps(document))
    assert (door.path, door.is_form, door.fields) == (
        "/v1/login",
        False,
        (("email", "email"), ("password", "password")),
    )


def test_a_token_for_name_and_password_in_the_header_is_a_door_without_fields():
    components = {"securitySchemes": {"basic_auth": {"type": "http", "scheme": "basic"}}}
    post = {"security": [{"basic_auth": []}]}
    (door,) = token_doors(json.dumps({"paths": {"/api/tokens": {"post": post}}, "components": components}))
    assert (door.is_basic, door.registers, door.fields) == (True, False, ())


@pytest.mark.parametrize(
    ("declared", "header"),
    [
        ({"type": "http", "scheme": "bearer"}, ("Authorization", "Bearer abc")),
        ({"type": "apiKey", "in": "header", "name": "X-API-Key"}, ("X-API-Key", "abc")),
        (
            {"type": "apiKey", "in": "header", "name": "Authorization", "description": "Format: `Token xxx.yyy`"},
            ("Authorization", "Token abc"),
        ),
    ],
)
def test_how_a_token_is_sent_is_what_the_description_says_first(declared, header):
    schemes = token_schemes(json.dumps({"paths": {}, "components": {"securitySchemes": {"one": declared}}}))
    assert (schemes[0].header, schemes[0].value("abc")) == header
    assert TokenScheme(prefix="Token") in schemes


def test_what_is_no_description_has_no_doors():
    for text in ("", "<html>", "[]", "{}", '{"paths": null}', '{"paths": {"/x": {"post": {}}}}'):
        assert token_doors(text) == []
