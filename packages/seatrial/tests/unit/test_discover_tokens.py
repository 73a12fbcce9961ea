"""The doors of an API, from OpenAPI documents as FastAPI and others write them."""

import json

from seatrial.discover.tokens import TokenDoor, token_doors


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


def test_what_is_no_description_has_no_doors():
    for text in ("", "<html>", "[]", "{}", '{"paths": null}', '{"paths": {"/x": {"post": {}}}}'):
        assert token_doors(text) == []
