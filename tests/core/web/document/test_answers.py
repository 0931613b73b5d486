"""Statuses and headers of the OpenAPI document, compared with those of requests."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import app
from tests.contract import status_and_code
from tests.slices import SLICES

pytestmark = pytest.mark.either

API = "/api/v1/"
PATHS: dict[str, Any] = app.openapi()["paths"]
OPERATIONS = {
    operation["operationId"]: operation
    for operations in PATHS.values()
    for operation in operations.values()
}
KEY = {"Authorization": "Bearer bo_key"}
STALE = {"If-Match": '"99"', "If-None-Match": '"1"'}


def statuses(path: str, method: str) -> set[str]:
    return {*PATHS[API + path][method]["responses"]}


def headers_of(operation: Any) -> set[str]:
    return {
        it["name"] for it in operation.get("parameters", ()) if it["in"] == "header"
    }


def schema_of(path: str) -> Any:
    content = PATHS[API + path]["post"]["requestBody"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return app.openapi()["components"]["schemas"][name]


def test_statuses_follow_from_what_an_operation_takes() -> None:
    for name, operation in OPERATIONS.items():
        found, headers = operation["responses"], headers_of(operation)
        assert [*found] == sorted(found), name
        assert ("304" in found) == ("If-None-Match" in headers), name
        takes_version = "If-Match" in headers or name.startswith("bulk_")
        assert ("412" in found) == takes_version, name
        assert ("415" in found) == ("requestBody" in operation), name
        if limited := found.get("429"):
            assert "Retry-After" in limited["headers"], name


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("auth/login", {"data": {"username": "a@example.com", "password": "x"}}),
        ("auth/refresh", {"json": {"refresh_token": "x"}}),
        ("auth/revoke", {"json": {"refresh_token": "x"}}),
    ],
)
def test_a_refusal_of_keys_is_documented(
    anonymous: TestClient, path: str, body: dict[str, Any]
) -> None:
    answer = anonymous.post(path, headers=KEY, **body)
    assert status_and_code(answer) == (403, "key_not_allowed")
    assert "403" in statuses(path, "post")


def test_operations_without_a_rate_limit_document_none() -> None:
    assert "429" not in statuses("auth/logout", "post") | statuses(
        "auth/logout-all", "post"
    )
    refusal = PATHS[f"{API}auth/password"]["post"]["responses"]["429"]
    assert refusal["headers"].keys() == {"Retry-After"}  # of the throttle


def test_conditions_of_the_own_profile_are_documented(client: TestClient) -> None:
    assert client.get("auth/me", headers=STALE).status_code == 200
    assert headers_of(PATHS[f"{API}auth/me"]["get"]) == set()
    body = {"full_name": "Ada"}
    assert client.patch("auth/me", json=body, headers=STALE).status_code == 412
    assert headers_of(PATHS[f"{API}auth/me"]["patch"]) == {"If-Match"}


def test_a_body_that_is_too_large_for_a_delete_is_documented(
    client: TestClient,
) -> None:
    product = f"products/{SLICES['products'].make(client)}"
    answer = client.delete(product, headers={"Content-Length": "99999999"})
    assert answer.status_code == 413
    assert "413" in statuses("products/{product_id}", "delete")


def test_a_revert_has_the_documented_tag(client: TestClient) -> None:
    product = f"products/{SLICES['products'].make(client)}"
    answer = client.post(f"{product}/revert", json={"to_version": 1})
    documented = PATHS[f"{API}products/{{product_id}}/revert"]["post"]["responses"]
    assert "ETag" in answer.headers
    assert "ETag" in documented["200"]["headers"]


# A domain whose records need another one has an id in its example that no record has.
@pytest.mark.parametrize("name", ["products", "customers", "tasks", "users", "roles"])
def test_the_example_of_a_body_can_be_sent(client: TestClient, name: str) -> None:
    (example,) = schema_of(name)["examples"]
    assert client.post(name, json=example).status_code == 201


def test_the_example_of_a_new_password_is_another_one() -> None:
    (example,) = schema_of("auth/password")["examples"]
    assert example["current_password"] != example["new_password"]


@pytest.mark.parametrize("name", SLICES)
def test_an_export_names_related_records_where_there_are_some(name: str) -> None:
    listed = {it["name"] for it in PATHS[API + name]["get"]["parameters"]}
    text = PATHS[f"{API}{name}/export"]["get"]["description"]
    assert ("customer_name" in text) == ("include" in listed)
