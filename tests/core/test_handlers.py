"""Error responses: one format for all errors, without internal details."""

from collections.abc import Callable
from gzip import compress
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from app.core.db.ids import uuid7
from app.core.fields import INT32
from app.core.repository import BaseRepository
from tests.modules.test_products import PEN, make_product

pytestmark = pytest.mark.either

FIXED_HEADERS = {
    "x-request-id",
    "x-content-type-options",
    "referrer-policy",
    "content-security-policy",
    "cache-control",
}
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}
JSON = {"content-type": "application/json"}


def check_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.keys() >= FIXED_HEADERS
    body: dict[str, Any] = response.json()
    assert body.keys() - {"errors"} == MEMBERS
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == "about:blank"
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["instance"] == response.request.url.path
    return body


def test_a_missing_record_is_not_found(client: TestClient) -> None:
    body = check_problem(client.get(f"products/{uuid7()}"), 404, "not_found")
    assert body["title"] == "Not Found"


def test_an_unknown_path_is_not_found(client: TestClient) -> None:
    check_problem(client.get("nowhere"), 404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "DELETE", "SURPRISE"])
def test_an_unsupported_method_is_rejected(client: TestClient, method: str) -> None:
    response = client.request(method, "products")
    check_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD, POST"


def test_malformed_json_is_rejected(client: TestClient) -> None:
    broken = client.post("products", content=b'{"sku": ', headers=JSON)
    check_problem(broken, 400, "bad_request")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x/json", "", "json"]
)
def test_another_content_type_is_rejected(client: TestClient, kind: str) -> None:
    response = client.post("products", content=b"{}", headers={"content-type": kind})
    check_problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "identity, gzip", "x"])
@pytest.mark.parametrize("path", ["products", "auth/login"])
def test_a_compressed_body_is_rejected(
    client: TestClient, path: str, encoding: str
) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    headers = {**(JSON if path == "products" else form), "content-encoding": encoding}
    response = client.post(path, content=compress(b"{}"), headers=headers)
    body = check_problem(response, 415, "unsupported_media_type")
    assert (
        body["detail"]
        == "Content-Encoding is not supported: send the body uncompressed"
    )


@pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
def test_the_identity_encoding_is_accepted(client: TestClient, encoding: str) -> None:
    headers = {"content-encoding": encoding}
    assert client.post("products", json=PEN, headers=headers).status_code == 201


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_rejected(client: TestClient, chunked: bool) -> None:
    big = b"x" * 2_000_000
    content = iter([big]) if chunked else big
    response = client.post("products", content=content, headers=JSON)
    check_problem(response, 413, "content_too_large")


def test_an_unread_body_over_the_limit_is_rejected(client: TestClient) -> None:
    response = client.request("GET", "products", content=b"x" * 2_000_000)
    check_problem(response, 413, "content_too_large")


def test_a_delete_with_a_body_over_the_limit_changes_nothing(
    client: TestClient,
) -> None:
    product = make_product(client)
    for length in ("2000000", "9" * 5000):
        too_large = {"content-length": length}
        refused = client.request("DELETE", product, headers=too_large)
        check_problem(refused, 413, "content_too_large")
    assert client.get(product).status_code == 200


def test_an_unknown_host_is_rejected(client: TestClient) -> None:
    check_problem(client.get("products", headers={"host": "evil"}), 400, "bad_request")


def test_a_message_has_no_prefix(client: TestClient) -> None:
    body = client.post("products", json={**PEN, "name": "", "price": "x"}).json()
    assert [(each["type"], each["msg"]) for each in body["errors"]] == [
        ("string_too_short", "String should have at least 1 character"),
        ("value_error", 'Amount must be a decimal string, such as "19.99"'),
    ]


def test_an_invalid_body_is_not_echoed(client: TestClient) -> None:
    response = client.post("products", json={**PEN, "sku": "hunter2", "price": "x"})
    body = check_problem(response, 422, "validation_failed")
    assert [error["loc"] for error in body["errors"]] == [
        ["body", "sku"],
        ["body", "price"],
    ]
    assert all(set(error) == {"loc", "type", "msg"} for error in body["errors"])
    assert "hunter2" not in response.text


def test_at_most_twenty_errors_are_reported(client: TestClient) -> None:
    response = client.post("products", json={f"field{n}": 1 for n in range(90)})
    body = check_problem(response, 422, "validation_failed")
    assert len(body["errors"]) == 20


def raising(error: Exception) -> Callable[..., Any]:
    def crash(*_: Any) -> Any:
        raise error

    return crash


class DriverError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("secret")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ZeroDivisionError("secret"), 500, "internal_error"),
        (ValueError("secret"), 500, "internal_error"),
        (ConnectionRefusedError("secret"), 503, "unavailable"),
        (TimeoutError("secret"), 503, "unavailable"),
        (OperationalError("secret", {}, DriverError("57014")), 503, "unavailable"),
        (OperationalError("secret", {}, DriverError("40P01")), 503, "unavailable"),
        (OperationalError("secret", {}, DriverError("08006")), 503, "unavailable"),
        (OperationalError("secret", {}, DriverError("42P01")), 500, "internal_error"),
        (DataError("secret", {}, DriverError("22003")), 422, "validation_failed"),
        (IntegrityError("secret", {}, DriverError("23505")), 409, "conflict"),
        (IntegrityError("secret", {}, DriverError("23502")), 409, "conflict"),
        (StaleDataError("secret"), 409, "conflict"),
    ],
)
def test_an_exception_is_reported_without_its_message(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    code: str,
) -> None:
    monkeypatch.setattr(BaseRepository, "get", raising(error))
    response = client.get(f"products/{uuid7()}", headers={"x-request-id": "abc"})
    assert check_problem(response, status, code)["request_id"] == "abc"
    assert "secret" not in response.text
    assert ("retry-after" in response.headers) == (status == 503)


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), OSError()])
def test_an_unreachable_database_is_reported(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(BaseRepository, "get", raising(error))
    body = client.get(f"products/{uuid7()}").json()
    assert body["detail"] == "The database does not answer"


def test_a_write_that_crashes_is_rolled_back(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BaseRepository, "_save", raising(ZeroDivisionError()))
    check_problem(client.post("products", json=PEN), 500, "internal_error")
    monkeypatch.undo()
    assert client.get("products").json()["total"] == 0


@pytest.mark.parametrize("given", ["abc", "A-b_c.9", "x" * 64])
def test_a_valid_request_id_is_kept(client: TestClient, given: str) -> None:
    response = client.get("products", headers={"x-request-id": given})
    assert response.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "a\tb", "x" * 65, "ä", "a;b", "<b>"])
def test_an_invalid_request_id_is_replaced(client: TestClient, given: str) -> None:
    headers = {b"x-request-id": given.encode()}
    first, second = (client.get("nowhere", headers=headers) for _ in range(2))
    made = [r.headers["x-request-id"] for r in (first, second)]
    assert given not in made
    assert len(set(made)) == 2


def test_a_foreign_key_error_names_only_the_field(client: TestClient) -> None:
    task = {"title": "x", "customer_id": str(uuid7())}
    response = client.post("tasks", json=task)
    check_problem(response, 422, "validation_failed")
    assert "fk_" not in response.text


def test_a_value_out_of_range_is_rejected(client: TestClient) -> None:
    url = make_product(client, stock=INT32)
    assert client.patch(url, json={"stock": INT32 + 1}).status_code == 422
