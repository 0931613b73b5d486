"""The OpenAPI document: its completeness. Generated clients: tests/generated."""

import difflib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from scripts.export_openapi import SNAPSHOT, document

DOCUMENT: dict[str, Any] = json.loads(document())
OPERATIONS = {
    operation["operationId"]: operation | {"path": path, "method": method}
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
API = {
    name: operation
    for name, operation in OPERATIONS.items()
    if operation["path"].startswith("/api/")
}


def test_the_document_matches_the_reviewed_snapshot() -> None:
    before, after = SNAPSHOT.read_text(encoding="utf-8"), document()
    difference = "\n".join(
        difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    )
    hint = "If intended: python scripts/export_openapi.py, and commit docs/"
    assert before == after, f"{hint}\n{difference}"


def test_there_are_operations() -> None:
    assert len(API) >= 16


def test_every_operation_is_described() -> None:
    for name, operation in OPERATIONS.items():
        assert name.isidentifier()
        assert operation["tags"], name
        assert operation["summary"], name
        assert operation["description"], name


def test_every_success_has_a_schema() -> None:
    """Without one, the type of a generated client is `unknown`."""
    for name, operation in OPERATIONS.items():
        for status, response in operation["responses"].items():
            if status.startswith("2") and status != "204":
                assert all(it["schema"] for it in response["content"].values()), name


@pytest.mark.parametrize(
    ("name", "status", "header"),
    [
        ("create_product", "201", "Idempotency-Replayed"),
        ("delete_product", "204", "Idempotency-Replayed"),
        ("list_products", "200", "Preference-Applied"),
        ("list_products", "304", "Preference-Applied"),
        ("export_tasks", "200", "Preference-Applied"),
        ("list_products", "304", "ETag"),
        ("get_product", "304", "ETag"),
        ("create_product", "409", "Retry-After"),
        ("prove_change", "409", "Retry-After"),
        ("create_product", "201", "RateLimit"),
        ("list_products", "304", "RateLimit-Policy"),
        ("create_product", "401", "WWW-Authenticate"),
        ("create_product", "403", "WWW-Authenticate"),
        ("get_readiness", "503", "Retry-After"),
        ("list_products", "429", "Retry-After"),
    ],
)
def test_a_header_that_a_client_reads_is_documented(
    name: str, status: str, header: str
) -> None:
    assert header in OPERATIONS[name]["responses"][status]["headers"]
    assert header == "ETag" or header in DOCUMENT["components"]["headers"]


PROBLEM = {
    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
}


def test_every_error_is_a_problem() -> None:
    for name, operation in API.items():
        responses = operation["responses"]
        errors = {status: r for status, r in responses.items() if status >= "400"}
        assert {"400", "422", "500", "503"} <= errors.keys(), name
        for response in errors.values():
            assert response["content"] == PROBLEM, name


def bodies() -> Iterator[str]:
    for operation in API.values():
        content = operation.get("requestBody", {}).get("content", {})
        # The body of an import is a file, in one of two formats.
        if content and "text/csv" not in content:
            (body,) = content.values()
            yield body["schema"]["$ref"].rpartition("/")[2]


def test_every_body_has_an_example() -> None:
    for name in sorted(set(bodies())):
        schema = DOCUMENT["components"]["schemas"][name]
        # OAuth2 has servers ignore the parameters that they don't know.
        assert name == "LoginForm" or schema["additionalProperties"] is False, name
        assert schema.get("examples"), f"{name} has no example"


def nodes(part: Any) -> Iterator[dict[str, Any]]:
    """Yield each object of the document."""
    if isinstance(part, dict):
        yield part
    for each in part.values() if isinstance(part, dict) else part:
        if isinstance(each, dict | list):
            yield from nodes(each)


TYPES = ("array", "boolean", "integer", "number", "object", "string")


def examples_of(schema: dict[str, Any]) -> list[Any]:
    single = [schema["example"]] if "example" in schema else []
    return [*schema.get("examples", ()), *single]


def test_every_example_matches_its_schema() -> None:
    wrong = []
    for schema in nodes(DOCUMENT):
        if schema.get("type") in TYPES and (examples := examples_of(schema)):
            whole = {**schema, "components": DOCUMENT["components"]}
            is_valid = Draft202012Validator(whole).is_valid
            wrong += [each for each in examples if not is_valid(each)]
    assert wrong == []


def test_every_tag_is_described_and_every_array_has_items() -> None:
    used = [tag for operation in OPERATIONS.values() for tag in operation["tags"]]
    assert [tag["name"] for tag in DOCUMENT["tags"]] == [*dict.fromkeys(used)]
    assert all(tag["description"] for tag in DOCUMENT["tags"])
    arrays = [node for node in nodes(DOCUMENT) if node.get("type") == "array"]
    assert [node for node in arrays if "items" not in node] == []


def test_public_operations_say_so() -> None:
    public = {name for name, it in OPERATIONS.items() if it["security"] == []}
    probes = {"get_liveness", "get_readiness"}
    assert public == {"login", "refresh", "revoke", "redeem_password_link"} | probes


def test_a_schema_is_named_by_its_title() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {name: it["title"] for name, it in schemas.items()} == {
        name: name for name in schemas
    }


def test_headers_that_clients_rely_on_are_documented() -> None:
    created = API["create_product"]["responses"]["201"]["headers"]
    assert created.keys() >= {"ETag", "Location"}
    assert "ETag" in API["get_product"]["responses"]["200"]["headers"]
    assert "304" in API["get_product"]["responses"]
    names = {p["name"].lower() for p in API["update_product"]["parameters"]}
    assert "if-match" in names
