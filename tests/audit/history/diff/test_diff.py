"""Differences between two times, over all records."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.audit.visibility import HIDDEN
from app.modules.products.models import Product
from tests.audit.history.test_history import LATE, PEN, Json, body, make, now
from tests.audit.history.test_renamed import Earlier, earlier, renamed
from tests.conftest import MakeAccount

__all__ = ["earlier"]
EPOCH = "1970-01-01T00:00:00Z"


def diff(client: TestClient, start: str, end: str, **query: Any) -> list[Json]:
    """Return all items, which are read one at a time."""
    items, cursor = list[Json](), dict[str, str]()
    while True:
        times = {"from": start, "to": end, "limit": 1, **query, **cursor}
        page = body(client.get("audit/diff", params=times))
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}


def test_only_the_difference_of_both_times_is_shown(client: TestClient) -> None:
    changed, gone, back = (
        make(client, "products", {**PEN, "sku": f"PEN-{n}"}) for n in range(3)
    )
    start = now()
    client.patch(changed, json={"price": "2.00", "stock": 9})
    client.patch(changed, json={"price": "3.00", "stock": 3})
    client.patch(gone, json={"stock": 5})
    client.delete(gone)
    client.patch(back, json={"stock": 5})
    client.delete(back)
    client.post(f"{back}/restore")
    client.patch(back, json={"stock": 3})
    client.delete(make(client, "products", {**PEN, "sku": "BRIEF"}))
    new = make(client, "products", {**PEN, "sku": "NEW"})
    client.patch(new, json={"stock": 4})
    end = now()
    client.patch(changed, json={"price": "99.00"})
    items = diff(client, start, end, entity="Product")
    assert [f"products/{each['id']}" for each in items] == [changed, gone, back, new]
    versions = [(each["from_version"], each["to_version"]) for each in items]
    assert versions == [(1, 3), (1, None), (1, 5), (None, 2)]
    fields = [each["changed"] for each in items]
    assert fields[0]["price"] == ["1.50", "3.00"]
    assert fields[0].keys() == {"price", "updated_at"}
    assert (fields[1]["stock"], fields[1]["sku"]) == ([3, None], ["PEN-1", None])
    assert fields[2].keys() == {"updated_at"}
    assert (fields[3]["stock"], fields[3]["sku"]) == ([None, 4], [None, "NEW"])
    assert diff(client, end, end) == []


def test_a_difference_is_that_of_two_lists(client: TestClient) -> None:
    pen = make(client, "products", PEN)
    first = body(client.get(pen))
    client.patch(pen, json={"name": "Pencil", "price": "2.00"})
    (item,) = diff(client, first["updated_at"], LATE, entity="Product")
    before, after = (
        body(client.get(pen, params={"as_of": time}))
        for time in (first["updated_at"], LATE)
    )
    for name, pair in item["changed"].items():
        assert pair == [before[name], after[name]]


def test_all_classes_are_compared_in_their_order(client: TestClient) -> None:
    make(client, "tasks", {"title": "Pay"})
    make(client, "products", PEN)
    make(client, "customers", {"name": "Ada", "email": "ada@example.com"})
    found = [each["entity"] for each in diff(client, EPOCH, LATE)]
    assert found == sorted(found)
    assert {"Customer", "Product", "Task"} <= {*found}


def test_a_renamed_class_is_one(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with earlier(Product, renamed("label", "name")):
        pen = make(client, "products", PEN)
        start = now()
        client.patch(pen, json={"name": "Pencil"})
    monkeypatch.setattr(Product, "former_names", {"label": "name"})
    monkeypatch.setattr(Product, "former_entities", frozenset({"Item"}))
    client.patch(pen, json={"name": "Crayon"})
    (item,) = diff(client, start, LATE, entity="Product")
    assert item["changed"]["name"] == ["Pen", "Crayon"]


def test_addresses_of_users_need_a_permission(
    client: TestClient, make_account: MakeAccount
) -> None:
    reader = make_account("audit:read").header
    query = {"from": EPOCH, "to": LATE, "entity": "User"}
    hidden = body(client.get("audit/diff", params=query, headers=reader))["items"]
    shown = body(client.get("audit/diff", params=query))["items"]
    assert {*hidden[0]["changed"]["email"]} == {HIDDEN}
    assert shown[0]["changed"]["email"][1].endswith("@example.com")
    assert shown[0]["changed"]["password_hash"][1].startswith("hmac:")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": EPOCH},
        {"from": LATE, "to": EPOCH},
        {"from": "2026-01-01T00:00:00", "to": LATE},
        {"from": EPOCH, "to": LATE, "cursor": "Product"},
        {"from": EPOCH, "to": LATE, "cursor": "\n." + "0" * 32},
        {"from": EPOCH, "to": LATE, "entity": ""},
        {"from": EPOCH, "to": LATE, "entity": "Prodcut"},
        {"from": EPOCH, "to": LATE, "entity": "products"},
        {"from_": EPOCH, "to": LATE},
    ],
)
def test_an_invalid_query_is_rejected(
    client: TestClient, query: dict[str, str]
) -> None:
    assert client.get("audit/diff", params=query).status_code == 422
