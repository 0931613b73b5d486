"""A database in memory: readers use the writer's connection, the only one to it."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from app.core.db.database import Database
from tests.databases import make_settings

pytestmark = pytest.mark.anyio
THING = Table("thing", MetaData(), Column("a", Integer))


@pytest.mark.parametrize("url", ["sqlite:///", "sqlite:///:memory:"])
async def test_a_reader_sees_what_is_committed(url: str) -> None:
    database = Database(make_settings(url))
    async with database.writing() as session:
        connection = await session.connection()
        await connection.run_sync(THING.metadata.create_all)
        await session.execute(insert(THING).values(a=1))
    async with database.reading() as session:
        assert await session.rows(select(THING)) == [{"a": 1}]
    await database.close()
