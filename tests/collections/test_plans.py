"""The index on the time of the last change serves `updated_since`."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core.clock import now
from app.core.db.collections import recent
from app.core.db.database import Database
from app.core.models import entities
from app.modules.tasks.repository import TaskRepository
from app.modules.tasks.schemas import TaskQuery
from tests.audit.test_plans import explain

# PostgreSQL would rather read a small table as a whole, or in the order of the list.
BITMAP_ONLY = ("SET enable_seqscan = off", "SET enable_indexscan = off")


async def plan(database: Database) -> str:
    """Return the plan of the statement that lists the tasks of the last hour."""
    since = now() - timedelta(hours=1)
    query = TaskQuery.model_construct(updated_since=since, count=False, sort=())
    async with database.reading() as session:
        if session.dialect.name == "postgresql":
            for statement in BITMAP_ONLY:
                await session.execute(text(statement))
        return await explain(session, lambda: TaskRepository(session).page(query), -1)


async def add_task(database: Database) -> None:
    async with database.writing() as session:
        await TaskRepository(session).create({"title": "Write"})


@pytest.mark.anyio
async def test_changes_since_a_time_are_found_by_an_index(database: Database) -> None:
    await add_task(database)
    assert "ix_task_updated_at" in await plan(database)


@pytest.mark.anyio
async def test_many_changes_are_read_in_the_order_of_the_list(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL decides by its statistics")
    await add_task(database)
    monkeypatch.setattr(recent, "FEW", 0)
    assert "ix_task_updated_at" not in await plan(database)


def test_each_entity_has_the_index() -> None:
    for model in entities():
        table = model.__table__
        assert f"ix_{table.name}_updated_at" in {index.name for index in table.indexes}
