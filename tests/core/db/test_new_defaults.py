"""Default that autogenerate gives to a new column, read in a row that existed."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    String,
    Uuid,
    column,
    insert,
    select,
    table,
)
from sqlmodel import Field, SQLModel

from app.audit.changes.guard import unaudited
from app.core.db.autogenerate import as_sql, field_default, render_item
from app.core.db.column_types import FixedDecimal, Money, enum_column
from app.core.db.database import Database

pytestmark = pytest.mark.anyio


class Tone(StrEnum):
    LIGHT = "light"


class Level(IntEnum):
    LOW = 1


DEFAULTS: list[tuple[Any, Any]] = [
    (String(10), "it's"),
    (Integer(), 7),
    (Integer(), Level.LOW),
    (Boolean(), True),
    (Money(), Decimal("1.50")),
    (FixedDecimal(3), Decimal("-0.125")),
    (Date(), date(2030, 1, 2)),
    (Uuid(), UUID(int=7)),
    (enum_column(Tone), Tone.LIGHT),
    (JSON(), {"sizes": [1, None]}),
]


def add(connection: Connection) -> None:
    operations = Operations(MigrationContext.configure(connection))
    operations.create_table("pen", Column("id", Integer, primary_key=True))
    connection.execute(insert(table("pen", column("id"))).values(id=1))
    for place, (kind, value) in enumerate(DEFAULTS):
        new = Column(f"c{place}", kind, server_default=as_sql(value), nullable=False)
        operations.add_column("pen", new)


async def test_a_row_that_existed_has_the_default(database: Database) -> None:
    with unaudited("a migration"):
        async with database.engine.begin() as connection:
            await connection.run_sync(add)
    columns = (Column(f"c{place}", each[0]) for place, each in enumerate(DEFAULTS))
    async with database.engine.connect() as connection:
        rows = await connection.execute(select(*columns).select_from(table("pen")))
        assert rows.one() == tuple(value for _, value in DEFAULTS)


@pytest.mark.parametrize("value", [None, datetime(2030, 1, 2, tzinfo=UTC), b"x"])
def test_a_default_that_one_database_misreads_is_none(value: Any) -> None:
    assert as_sql(value) is None


class Bag(SQLModel, table=True):
    metadata = MetaData()

    id: int = Field(primary_key=True)
    name: str = "bag"
    made: datetime
    day: date
    hour: time
    span: timedelta
    price: Decimal
    share: float
    body: bytes
    tone: Tone
    sizes: list[int] = Field(default_factory=list, sa_type=JSON)
    token: UUID = Field(default_factory=uuid4)


def test_a_factory_is_a_default_if_its_values_are_equal() -> None:
    assert [field_default("bag", name) for name in ("sizes", "token", "id")] == [
        "[]",
        None,
        None,
    ]


def test_a_migration_needs_no_import_for_the_types_of_sqlmodel() -> None:
    for each in Bag.metadata.tables["bag"].columns:
        kind = each.type
        is_known = type(kind).__module__.startswith("sqlalchemy.")
        assert is_known or render_item("type", kind, None), each
