import csv
import io
import json
from typing import Any, get_args

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.auth.models import User
from app.collections.files.exports import repository
from app.core.db.driver import connections
from app.modules.tasks import schemas as tasks
from tests.clients import Client
from tests.collections.files.files import make_products
from tests.conftest import MakeAccount
from tests.contract import Json, status_and_code
from tests.hostile.api import HOST, Call, exchange

NO_NAMES = {"customer_name": None, "assignee_name": None}


def jsonl(client: TestClient, query: str = "") -> list[Json]:
    answer = client.get(f"products/export?format=jsonl{query}")
    assert answer.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


def rows_of(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text, newline=""))]


def test_an_export_has_what_the_list_has(client: TestClient) -> None:
    items = make_products(client, {"sku": "A-1"}, {"sku": "B-1"}, {"sku": "C-1"})
    assert jsonl(client) == items
    file = client.get("products/export")
    assert file.status_code == 200
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    disposition = 'attachment; filename="products.csv"'
    assert file.headers["content-disposition"] == disposition
    assert [row["sku"] for row in rows_of(file.text)] == ["C-1", "B-1", "A-1"]
    assert rows_of(file.text)[0]["price"] == "1.50"
    assert rows_of(file.text)[0]["is_active"] == "true"


def test_an_export_takes_the_parameters_of_the_list(client: TestClient) -> None:
    first: Json = {"sku": "A-1", "price": "9.00"}
    items = make_products(
        client,
        first,
        {"sku": "A-2", "is_active": False},
        {"sku": "A-3", "name": "Röd penna"},
    )
    c, b, a = items
    assert jsonl(client, "&is_active=false") == [b]
    assert jsonl(client, "&q=rod") == [c]
    assert jsonl(client, "&sort=-price&min_price=1.50") == [a, c, b]
    assert jsonl(client, "&updated_since=2020-01-01T00:00:00Z") == items
    assert jsonl(client, "&q=nothing") == []
    assert client.get("products/export?q=nothing").text.count("\r\n") == 1
    for query in ("limit=1", "offset=1", "format=xlsx", "sort=id", "after=1", "x=1"):
        refused = client.get(f"products/export?{query}")
        assert status_and_code(refused) == (422, "validation_failed"), query
        assert refused.json()["errors"][0]["loc"][0] == "query"


def application(client: TestClient) -> FastAPI:
    assert isinstance(client.app, FastAPI)
    return client.app


def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "BATCH_ROWS", 2)
    monkeypatch.setattr(connections, "PART_ROWS", 3)


@pytest.mark.slow
def test_batches_follow_each_other_in_every_order(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With equal values, NULLs, and batches that end before, at and in them."""
    small_batches(monkeypatch)
    days = [None, "2026-01-01", "2026-01-02", None, "2026-01-01", None, "2026-01-01"]
    ranks = ["low", "high", "high", "urgent", "low", "low", "medium"]
    for day, rank in zip(days, ranks, strict=True):
        task = {"title": "x", "due_at": day and f"{day}T00:00:00Z", "priority": rank}
        assert client.post("tasks", json=task).status_code == 201
    several = ("priority,-due_at", "-due_at,priority,created_at", "due_at,-priority")
    for sort in ("", *get_args(tasks.Sort), *several):
        order = f"&sort={sort}" if sort else ""
        listed = client.get(f"tasks?limit=200{order}").json()["items"]
        answer = client.get(f"tasks/export?format=jsonl{order}")
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert lines == [item | NO_NAMES for item in listed], sort


@pytest.mark.parametrize("count", range(5))
def test_an_export_ends_after_any_number_of_rows(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    small_batches(monkeypatch)
    items = make_products(client, *({"sku": f"PEN-{n}"} for n in range(count)))
    assert jsonl(client) == items
    assert jsonl(client, "&sort=name") == items


def test_a_text_is_no_formula_in_a_spreadsheet(client: TestClient) -> None:
    texts = ["=1+1", "+1", "-1", "@A1", "'quoted", "''", "a=1", "=cmd|' /C calc'!A0"]
    changes = [{"sku": f"A-{n}", "description": it} for n, it in enumerate(texts)]
    items = make_products(client, *changes)
    cells = [row["description"] for row in rows_of(client.get("products/export").text)]
    expected = [it if it == "a=1" else f"'{it}" for it in texts]
    assert cells == expected[::-1]
    assert [row["description"] for row in jsonl(client)] == texts[::-1]
    assert jsonl(client) == items


def test_the_access_log_has_the_number_of_rows(client: Client) -> None:
    make_products(client, *({"sku": f"PEN-{n}"} for n in range(3)))
    for query in ("", "?format=jsonl", "?q=nothing"):
        client.get(f"products/export{query}")
    client.head("products/export")
    client.get("products/export?x=1")
    client.call(application(client).state.access_log.loader.load)
    accesses = client.get("audit/accesses?limit=200").json()["items"]
    exports = [each for each in accesses if each["path"].endswith("/export")]
    assert [each["exported_rows"] for each in exports] == [None, None, 0, 3, 3]


def test_head_makes_no_file(client: TestClient) -> None:
    head = client.head("products/export?format=jsonl")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/jsonl"


def test_relationships_are_in_the_file(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_batches(monkeypatch)
    for name in ("a", "b", "c"):
        role = {"name": name, "modules": {"products": ["update"], "tasks": []}}
        assert client.post("roles", json=role).status_code == 201
    listed = client.get("roles").json()["items"]
    answer = client.get("roles/export?format=jsonl")
    assert [json.loads(line) for line in answer.text.splitlines()] == listed
    cells = [row["modules"] for row in rows_of(client.get("roles/export").text)]
    assert [json.loads(cell) for cell in cells] == [it["modules"] for it in listed]


def test_an_export_ends_when_its_user_loses_the_permission(
    client: Client, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_batches(monkeypatch)
    make_products(client, *({"sku": f"PEN-{n}"} for n in range(6)))
    reader = make_account("products:read")
    read = repository.Newest.read
    batches: list[int] = []

    async def revoke(self: repository.Newest, session: Any) -> Any:
        batches.append(len(batches))
        if len(batches) == 2:
            database = application(client).state.health.database
            async with database.writing() as other:
                user = await other.get(User, reader.id)
                user.is_active = False
        return await read(self, session)

    monkeypatch.setattr(repository.Newest, "read", revoke)
    signed = (HOST, (b"authorization", reader.header["authorization"].encode()))
    call = Call("GET", "/api/v1/products/export", b"format=jsonl", signed)
    start, *parts = client.call(exchange, client.app, call)
    assert start["status"] == 200
    assert [part["more_body"] for part in parts] == [True, True]
    assert b"".join(part["body"] for part in parts).count(b"\n") == 4
