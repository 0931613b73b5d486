"""HEAD requests: status and headers of GET, without the body."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from tests.conftest import ClientWith
from tests.hostile.document import OPERATIONS
from tests.modules.test_products import make_product

pytestmark = pytest.mark.either

GET_ROUTES = sorted(each.path for each in OPERATIONS if each.method == "GET")
PAGES = ("/", "/docs", "/redoc", "/audit", "/openapi.json", "/static/site.css")


def get_and_head(client: TestClient, path: str, **headers: str) -> tuple[Any, Any]:
    url = path if path.startswith("http") else f"http://test{path}"
    sent = {"x-request-id": "same"} | headers
    get, head = (client.request(verb, url, headers=sent) for verb in ("GET", "HEAD"))
    return get, head


def check_equal_headers(get: Any, head: Any) -> None:
    assert head.status_code == get.status_code
    if get.request.url.path.endswith("/export"):
        # It is made while it is sent; the client of the tests has computed the length.
        del get.headers["content-length"]
    assert head.headers == get.headers
    assert head.content == b""


@pytest.mark.parametrize("path", [*GET_ROUTES, *PAGES])
def test_head_returns_the_headers_of_get(client: TestClient, path: str) -> None:
    id = client.get("auth/me").json()["id"]
    get, head = get_and_head(client, path.replace("{user_id}", id))
    assert get.headers["content-length"] == str(len(get.content))
    check_equal_headers(get, head)


def test_head_returns_the_etag_of_a_record(client: TestClient) -> None:
    url = f"/api/v1/{make_product(client)}"
    get, head = get_and_head(client, url)
    assert (head.status_code, head.headers["etag"]) == (200, '"1"')
    check_equal_headers(get, head)
    get, head = get_and_head(client, url, **{"if-none-match": '"1"'})
    assert head.status_code == 304
    check_equal_headers(get, head)


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
def test_an_error_response_to_head_has_no_body(
    client: TestClient, path: str, headers: dict[str, str], status: int
) -> None:
    get, head = get_and_head(client, path, **headers)
    assert (get.status_code, bool(get.content)) == (status, True)
    check_equal_headers(get, head)


def test_head_requires_the_read_permission(client_with: ClientWith) -> None:
    for granted, status in (("products:read", 200), ("customers:read", 403)):
        assert client_with(granted).head("products").status_code == status


def test_the_allow_header_lists_head(client: TestClient) -> None:
    assert client.delete("products").headers["allow"] == "GET, HEAD, POST"
    assert client.head("auth/login").headers["allow"] == "POST"


def test_the_log_line_has_the_method_head(client: TestClient) -> None:
    with capture_logs() as lines:
        client.head("products")
    (line,) = (line for line in lines if line["event"] == "request")
    assert (line["method"], line["route"]) == ("HEAD", "/api/v1/products")
