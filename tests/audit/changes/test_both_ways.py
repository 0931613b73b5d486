"""Records and sessions of the ORM leave the same row and log, for any value."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import select

from app.audit.models import AuditChange
from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.ids import uuid7
from app.core.db.records.plain import is_plain
from app.core.models import entities
from app.main import open_database
from tests.audit.changes.models import Checked, Converted, LibraryEntity, Note
from tests.audit.changes.test_values import MISTAKES, REFUSED, VALUES

pytestmark = pytest.mark.slow

CHANGES: Any = AuditChange.__table__  # type: ignore[attr-defined]
OWN = "id at entity_id transaction_id request_id created_at updated_at".split()
MODELS = (Checked, Note, Converted)
Outcome = tuple[list[Any], list[Any]]


@st.composite
def histories(draw: Any) -> tuple[Any, list[dict[str, Any]]]:
    """Return a model, and the values that are set in turn: in a new row, then in it."""
    model = draw(st.sampled_from(MODELS))
    names = [it for it in model.model_fields if it not in LibraryEntity.model_fields]
    values = st.dictionaries(
        st.sampled_from(names), st.none() | st.sampled_from(MISTAKES) | VALUES
    )
    return model, draw(st.lists(values, min_size=1, max_size=3))


def without(row: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the row without what is its own: ids, times, and hashes by the id."""
    kept = {name: it for name, it in (row or {}).items() if name not in OWN}
    hashed = {name: "hash" for name in kept if str(kept[name]).startswith("hmac:")}
    return row and {**kept, **hashed}


async def write(database: Database, way: str, model: Any, steps: Any) -> Outcome:
    """Write each step in a transaction of its own, and then delete the row."""
    id, outcome = uuid7(), list[Any]()
    for step in [*steps, None]:
        try:
            await write_step(database, way, model, id, step)
        except (*REFUSED, AttributeError, TypeError) as error:
            outcome.append(type(error))
        outcome += map(without, await rows(database, id))
    query = select(CHANGES).where(CHANGES.c.entity_id == id).order_by(CHANGES.c.version)
    async with database.reading() as session:
        log = [dict(row) for row in (await session.execute(query)).mappings()]
    logged = [
        {**(without(it) or {}), "old": without(it["old"]), "new": without(it["new"])}
        for it in log
    ]
    return outcome, logged


async def rows(database: Database, id: UUID) -> list[Any]:
    found: list[Any] = []
    async with database.reading() as session:
        for model in MODELS:
            table: Any = model.__table__
            query = select(table).where(table.c.id == id)
            found += map(dict, (await session.execute(query)).mappings())
    return found


async def write_step(
    database: Database, way: str, model: Any, id: UUID, values: Any
) -> None:
    async with database.writing() as session:
        if way == "orm":
            await session.connection()
        record = await session.find_for_update(model, id)
        if values is None:
            if record:
                await session.delete(record)
            return
        if record is None:
            record = model(**{"id": id, **({"title": "x"} if model is Note else {})})
            session.add(record)
        for name, value in values.items():
            setattr(record, name, value)
        await session.flush()
        assert session.has_orm_session == (way == "orm" or model is Converted)


@pytest.fixture
def opened(settings: Settings) -> Iterator[tuple[asyncio.Runner, Database]]:
    async def open_library() -> Database:
        database = await stack.__aenter__()
        async with database.engine.begin() as connection:
            await connection.run_sync(LibraryEntity.metadata.create_all)
        return database

    with asyncio.Runner() as runner:
        stack = open_database(settings)
        yield runner, runner.run(open_library())
        runner.run(stack.__aexit__(None, None, None))


def test_both_ways_leave_the_same_row_and_log(
    opened: tuple[asyncio.Runner, Database],
) -> None:
    runner, database = opened

    @given(histories())
    @examples(
        max_examples=30,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def compare(history: tuple[Any, list[dict[str, Any]]]) -> None:
        ways = [
            runner.run(write(database, way, *history)) for way in ("records", "orm")
        ]
        assert repr(ways[0]) == repr(ways[1])  # NaN equals itself

    compare()


def test_the_entities_of_the_domains_are_written_as_records() -> None:
    plain = {model.__name__ for model in entities() if is_plain(model)}
    assert plain >= {"Product", "Task", "Customer", "Note", "Checked"}
    assert plain.isdisjoint({"User", "Role", "Book", "Converted"})
