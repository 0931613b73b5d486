"""The search index finds what a scan finds, and is in step with the table."""

import asyncio
import random
import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest
from alembic.command import downgrade, upgrade
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, Text, event, select, text
from sqlmodel import col

from app.audit.changes.guard import unaudited
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.derived import rebuild
from app.core.db.guarantees.operations import RestoreGuaranteesOp
from app.core.db.search import conditions
from app.core.text import fold
from app.main import open_database
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.products.schemas import ProductQuery
from tests.audit.consistency.test_check import tamper
from tests.databases import alembic_config

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
TEXTS = (
    "Fountain pen",
    "FOUNTAIN PEN, black",
    "Pencil é",
    "Ink: über-blue",
    'say "ink" twice',
    "a* b- c:d (e) ^f {g}",
    "NEAR AND OR NOT",
    "it's 100% _wide_ \\ ok",
    "カタカナ と ひらがな",
    "日本語の文",
    "🙂🙃🙂",
)
WORDS = (
    *'pen ink über UBER fountain pen, "ink ink" \'ink a* b- c:d :d ( ) ^f {g}'.split(),
    *"near and or not NEAR(pen) -pen +pen pen* it's 100% % _ __ \\ é e blue-".split(),
    *"カタ タカナ ひらが 日本語 語の 🙂🙃🙂 🙃 r-b sku-1 sku sku-0010 x% xyz".split(),
)


@pytest.fixture
async def filled(database: Database) -> Database:
    chosen = random.Random(7)
    rows = [
        {
            "sku": f"SKU-{number:04}",
            "name": chosen.choice(TEXTS),
            "description": " ".join(chosen.sample(TEXTS, 2)),
            "price": Decimal(number),
        }
        for number in range(60)
    ]
    async with database.writing() as session:
        await ProductRepository(session).create_many(rows)
    return database


async def find(database: Database, q: str) -> tuple[list[str], int | None]:
    async with database.reading() as session:
        page = await ProductRepository(session).page(ProductQuery(q=q, limit=200))
    return sorted(row["sku"] for row in page.items), page.total


def expected(rows: list[dict[str, Any]], q: str) -> list[str]:
    """Return the rows that have each word in one of the searched columns."""
    return sorted(
        row["sku"]
        for row in rows
        if all(
            any(word in fold(row[name]) for name in Product.searched)
            for word in fold(q).split()
        )
    )


@pytest.mark.parametrize("common", [0, 10**6], ids=["scan", "index"])
async def test_both_ways_find_what_python_finds(
    filled: Database, monkeypatch: pytest.MonkeyPatch, common: int
) -> None:
    monkeypatch.setattr(conditions, "COMMON_FOR_PAGE", common)
    monkeypatch.setattr(conditions, "COMMON_FOR_TOTAL", common)
    async with filled.reading() as session:
        rows = (await ProductRepository(session).page(ProductQuery(limit=200))).items
    chosen = random.Random(11)
    pairs = [" ".join(chosen.sample(WORDS, 2)) for _ in range(60)]
    for q in (*WORDS, *pairs):
        skus = expected(rows, q)
        assert await find(filled, q) == (skus, len(skus)), q
    assert len({len(expected(rows, q)) for q in WORDS}) > 5


async def delete_first(database: Database) -> None:
    """Leave a gap in SQLite's rowids."""
    async with database.writing() as session:
        first = await session.scalar(select(Product).order_by(col(Product.sku)))
        await session.delete(first)


async def test_it_follows_changes_and_deletions(database: Database) -> None:
    values = {"sku": "A", "name": "Quixotic", "price": Decimal(1)}
    async with database.writing() as session:
        (product,) = await ProductRepository(session).create_many([values])
    assert (await find(database, "quixotic"))[0] == ["A"]
    async with database.writing() as session:
        product = await ProductRepository(session).get_for_update(product.id)
        await ProductRepository(session).update(product, {"name": "Plain"})
    assert (await find(database, "quixotic"))[0] == []
    assert (await find(database, "plain"))[0] == ["A"]
    async with database.writing() as session:
        product = await ProductRepository(session).get_for_update(product.id)
        await ProductRepository(session).delete(product)
    assert (await find(database, "plain"))[0] == []


async def test_a_rare_word_is_found_by_the_index(filled: Database) -> None:
    statements: list[tuple[str, Any]] = []

    def record(_: Any, __: Any, sql: str, values: Any, *___: Any) -> None:
        statements.append((sql, values))

    event.listen(filled.engine.sync_engine, "before_cursor_execute", record)
    await find(filled, "nowhere")
    sql, values = statements[-1]
    on_sqlite = filled.engine.dialect.name == "sqlite"
    explain = f"EXPLAIN {'QUERY PLAN' if on_sqlite else ''} {sql}"
    async with filled.engine.connect() as connection:
        if not on_sqlite:
            await connection.execute(text("SET enable_seqscan = off"))
        rows = await connection.exec_driver_sql(explain, tuple(values))
        plan = "\n".join(str(row[-1]) for row in rows)
    if on_sqlite:
        assert "SCAN product_search VIRTUAL TABLE" in plan
        assert "SEARCH product USING INTEGER PRIMARY KEY (rowid=?)" in plan
    else:
        assert "Bitmap Index Scan on ix_product_search" in plan


def test_rows_that_exist_are_migrated(
    url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BATCH", 2)
    downgrade(alembic_config(url), "3b9d2f60c8e1-1")
    id = "'018f3c1e-7a2b-7c3d-8e4f-00000000000{}'"
    if url.startswith("sqlite"):
        id = f"replace({id}, '-', '')"
    for number, name in enumerate(("Émile", "Zoo", "apple", "Ink", "Ünique")):
        now = "'2026-01-01 00:00:00'"
        row = f"{id.format(number)}, 1, {now}, {now}, '{number}', '{name}', '', 1, 1"
        tamper(settings, f"INSERT INTO product VALUES ({row}, true)")  # noqa: S608
    upgrade(alembic_config(url), "head")

    async def look() -> None:
        async with open_database(settings) as database:
            assert (await find(database, "emile"))[0] == ["0"]
            assert (await find(database, "UNIQUE"))[0] == ["4"]
            async with database.reading() as session:
                ordered = ProductQuery(sort=("name",))
                page = await ProductRepository(session).page(ordered)
            found = [row["name"] for row in page.items]
            assert found == ["apple", "Émile", "Ink", "Ünique", "Zoo"]

    asyncio.run(look())


async def test_a_vacuum_keeps_the_index(filled: Database) -> None:
    """SQLite does not promise it, so a version that renumbers rows must be noticed."""
    if filled.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's index refers to no rowid")
    await delete_first(filled)
    path = filled.engine.url.database or ""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
    assert await find(filled, "sku-0010") == (["SKU-0010"], 1)


def copy_table(connection: Connection) -> None:
    """Copy the table as a batch operation does, which loses its triggers."""
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("product", recreate="always") as batch:
        batch.add_column(Column("color", Text))
    operations.invoke(RestoreGuaranteesOp("product"))


async def test_a_copied_table_gets_a_new_index(filled: Database) -> None:
    """On SQLite the rows of the copy have other rowids."""
    if filled.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL does not copy tables")
    await delete_first(filled)
    before = await find(filled, "sku-0010")
    assert before == (["SKU-0010"], 1)
    with unaudited("a migration"):
        async with filled.engine.begin() as connection:
            await connection.run_sync(copy_table)
    assert await find(filled, "sku-0010") == before
