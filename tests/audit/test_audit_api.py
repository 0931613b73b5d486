"""The audit API: filters, pages, requests and permissions."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.audit.history.test_history import PEN, Json, body, make
from tests.auth.keys.keys import make_key, with_key
from tests.conftest import ClientWith, MakeAccount


def changes(client: TestClient, **query: Any) -> Json:
    return body(client.get("audit/changes", params=query))


def test_a_change_of_a_price_is_found(client: TestClient) -> None:
    url = make(client, "products", PEN)
    raised = client.patch(url, json={"price": "2.00"})
    id = url.removeprefix("products/")
    found = changes(client, entity="Product", entity_id=id, action="UPDATE")
    (change,) = found["items"]
    assert found["next"] is None
    assert (change["old"]["price"], change["new"]["price"]) == ("1.50", "2.00")
    page = body(client.get(f"audit/requests/{change['request_id']}"))
    assert change["request_id"] == raised.headers["X-Request-ID"]
    assert page["changes"] == [change]


def test_the_cursor_leads_through_all_pages(client: TestClient) -> None:
    for number in range(7):
        make(client, "products", {**PEN, "sku": f"PEN-{number}"})
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        part = changes(client, entity="Product", limit=3, **cursor)
        seen += [each["new"]["sku"] for each in part["items"]]
        if not part["next"]:
            break
        cursor = {"cursor": part["next"]}
    assert seen == [f"PEN-{number}" for number in reversed(range(7))]


def test_filters_are_exact(client: TestClient) -> None:
    me = body(client.get("auth/me"))["id"]
    url = make(client, "products", PEN)
    instant = changes(client, entity="Product")["items"][0]["at"]
    client.delete(url)
    assert len(changes(client, actor_id=me)["items"]) == 2
    assert changes(client, actor_id=url.removeprefix("products/"))["items"] == []
    assert len(changes(client, since=instant, entity="Product")["items"]) == 2
    (made,) = changes(client, request_id=changes(client)["items"][1]["request_id"])[
        "items"
    ]
    assert made["action"] == "INSERT"
    assert changes(client, until=instant, entity="Product")["items"] == []
    assert changes(client, entity="product")["items"] == []


def test_what_was_done_with_an_api_key_is_found(
    client: TestClient, make_account: MakeAccount
) -> None:
    ada = make_account("products:create", "products:read")
    key = make_key(client, ada, "products:create", "products:read")
    client.post("products", json=PEN, headers=with_key(key))
    make(client, "products", PEN | {"sku": "PEN-2"})
    (change,) = changes(client, key_id=key["id"])["items"]
    assert change["new"]["sku"] == PEN["sku"]


INVALID = (
    "surprise=1 limit=0 limit=201 cursor= cursor=x cursor=1.x cursor=1.0 "
    "entity_id=1 key_id=1 action=update since=now until=2026-11-23 entity= "
    "limit=1&limit=2 since=9999-12-31T23:59:59Z%2B"
).split()


@pytest.mark.either
@pytest.mark.parametrize("query", INVALID)
@pytest.mark.parametrize("log", ["changes", "accesses"])
def test_an_invalid_query_is_rejected(client: TestClient, log: str, query: str) -> None:
    assert client.get(f"audit/{log}?{query}").status_code == 422


def test_an_arbitrary_cursor_is_accepted(client: TestClient) -> None:
    for instant in ("0", "9" * 17):
        answer = client.get(f"audit/changes?cursor={instant}.{'f' * 32}")
        assert answer.status_code == 200


def test_an_unknown_request_is_not_found(client: TestClient) -> None:
    assert client.get("audit/requests/never").status_code == 404
    assert client.get("audit/requests/%00").status_code == 422


@pytest.mark.parametrize("query", ["surprise=1", "=", "a", "%00=1", "%ff"])
def test_the_request_page_rejects_query_parameters(
    client: TestClient, query: str
) -> None:
    made = client.post("products", json=PEN).headers["X-Request-ID"]
    assert client.get(f"audit/requests/{made}").status_code == 200
    assert client.get(f"audit/requests/{made}?{query}").status_code == 422


@pytest.mark.either
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("page", ["changes", "accesses", "requests/x"])
def test_the_audit_api_is_read_only(client: TestClient, method: str, page: str) -> None:
    answer = client.request(method, f"audit/{page}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_reading_the_logs_requires_audit_read(client_with: ClientWith) -> None:
    for path in ("changes", "accesses", "requests/x"):
        assert client_with("products:read").get(f"audit/{path}").status_code == 403
    auditor = client_with("audit:read")
    assert auditor.get("audit/changes").status_code == 200
    assert auditor.get("audit/accesses").status_code == 200
    assert auditor.get("audit/requests/x").status_code == 404


def test_the_log_contains_no_secret(client: TestClient) -> None:
    user = {"email": "u@example.com", "full_name": "U", "password": "oak of brass 12"}
    url = make(client, "users", user)
    client.patch(url, json={"password": "another oak of brass"})
    log = client.get("audit/changes?entity=User").text
    assert "u@example.com" in log
    assert "hmac:" in log
    for secret in ("argon2", "oak of brass"):
        assert secret not in log
