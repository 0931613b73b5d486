"""Products with three changes each, for the self-check."""

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import insert

from app.audit.archive.logs import CHANGES
from app.audit.changes.snapshots import snapshot
from app.core.db.database import Database
from app.core.db.derived.columns import derivations_of
from app.core.db.ids import uuid7
from app.modules.products.models import Product
from scripts.bench.archive.rows import CHUNK, Row, first_day, make_row
from tests.databases import make_settings

VERSIONS = 3
DERIVED = derivations_of(Product.__table__)
STEP = timedelta(seconds=1)


def make_product(number: int) -> Row:
    at = first_day(0) + number * STEP
    return {
        "id": uuid7(),
        "version": 1,
        "created_at": at,
        "updated_at": at,
        "sku": f"SKU-{number}",
        "name": f"Product {number}",
        "description": "Drawn to scale. " * 4,
        "price": Decimal(random.randrange(10_000)) / 100,
        "stock": random.randrange(1_000),
        "is_active": True,
    }


def make_versions(product: Row) -> Iterator[tuple[Row, Row]]:
    """Yield each version of a product with its change."""
    before: Row = {}
    while product["version"] <= VERSIONS:
        changed = {name for name in product if product[name] != before.get(name)}
        documents = {
            "old": snapshot(Product, {n: before[n] for n in changed & {*before}}, b""),
            "new": snapshot(Product, {n: product[n] for n in changed}, b""),
        }
        own = {"entity_id": product["id"], "version": product["version"]}
        action = {"action": "UPDATE" if before else "INSERT"}
        change = make_row(1, product["updated_at"]) | own | documents | action
        yield product, change
        before, later = product, product["updated_at"] + timedelta(days=1)
        moved = {"stock": random.randrange(1_000), "updated_at": later}
        product = product | moved | {"version": product["version"] + 1}


async def insert_records(url: str, count: int) -> None:
    """Insert this number of products with the log of their changes."""
    database = Database(make_settings(url, DATABASE_TIMEOUT=120))
    for first in range(0, count, CHUNK):
        products, changes = [], []
        for number in range(first, min(first + CHUNK, count)):
            versions = [*make_versions(make_product(number))]
            product = versions[-1][0]
            products.append(product | {it.name: it.value(product) for it in DERIVED})
            changes += [change for _, change in versions]
        async with database.writing() as session:
            await session.execute(insert(Product.__table__), products)
            await session.execute(insert(CHANGES.live), changes)
    await database.close()
