"""Derived columns follow each write, and are in no entry of the audit log."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.models import AuditChange
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.derived.columns import LONGEST_KEY, derivations_of
from app.core.models import Entity
from app.modules.customers.models import Customer
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from tests.audit.consistency.test_check import check, tamper
from tests.audit.history.test_history import PEN, make
from tests.processes.forked import command
from tests.processes.servers import environment

Write = Callable[[AsyncSession], Awaitable[Any]]
VALUES: dict[str, Any] = {
    "sku": "A",
    "name": "Émile",
    "description": "Ink\nBlue",
    "price": Decimal(1),
}
PENCIL = ("a\npencil\nink\nblue", "pencil")
TABLE = Product.__table__


async def stored(database: Database) -> list[tuple[str, str]]:
    query = select(TABLE.c.search_text, TABLE.c.name_sort).order_by(TABLE.c.sku)
    async with database.reading() as session:
        return [(row[0], row[1]) for row in await session.execute(query)]


async def change(session: AsyncSession) -> None:
    (product,) = await session.scalars(select(Product))
    product.name = "Pencil"


async def change_by_mapping(session: AsyncSession) -> None:
    await session.execute(update(Product).values(name="Pencil"))


async def change_by_expression(session: AsyncSession) -> None:
    name = func.replace(col(Product.name), "Émile", "Pencil")
    await session.execute(update(Product).values(name=name))


async def merge(session: AsyncSession) -> None:
    id = (await session.scalars(select(col(Product.id)))).one()
    await session.merge(Product(id=id, **{**VALUES, "name": "Pencil"}))


@pytest.mark.anyio
@pytest.mark.parametrize(
    "write", [change, change_by_mapping, change_by_expression, merge]
)
async def test_derived_columns_follow_each_write(
    database: Database, write: Write
) -> None:
    async with database.writing() as session:
        await ProductRepository(session).create_many([VALUES])
    assert await stored(database) == [("a\nemile\nink\nblue", "emile")]
    async with database.writing() as session:
        await write(session)
    assert await stored(database) == [PENCIL]


@pytest.mark.anyio
async def test_a_change_of_other_columns_leaves_them(database: Database) -> None:
    """Their UPDATE costs as much as without a search."""
    async with database.writing() as session:
        await ProductRepository(session).create_many([VALUES])
    async with database.writing() as session:
        (product,) = await session.scalars(select(Product))
        product.stock, product.name = 7, product.name
        await session.flush()
        assert "search_text" not in vars(product)


@pytest.mark.slow
def test_they_are_in_no_answer_and_no_entry(
    client: TestClient, read: Callable[..., Any], url: str
) -> None:
    product = make(client, "products", PEN)
    client.patch(product, json={"name": "Pencil"})
    client.post(f"{product}/revert", json={"to_version": 1})
    client.delete(product)
    client.post(f"{product}/restore")
    assert client.get("products", params={"q": str(PEN["name"])}).json()["total"] == 1
    entries = [*read(select(col(AuditChange.old))), *read(select(col(AuditChange.new)))]
    names = {name for each in entries for name in each or {}}
    names |= {*client.get(product).json(), *client.get("products").json()["items"][0]}
    assert {each for each in names if "search" in each or "_sort" in each} == set()
    assert check(url).code == 0


@pytest.mark.slow
def test_rows_written_by_sql_are_named_and_mended(
    client: TestClient, settings: Settings, url: str
) -> None:
    product = make(client, "products", PEN)
    tamper(settings, "UPDATE product SET search_text = 'x', name_sort = NULL")
    found = check(url)
    assert found.code == 1
    assert "search_text, name_sort is not as computed" in found.output
    assert "scripts/rebuild_search.py" in found.output
    done = command(("scripts/rebuild_search.py",), environment(url))
    assert done.code == 0
    assert "product: 1 rows were wrong" in done.output
    assert check(url).code == 0
    assert client.get(product).headers["etag"] == '"1"'
    assert client.get("products", params={"q": str(PEN["name"])}).json()["total"] == 1


@pytest.mark.parametrize("model", [Product, Customer])
def test_a_long_name_has_a_short_key(model: type[Entity]) -> None:
    ligature = "\ufdfa"  # 18 characters once it is folded
    row = dict.fromkeys(model.__table__.c.keys(), ligature * 200)
    keys = [it.value(row) for it in derivations_of(model.__table__)]
    assert [len(key or "") for key in keys[1:]] == [LONGEST_KEY] * len(keys[1:])
