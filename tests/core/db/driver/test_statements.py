"""Compiled statements: found again by their structure, executed with other values."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Select, literal_column, select

from app.auth.models import User
from app.core.db.database import Database
from app.core.db.driver import statements
from app.core.db.driver.statements import resolve
from app.core.db.filters import page_query
from app.core.repository import BaseRepository
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.products.schemas import ProductQuery

pytestmark = pytest.mark.anyio
TABLE = Product.__table__


async def add_products(database: Database, *numbers: int) -> list[Any]:
    async with database.writing() as session:
        rows = [
            {"sku": f"A-{n}", "name": f"N {n}", "price": Decimal(n)} for n in numbers
        ]
        return await ProductRepository(session).create_many(rows)


async def skus(database: Database, **filters: Any) -> list[str]:
    query = ProductQuery.model_validate(filters)
    async with database.reading() as session:
        page = await ProductRepository(session).page(query)
        assert page.total == len(page.items)
        assert not session.has_orm_session
        return [row["sku"] for row in page.items]


async def test_a_list_is_found_in_the_cache_with_its_own_values(
    database: Database,
) -> None:
    await add_products(database, 1, 2, 3)
    assert await skus(database, min_price="2") == ["A-3", "A-2"]
    size = len(statements._cache)
    assert await skus(database, min_price="3") == ["A-3"]
    assert await skus(database, min_price="9") == []
    assert len(statements._cache) == size
    assert await skus(database, q="n 1") == ["A-1"]
    assert await skus(database, sort=("price",)) == ["A-1", "A-2", "A-3"]


async def test_a_list_of_any_length_can_be_searched(database: Database) -> None:
    products = await add_products(database, 1, 2, 3)
    ids = [product.id for product in products]
    async with database.reading() as session:
        for count in (0, 1, 3, 2):
            query = select(TABLE.c.sku).where(TABLE.c.id.in_(ids[:count]))
            rows = await session.rows(query.order_by(TABLE.c.sku))
            assert [row["sku"] for row in rows] == [f"A-{n + 1}" for n in range(count)]


async def test_an_entity_is_read_as_the_orm_reads_it(database: Database) -> None:
    (added,) = await add_products(database, 5)
    async with database.reading() as session:
        direct = await ProductRepository(session).get(added.id)
        by_orm = await session.get(Product, added.id)
        assert session.has_orm_session
        assert direct not in session
        assert by_orm
        assert direct.model_dump() == by_orm.model_dump()
        assert await session.find(Product, uuid4()) is None


@pytest.mark.slow
async def test_the_cache_is_bounded(database: Database) -> None:
    dialect = database.engine.dialect
    for number in range(2 * statements.CACHE_SIZE):
        resolve(select(literal_column(f"{number}").label("n")), {}, dialect)
    assert len(statements._cache) <= 1.5 * statements.CACHE_SIZE
    newest: Select[Any] = select(literal_column(f"{number}").label("n"))
    one, _ = resolve(newest, {}, dialect)
    assert resolve(newest, {}, dialect)[0] is one


async def test_a_value_that_is_not_given_is_an_error(database: Database) -> None:
    with pytest.raises(KeyError, match="limit"):
        resolve(page_query(TABLE, ()), {}, database.engine.dialect)


def test_an_entity_with_relationships_is_not_listed_as_rows() -> None:
    with pytest.raises(TypeError, match="User has relationships"):

        class UserRows(BaseRepository[User]):
            model = User
