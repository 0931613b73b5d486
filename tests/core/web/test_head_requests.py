"""HEAD: what GET would answer, without its body."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from tests.conftest import ClientWith
from tests.hostile.document import OPERATIONS
from tests.modules.test_products import make_product

READABLE = sorted(each.path for each in OPERATIONS if each.method == "GET")
FOR_PEOPLE = ("/", "/docs", "/redoc", "/audit", "/openapi.json", "/static/site.css")


def both(client: TestClient, path: str, **headers: str) -> tuple[Any, Any]:
    url = path if path.startswith("http") else f"http://test{path}"
    sent = {"x-request-id": "same"} | headers
    get, head = (client.request(verb, url, headers=sent) for verb in ("GET", "HEAD"))
    return get, head


def check_alike(get: Any, head: Any) -> None:
    assert head.status_code == get.status_code
    assert head.headers == get.headers
    assert head.content == b""


@pytest.mark.parametrize("path", [*READABLE, *FOR_PEOPLE])
def test_what_can_be_read_can_be_asked_about(client: TestClient, path: str) -> None:
    id = client.get("auth/me").json()["id"]
    get, head = both(client, path.replace("{user_id}", id))
    assert get.headers["content-length"] == str(len(get.content))
    check_alike(get, head)


def test_a_record_says_its_version(client: TestClient) -> None:
    url = f"/api/v1/{make_product(client)}"
    get, head = both(client, url)
    assert (head.status_code, head.headers["etag"]) == (200, '"1"')
    check_alike(get, head)
    get, head = both(client, url, **{"if-none-match": '"1"'})
    assert head.status_code == 304
    check_alike(get, head)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nowhere", {}, 404),
        ("/api/v1/auth/login", {}, 405),
        (f"/api/v1/products/{UUID(int=7)}", {}, 404),
        ("/api/v1/products?limit=x", {}, 422),
        ("/api/v1/products", {"authorization": "Bearer x"}, 401),
        ("/api/v1/products", {"host": "evil.example"}, 400),
    ],
)
def test_a_refusal_has_no_body_either(
    client: TestClient, path: str, headers: dict[str, str], status: int
) -> None:
    get, head = both(client, path, **headers)
    assert (get.status_code, bool(get.content)) == (status, True)
    check_alike(get, head)


def test_it_takes_the_permission_to_read(client_with: ClientWith) -> None:
    for granted, status in (("products:read", 200), ("customers:read", 403)):
        assert client_with(granted).head("products").status_code == status


def test_it_is_named_where_another_method_is_not_allowed(client: TestClient) -> None:
    assert client.delete("products").headers["allow"] == "GET, HEAD, POST"
    assert client.head("auth/login").headers["allow"] == "POST"


def test_the_log_tells_it(client: TestClient) -> None:
    with capture_logs() as lines:
        client.head("products")
    (line,) = (line for line in lines if line["event"] == "request")
    assert (line["method"], line["route"]) == ("HEAD", "/api/v1/products")
