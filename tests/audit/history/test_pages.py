"""Long histories are read in pages, and other work runs in between."""

from decimal import Decimal

import pytest
from fastapi.testclient import TestClient

from app.audit.history.collection.repository import PastRepository
from app.audit.history.moments import until
from app.audit.history.repository import HistoryRepository
from app.core.db.database import Database
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from tests.audit.history.test_history import PEN, at, body, history, make
from tests.processes.turns import counting_turns

PAGE, CHANGES_EACH = 3, 20


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.audit.history.pages.PAGE_ROWS", PAGE)


def test_each_version_of_a_long_history_can_be_read(
    client: TestClient, short_pages: None
) -> None:
    url = make(client, "products", PEN)
    for stock in range(10, 17):
        client.patch(url, json={"stock": stock})
    stocks = [
        body(at(client, url, change["at"]))["stock"] for change in history(client, url)
    ]
    assert stocks == [*reversed(range(10, 17)), PEN["stock"]]


@pytest.mark.anyio
async def test_other_work_runs_between_two_pages(
    database: Database, short_pages: None
) -> None:
    async with database.writing() as session:
        pen = PEN | {"price": Decimal(1)}
        products = ProductRepository(session)
        pens = await products.create_many([pen | {"sku": sku} for sku in "ABC"])
    for stock in range(CHANGES_EACH):
        async with database.writing() as session:
            products = ProductRepository(session)
            long = await products.get_for_update(pens[1].id)
            await products.update(long, {"stock": 10 + stock})
    async with counting_turns() as turns, database.reading() as session:
        ids, then = {pen.id for pen in pens}, until(pens[0].created_at)
        states = await HistoryRepository(session).states(Product, ids, then)
    assert {state["stock"] for state in states.values()} == {PEN["stock"]}
    assert [len(states), states[pens[1].id]["version"]] == [3, 1]
    assert turns.count >= CHANGES_EACH // PAGE


@pytest.mark.anyio
async def test_other_work_runs_while_records_are_rebuilt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.audit.history.collection.repository.TOGETHER", 2)
    async with database.writing() as session:
        many = [PEN | {"price": Decimal(1), "sku": f"PEN-{n}"} for n in range(20)]
        pens = await ProductRepository(session).create_many(many)
    async with counting_turns() as turns, database.reading() as session:
        past = PastRepository(ProductRepository(session), pens[0].created_at)
        built = await past.build([pen.id for pen in pens])
    assert [it.sku for it in built] == [it.sku for it in pens]
    assert turns.count >= 10
