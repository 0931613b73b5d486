"""Exports in another order: each record once, and sorted once, with any value."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

from app.collections.files.exports import repository
from app.core.db.driver import connections
from app.modules.products.models import Product
from tests.clients import Client
from tests.collections.files.files import make_products
from tests.contract import Json

SORTED = ("name", "-price", "stock", "-stock", "price,-name")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repository, "BATCH_ROWS", 2)
    monkeypatch.setattr(connections, "PART_ROWS", 3)


def exported(client: TestClient, query: str) -> list[Json]:
    answer = client.get(f"products/export?format=jsonl&{query}")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@contextmanager
def statements(app: FastAPI) -> Iterator[list[str]]:
    """Yield a list that gets the texts of the statements that are executed."""
    found: list[str] = []
    engine: Engine = app.state.health.database.read_engine.sync_engine

    def note(_: Any, __: Any, sql: str, given: Any, *___: Any) -> tuple[str, Any]:
        found.append(sql)
        return sql, given

    event.listen(engine, "before_cursor_execute", note, retval=True)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("query", [*(f"sort={it}" for it in SORTED), "q=pen"])
def test_equal_values_are_sorted_only_once(
    client: TestClient, app: FastAPI, query: str
) -> None:
    """One statement for each batch would sort all equal values each time."""
    make_products(client, *[{}] * 9)
    listed = client.get(f"products?{query}").json()["items"]
    with statements(app) as found:
        assert exported(client, query) == listed
    sorting = [sql for sql in found if "ORDER BY" in sql and "search_text" not in sql]
    assert len(sorting) == (0 if query == "q=pen" else 1), sorting


ReadBatch = Callable[[repository.Sorted, Any], Any]


def test_a_record_whose_value_changes_meanwhile_is_there_once(
    client: Client, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = make_products(client, *({"stock": number} for number in range(7)))
    first = UUID(items[-1]["id"])
    read: ReadBatch = repository.Sorted.read
    batches: list[Sequence[Any]] = []

    async def change(self: repository.Sorted, session: Any) -> Sequence[Any]:
        if len(batches) == 1:
            async with app.state.health.database.writing() as other:
                (await other.get(Product, first)).stock = 100
        batches.append(await read(self, session))
        return batches[-1]

    monkeypatch.setattr(repository.Sorted, "read", change)
    found = exported(client, "sort=stock")
    assert [it["id"] for it in found] == [it["id"] for it in items[::-1]]
    assert len(batches) == 5


def test_a_record_that_is_deleted_meanwhile_is_left_out(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = make_products(client, *[{}] * 6)
    sort = repository.Sorted.sort

    async def delete(self: repository.Sorted, session: Any) -> None:
        await sort(self, session)
        async with app.state.health.database.writing() as other:
            for it in items[1:3]:
                await other.delete(await other.get(Product, UUID(it["id"])))

    monkeypatch.setattr(repository.Sorted, "sort", delete)
    assert exported(client, "sort=-name") == [items[0], *items[3:]]
