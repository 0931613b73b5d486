"""Sessions that are used after their end, as by a background task of a request."""

from typing import Any

import pytest
from sqlalchemy.exc import InvalidRequestError

from app.core.db.database import Database
from app.core.db.session import DatabaseSession
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from tests.core.db.records.test_joins import make_pen, names

pytestmark = pytest.mark.anyio
WAYS = ("records", "an ORM session", "records, then an ORM session")


async def look_up(session: DatabaseSession, id: Any, way: str) -> None:
    await (session.get if way == "an ORM session" else session.find)(Product, id)


async def update(session: DatabaseSession, id: Any, way: str) -> None:
    if way == "records":
        products = ProductRepository(session)
        await products.update(await products.get_for_update(id), {"name": "Lost"})
        return
    pen = await session.get_one(Product, id)
    pen.name = "Lost"
    await session.commit()


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_written_after_the_end(database: Database, way: str) -> None:
    """It would not be committed, and on SQLite no other request could write."""
    id = await make_pen(database)
    async with database.writing() as session:
        await look_up(session, id, way)
    with pytest.raises(InvalidRequestError):
        await update(session, id, way)
    assert await names(database) == ["Pen"]
    await make_pen(database, sku="PEN-002")


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_is_read_after_the_end(database: Database, way: str) -> None:
    """No one would release the connection."""
    id = await make_pen(database)
    async with database.reading() as session:
        await look_up(session, id, way)
    with pytest.raises(InvalidRequestError):
        await (session.find if way == "records" else session.get)(Product, id)
    assert database.read_engine.pool.checkedout() == 0  # type: ignore[attr-defined]
