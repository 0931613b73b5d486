"""Past tables as the database computes them: column types, and reads in batches."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Enum, MetaData, select
from sqlalchemy.orm import registry
from sqlmodel import Column, Field

from app.audit.history.collection import derived_values, ranges
from app.audit.history.collection.past_table import PastTable
from app.audit.history.collection.repository import PastRepository
from app.audit.history.collection.scope import Scope
from app.core.clock import now
from app.core.db.column_types import FixedDecimal, Money, UtcDateTime, enum_column
from app.core.db.database import Database
from app.core.db.derived.columns import base_columns
from app.core.models import Entity
from app.modules.products.models import Product
from app.modules.products.repository import ProductRepository
from app.modules.products.schemas import ProductQuery

pytestmark = pytest.mark.anyio


class Kind(StrEnum):
    ONE = "one"
    TWO = "two"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Own(Entity, registry=registry()):
    metadata = MetaData()


class Sample(Own, table=True):
    text: str
    amount: Decimal | None = Field(default=None, sa_type=Money)
    ratio: Decimal | None = Field(
        default=None, sa_column=Column(FixedDecimal(4), nullable=True)
    )
    number: int | None = None
    share: float | None = None
    flag: bool | None = None
    day: date | None = None
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    hour: time | None = None
    moment: datetime | None = None
    level: Level | None = Field(
        default=None, sa_column=Column(Enum(Level, native_enum=False))
    )
    other_id: UUID | None = None
    kind: Kind | None = Field(
        default=None, sa_column=Column(enum_column(Kind), nullable=True)
    )


EMPTY: dict[str, Any] = {"text": ""}
FULL: dict[str, Any] = {
    "text": 'Quoted "Öl" \\ \U0001f600\n0000000003',
    "amount": Decimal("9999999999.99"),
    "ratio": Decimal("-0.1235"),
    "number": -(2**31),
    "share": 0.1,
    "flag": False,
    "day": date(2026, 2, 28),
    "at": datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
    "hour": time(9, 30),
    "moment": datetime(2026, 1, 31, 9, 30, tzinfo=UTC),
    "level": Level.HIGH,
    "other_id": uuid4(),
    "kind": Kind.TWO,
}
LATER = {
    "flag": True,
    "at": datetime(2026, 1, 31, 9, 30, 0, 250_000, tzinfo=UTC),
    "hour": time(9, 30, 0, 250_000),
}
PRICE = {"price": Decimal("1.00")}
NULLS = dict.fromkeys([*FULL][1:])


async def change(database: Database, id: UUID, values: dict[str, Any]) -> None:
    async with database.writing() as session:
        sample = await session.get_one(Sample, id)
        for name, value in values.items():
            setattr(sample, name, value)


@pytest.mark.slow
async def test_each_type_of_column_is_as_it_was_stored(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.run_sync(Own.metadata.create_all)
    async with database.writing() as session:
        made = [Sample(**EMPTY), Sample(**FULL)]
        session.add_all(made)
    columns = base_columns(Sample.__table__)
    saved = []
    for values in (FULL, LATER, NULLS, FULL, NULLS):
        async with database.reading() as session:
            rows = await session.rows(select(*columns).order_by(Sample.__table__.c.id))
        saved.append((now(), rows))
        for each in made:
            await change(database, each.id, values)
    async with database.writing() as session:
        await session.delete(await session.get_one(Sample, made[0].id))
    async with database.reading() as session:
        for then, rows in saved:
            scope = Scope(session.dialect.name, Sample, then)
            named = [it for it in columns if it.key != "version"]
            past = PastTable(scope, named).rows()
            found = await session.rows(select(past).order_by(past.c.id))
            wrong = [
                name
                for row, each in zip(rows, found, strict=True)
                for name in each
                if row[name] != each[name]
            ]
            assert wrong == []


@pytest.mark.slow
async def test_a_list_is_read_in_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranges have records that live, that were deleted since, or both."""
    monkeypatch.setattr(ranges, "RANGE", 2)
    monkeypatch.setattr(derived_values, "BATCH_CHANGES", 2)
    async with database.writing() as session:
        repository = ProductRepository(session)
        made = [
            await repository.create({"sku": f"{n}", "name": f"Pen-{n % 3}", **PRICE})
            for n in range(13)
        ]
    then = now()
    async with database.writing() as session:
        repository = ProductRepository(session)
        for number, each in enumerate(made):
            entity = await repository.get_for_update(each.id)
            if number in (0, 1, 2, 3, 7, 12):
                await repository.delete(entity)
            else:
                await repository.update(entity, {"name": "Pencil"})
    queries = (
        (ProductQuery(), lambda it: True),
        (ProductQuery(q="pen-1"), lambda it: it.name == "Pen-1"),
        (ProductQuery(sort=("-created_at",)), lambda it: True),
    )
    async with database.reading() as session:
        past = PastRepository(ProductRepository(session), then)
        for query, matches in queries:
            listed = await past.list_of(query)
            found = [id async for ids in past.ids(listed, len(made)) for id in ids]
            expected = [it.id for it in made if matches(it)]
            assert found == expected[::-1]
        listed = await past.list_of(ProductQuery(limit=3, offset=4))
        page = await past.page(listed)
        assert [it.id for it in page] == [it.id for it in made[::-1][4:7]]
        assert isinstance(page[0], Product)
