"""Filters and orders of a list as of a time, and those that are refused."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from app.modules.customers.models import Customer
from app.modules.products.models import Product
from app.modules.tasks.models import Task
from app.modules.tasks.repository import TaskRepository
from tests.audit.history.test_history import LATE, PEN, body, make, now
from tests.audit.history.test_renamed import (
    PENCIL,
    Earlier,
    assert_unknown,
    earlier,
    renamed,
    without,
)
from tests.auth.tokens.test_access_tokens import record_statements
from tests.databases import ROOT

__all__ = ["earlier"]


def names(client: TestClient, then: str, **query: Any) -> list[str]:
    page = body(client.get("products", params={"as_of": then, **query}))
    return [item["name"] for item in page["items"]]


def test_overdue_is_of_the_time_that_is_read(client: TestClient) -> None:
    due = "2098-12-31T00:00:00Z"
    make(client, "tasks", {"title": "Pay", "due_at": due})
    found = body(client.get(f"tasks?overdue=true&as_of={LATE}"))
    assert (found["total"], len(found["items"])) == (1, 1)
    soon = client.get("tasks?overdue=true&as_of=2098-12-30T23:59:59Z")
    assert body(soon)["items"] == []
    assert body(client.get("tasks?overdue=true"))["items"] == []


def test_conditions_do_not_read_the_clock() -> None:
    """A condition that calls `now()` would compare a past list with the present."""
    for path in (ROOT / "app/modules").glob("*/repository.py"):
        assert "clock" not in path.read_text(), f"{path}: use filters.NOW"


def test_a_condition_on_other_tables_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = select(col(Customer.id)).where(col(Customer.is_active))
    inside = {"customer_id": lambda id: col(Task.customer_id).in_(active)}
    monkeypatch.setattr(TaskRepository, "conditions", inside)
    query = "tasks?customer_id=01900000-0000-7000-8000-000000000000"
    assert client.get(query).status_code == 200
    refused = client.get(f"{query}&as_of={LATE}")
    assert body(refused, 422)["errors"][0]["loc"] == ["query", "as_of"]


@pytest.mark.slow
def test_a_renamed_column_is_searched_and_sorted_as_it_was(
    client: TestClient, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    with earlier(Product, renamed("label", "name")):
        pen, pencil = (make(client, "products", each) for each in (PEN, PENCIL))
        client.patch(pen, json={"name": "Zebra"})
        then = now()
        client.patch(pen, json={"name": "Ant"})
        client.delete(pencil)
    monkeypatch.setattr(Product, "former_names", {"label": "name"})
    monkeypatch.setattr(Product, "former_entities", frozenset({"Item"}))
    client.patch(pen, json={"name": "Bee"})
    assert names(client, then, sort="name") == ["Pen", "Zebra"]
    assert names(client, then, q="zebr") == ["Zebra"]
    assert names(client, then, q="bee") == []


def test_a_column_of_later_cannot_sort_what_was_before(
    client: TestClient, earlier: Earlier
) -> None:
    with earlier(Product, without("stock")):
        make(client, "products", PEN)
    then = now()
    make(client, "products", {**PENCIL, "stock": 0})
    assert_unknown(client.get("products", params={"as_of": then}), "stock")
    sorted_by = {"as_of": then, "sort": "stock"}
    assert_unknown(client.get("products", params=sorted_by), "stock")
    filtered = {"as_of": then, "in_stock": "true"}
    assert_unknown(client.get("products", params=filtered), "stock")


@pytest.mark.slow
def test_the_far_past_is_empty_and_the_future_as_now(client: TestClient) -> None:
    make(client, "products", PEN)
    empty = body(client.get("products?as_of=1900-01-01T00:00:00Z&q=pen&sort=name"))
    assert (empty["items"], empty["total"]) == ([], 0)
    present = body(client.get("products?q=pen"))
    future = client.get("products?q=pen&as_of=9998-12-31T23:59:59.999999Z")
    assert body(future) == present


@pytest.mark.slow
def test_pages_after_an_id_are_of_the_same_time(client: TestClient) -> None:
    urls = [make(client, "products", {**PEN, "sku": f"PEN-{n}"}) for n in range(5)]
    then = now()
    for url in urls[1:4]:
        client.delete(url)
    make(client, "products", PEN | {"sku": "NEW"})
    ids, query = list[str](), {"as_of": then, "limit": "2"}
    while page := body(client.get("products", params=query)):
        assert page["total"] == 5
        if not page["items"]:
            break
        ids += [item["id"] for item in page["items"]]
        query["after"] = ids[-1]
    assert [f"products/{id}" for id in ids] == urls[::-1]


@pytest.mark.slow
def test_users_are_read_with_their_roles_of_then_set_wise(
    client: TestClient, app: FastAPI
) -> None:
    roles = [
        body(client.post("roles", json={"name": f"role {n}"}), 201)["id"]
        for n in range(4)
    ]
    same = {"full_name": "Ada", "password": "correct horse battery staple"}
    users = [
        make(client, "users", {**same, "email": f"u{n}@example.com", "role_ids": roles})
        for n in range(6)
    ]
    before, then = body(client.get("users?sort=email")), now()
    client.patch(users[0], json={"role_ids": roles[:1]})
    client.delete(f"roles/{roles[3]}")
    client.patch(f"roles/{roles[2]}", json={"name": "renamed"})
    for url in users[3:]:
        assert client.delete(url).status_code == 204
    query = {"as_of": then, "sort": "email"}
    assert body(client.get("users", params=query)) == before
    counts = list[int]()
    for limit in (2, 7):
        statements = record_statements(app)
        body(client.get("users", params={**query, "limit": limit}))
        counts.append(len(statements))
    assert counts[0] == counts[1]
