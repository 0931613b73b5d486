"""Services that do more than one write, or that use an ORM session."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from app.collections.bulk.collection_schemas import schemas_of
from app.collections.bulk.service import BulkService
from app.core.db.database import Database
from app.core.db.records.statements import MANY
from app.core.exceptions import ConflictException
from app.core.web.collections.resource import resource_of
from app.core.web.etag import UNCONDITIONAL
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.products.routers import router
from app.modules.products.service import ProductService
from tests.collections.bulk.requests import delete, done, log, made, pen, send, update
from tests.processes.turns import counting_turns

Change = pytest.MonkeyPatch
EACH_WAY = pytest.mark.parametrize("atomic", [True, False])


async def update_twice(service: ProductService, id: Any, data: Any) -> Product:
    product = await service.get_for_update(id)
    product = await service.repository.update(product, {"stock": product.stock + 1})
    return await service.repository.update(product, data.changes())


async def update_by_orm(service: ProductService, id: Any, data: Any) -> Product:
    product = await service.get_for_update(id)
    session = service.repository.session
    stocks = await session.scalars(
        select(Product).where(col(Product.sku) != product.sku)
    )
    if sum(other.stock for other in stocks) > 1:
        raise ConflictException("Too much is in stock", "stock")
    return await service.repository.update(product, data.changes())


async def count_in_name(service: ProductService, data: Any) -> Product:
    total = await service.repository.session.rows(select(Product.__table__.c.id))
    values = data.model_dump() | {"name": f"Pen {len(total)}"}
    return await service.repository.create(values)


def test_a_step_with_two_writes_has_two_versions(
    client: TestClient, monkeypatch: Change
) -> None:
    ids = made(client, "PEN-1", "PEN-2")
    monkeypatch.setattr(ProductService, "update", update_twice)
    outcomes = done(client, *(update(id, name="A") for id in ids))
    assert [it["etag"] for it in outcomes] == ['"3"', '"3"']
    assert [it["version"] for it in log(client)] == [1, 1, *(2, 3) * 2]


@EACH_WAY
def test_a_service_may_use_an_orm_session(
    client: TestClient, monkeypatch: Change, atomic: bool
) -> None:
    one, two, three = made(client, "PEN-1", "PEN-2", "PEN-3")
    monkeypatch.setattr(ProductService, "update", update_by_orm)
    items = [update(one, "1", stock=1), update(two, stock=1), pen("PEN-1")]
    items += [update(three, stock=1), delete(three)]
    answer = send(client, *items, atomic=atomic)
    if atomic:
        assert answer.json()["code"] == "bulk_failed"
        places = [error["loc"][2] for error in answer.json()["errors"]]
        assert (places, len(log(client))) == ([2, 3], 3)
    else:
        statuses = [it["status"] for it in answer.json()["items"]]
        assert statuses == [200, 200, 409, 409, 204]
        assert len(log(client)) == 6


def test_a_query_sees_the_items_before(client: TestClient, monkeypatch: Change) -> None:
    monkeypatch.setattr(ProductService, "create", count_in_name)
    outcomes = done(client, *(pen(f"PEN-{n}") for n in range(3)))
    names = [it["record"]["name"] for it in outcomes]
    assert names == ["Pen 0", "Pen 1", "Pen 2"]


def test_an_unexpected_error_changes_nothing(
    client: TestClient, monkeypatch: Change
) -> None:
    (one,) = made(client, "PEN-1")
    monkeypatch.delattr(ProductService, "update")
    monkeypatch.setattr(ProductService, "get_for_update", None)
    answer = send(client, pen("PEN-2"), update(one, name="A"), atomic=False)
    assert answer.status_code == 500
    assert len(log(client)) == 1


@pytest.mark.anyio
async def test_other_tasks_run_between_the_batches(database: Database) -> None:
    resource = resource_of(router)
    async with database.writing() as session:
        service = ProductService(ProductRepository(session), UNCONDITIONAL)
        bulk = BulkService(resource, schemas_of(resource), service)
        async with counting_turns() as turns:
            outcomes = await bulk.run([pen(f"PEN-{n}") for n in range(300)], True)
    assert len(outcomes) == 300
    assert turns.count >= 2 * 300 / MANY
