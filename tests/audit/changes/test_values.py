"""The recorded values are those that a later SELECT returns, for each column type."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic_core import from_json
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import SQLModel

from app.audit.changes.guard import UnauditedWriteError
from app.audit.changes.snapshots import snapshot
from app.audit.models import AuditChange
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.ids import uuid7
from app.core.db.json_text import dump_json
from app.core.models import Entity
from app.main import open_database
from tests.audit.changes.models import Checked, Colour, Converted, LibraryEntity, Shape

pytestmark = pytest.mark.slow

EAST = timezone(timedelta(hours=5, minutes=30))
DATABASE_ERRORS = StatementError, DBAPIError
REFUSED = UnauditedWriteError, *DATABASE_ERRORS, ValueError, ArithmeticError
# What people assign by mistake, to a column of any type.
MISTAKES: tuple[Any, ...] = (
    Decimal("1.005"), Decimal("NaN"), Decimal("-0.00"), Decimal("9999999999999.99"),
    0.1, 0.30000000000000004, float("nan"), float("inf"), 2.0, 0, 1, -3, 2**40, 2**70,
    True, False, "", "a", "ab ", "abc", "abc     ", "abcdefgh", "red", "RED", "ROUND",
    b"abc", datetime(2026, 5, 1, 12),  # noqa: DTZ001
    datetime(2026, 5, 1, 23, tzinfo=EAST),
    datetime(2026, 5, 1, 12, tzinfo=UTC), date(2026, 5, 1), time(12, 30, 1, 5),
    time(12, 30, tzinfo=UTC), timedelta(1, 5, 5), Colour.RED, Shape.ROUND,
    {"a": float("nan")}, {"a": Decimal("1.50")}, {1: datetime(2026, 5, 1, tzinfo=EAST)},
    [1.0, 2**70, "x"], (1, 2), {}, UUID(int=5), str(UUID(int=5)), Decimal("1.5"),
    Decimal("12345.678"), Decimal("0.1234567890123456789"),
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(MISTAKES),
    st.decimals(allow_nan=False, places=2, min_value=-(10**9), max_value=10**9),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.floats(),
    st.integers(-(2**65), 2**65),
    st.text(max_size=7),
    st.datetimes(timezones=st.none() | st.just(EAST) | st.just(UTC)),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=3,
    ),
)
COLUMNS = [
    (model, name)
    for model in (Checked, Converted)
    for name in model.__table__.c.keys()  # noqa: SIM118
    if name not in LibraryEntity.model_fields and name != "twice"
]


class Writer:
    """Write one value into a new row, then another into the same row."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self.runner, self.database = runner, database

    def compare(self, model: Any, name: str, *values: Any) -> None:
        self.runner.run(self.write(model, name, values))

    async def write(self, model: Any, name: str, values: tuple[Any, ...]) -> None:
        id = uuid7()
        for value in values:
            try:
                async with self.database.writing() as session:
                    row = await session.get(model, id) or model(id=id)
                    setattr(row, name, value)
                    session.add(row)
            except REFUSED:
                pass
            await self.check(model, id)

    async def check(self, model: type[Entity], id: UUID) -> None:
        changes = AuditChange.__table__.c  # type: ignore[attr-defined]
        log = select(changes.old, changes.new).where(changes.entity_id == id)
        table = model.__table__
        async with self.database.reading() as session:
            row = (await session.execute(select(table).where(table.c.id == id))).first()
            logged = (await session.execute(log.order_by(changes.version))).all()
        logged_values: dict[str, Any] = {}
        for old, new in logged:
            assert {name: logged_values.get(name) for name in old or {}} == (old or {})
            logged_values |= new
        stored = snapshot(model, dict(row._mapping), b"") if row else {}
        logged_values["version"] = (
            row.version if row else None
        )  # in a column of its own
        assert logged_values == {"version": None} | from_json(dump_json(stored))


@pytest.fixture
def writer(settings: Settings) -> Iterator[Writer]:
    async def open_writer() -> Database:
        database = await stack.__aenter__()
        async with database.engine.begin() as connection:
            await connection.run_sync(LibraryEntity.metadata.create_all)
        return database

    with asyncio.Runner() as runner:
        stack = open_database(settings)
        yield Writer(runner, runner.run(open_writer()))
        runner.run(stack.__aexit__(None, None, None))


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("model", "name"), COLUMNS)
def test_recorded_values_are_those_in_the_database(
    writer: Writer, model: type[SQLModel], name: str
) -> None:
    for before, value in zip((None, *MISTAKES), MISTAKES, strict=False):
        writer.compare(model, name, before, value)

    @given(VALUES, VALUES)
    @examples(
        max_examples=15,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def compare(before: Any, value: Any) -> None:
        writer.compare(model, name, before, value)

    compare()
