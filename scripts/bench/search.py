"""Rows to search, and measurements of searches, inserts and the size of the index."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice
from statistics import mean, median
from time import perf_counter
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import MigrateOperation, Operations
from sqlalchemy import Connection, insert, text

from app.core.clock import now
from app.core.db.database import Database
from app.core.db.derived.columns import derivations_of
from app.core.db.guarantees.operations import RestoreGuaranteesOp
from app.core.db.guarantees.search_index import DropSearchIndexOp
from app.core.db.ids import uuid7
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.products.schemas import ProductQuery

TABLE = Product.__table__
BATCH = 10_000
TIMES = 7  # that each search is measured
INSERTS = 20_000
# Each is in one row of so many.
EVERY = {"seldom": 2_000, "percent": 100, "common": 1}
SEARCHES = (*EVERY, "nowhere", "seldom common", "percent seldom")
SIZES = {
    "sqlite": text(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    ),
    "postgresql": text("SELECT pg_database_size(current_database())"),
}


@dataclass(frozen=True)
class Cost:
    """A measurement, in milliseconds or megabytes."""

    database: str
    what: str
    value: float
    hits: int | None = None


async def measure(database: Database, rows: int) -> list[Cost]:
    """Measure an empty `database`, without the listeners of the audit."""
    await change_schema(database, DropSearchIndexOp(TABLE.name))
    await add_rows(database, rows)
    without = await insert_costs(database, "insert without index")
    size, began = await size_of(database), perf_counter()
    await change_schema(database, RestoreGuaranteesOp(TABLE.name, ()))
    name = database.engine.dialect.name
    built, grown = perf_counter() - began, await size_of(database) - size
    costs = [
        Cost(name, "table, MB", size / 1e6),
        Cost(name, "index, MB", grown / 1e6),
        Cost(name, "build, s", built),
        *without,
        *await insert_costs(database, "insert"),
    ]
    for q in SEARCHES:
        page, total = [await search_time(database, q, each) for each in (False, True)]
        costs.append(Cost(name, f"q={q}", page[0]))
        costs.append(Cost(name, f"q={q} with total", *total))
    return costs


async def change_schema(database: Database, operation: MigrateOperation) -> None:
    def invoke(connection: Connection) -> None:
        Operations(MigrationContext.configure(connection)).invoke(operation)

    async with database.engine.begin() as connection:
        await connection.run_sync(invoke)


async def add_rows(database: Database, count: int) -> None:
    rows = make_rows(count)
    while batch := list(islice(rows, BATCH)):
        async with database.engine.begin() as connection:
            await connection.execute(insert(TABLE), batch)


def make_rows(count: int) -> Iterator[dict[str, Any]]:
    """Yield rows whose words are as frequent as those of a language."""
    chosen = random.Random(7)
    words = ["".join(chosen.choices("aeioudlmnrst", k=6)) for _ in range(30_000)]
    weights = list(accumulate(1 / (place + 1) for place in range(len(words))))
    same = {"version": 1, "price": 1, "stock": 1, "is_active": True}
    times = {"created_at": now(), "updated_at": now()}
    for number in range(count):
        own = [word for word, every in EVERY.items() if number % every == 0]
        texts = {
            "sku": f"BENCH-{number}",
            "name": " ".join(chosen.choices(words, cum_weights=weights, k=3)),
            "description": " ".join(
                chosen.choices(words, cum_weights=weights, k=12) + own
            ),
        }
        derived = {each.name: each.value(texts) for each in derivations_of(TABLE)}
        yield {"id": uuid7(), **same, **times, **texts, **derived}


async def insert_costs(database: Database, what: str) -> list[Cost]:
    """Measure INSERTs, without their commit: on average, and the longest.

    Few of them merge parts of the index, which takes more than all others.
    """
    async with database.engine.connect() as connection:
        times = []
        for row in make_rows(INSERTS):
            row["sku"] = uuid7().hex
            began = perf_counter()
            await connection.execute(insert(TABLE), row)
            times.append(perf_counter() - began)
        await connection.rollback()
    name = database.engine.dialect.name
    return [
        Cost(name, f"{what}, ms", mean(times) * 1000),
        Cost(name, f"longest {what}, ms", max(times) * 1000),
    ]


async def search_time(
    database: Database, q: str, count: bool
) -> tuple[float, int | None]:
    query, times = ProductQuery(q=q, count=count), []
    for _ in range(TIMES):
        began = perf_counter()
        async with database.reading() as session:
            page = await ProductRepository(session).page(query)
        times.append(perf_counter() - began)
    return median(times) * 1000, page.total


async def size_of(database: Database) -> int:
    async with database.engine.connect() as connection:
        return int(await connection.scalar(SIZES[database.engine.dialect.name]) or 0)
