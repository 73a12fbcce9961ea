"""The OpenAPI description against the API itself, by Schemathesis: no 500, and no answer that it does not name."""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from flotilla.api.table import endpoints

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 2
# What would end the token that the other examples are sent with.
LEFT_OUT = {"/oauth/revoke"}


def in_thirds(described: Any) -> list[list[Any]]:
    operations = [found.ok() for found in described.get_all_operations()]
    return [operations[start::3] for start in range(3)]


@pytest.mark.parametrize("third", range(3))
def test_every_operation_answers_as_described(app: Flask, server: Any, third: int) -> None:
    described = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    ada, bob = server.person("ada"), server.person("bob")
    headers = {"Authorization": f"Bearer {server.token(ada, 'read write follow push profile')}"}
    post_id = server.site.posts.publish(bob, "Ahoy @ada #sailing https://example.org/")

    def is_there(path: str) -> str:
        return str(post_id if "/statuses/" in path else bob.account_id)

    for operation in in_thirds(described)[third]:
        if operation.path in LEFT_OUT:
            continue

        @examples(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)
            if "id" in case.path_parameters:
                case.path_parameters["id"] = is_there(case.path)
                case.call_and_validate(headers=headers, checks=CHECKS)

        answers()


def test_the_description_names_every_endpoint_and_its_scopes(app: Flask) -> None:
    told = app.test_client().get("/api/openapi.json").json
    described = {
        (method.upper(), path): operation
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    }
    assert len(described) == len(endpoints())
    assert told["openapi"] == "3.1.0"
    home = described["GET", "/api/v1/timelines/home"]
    assert home["security"] == [{"oauth": ["read:statuses"]}]
    assert [parameter["name"] for parameter in home["parameters"]] == ["max_id", "since_id", "min_id", "limit"]
    assert described["GET", "/api/v1/timelines/public"]["security"] == [{}, {"oauth": ["read:statuses"]}]
