"""Search index of a table whose name SQL reserves, or whose columns are in its way."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select

from app.audit.changes.guard import unaudited
from app.core.db.database import Database
from app.core.db.guarantees.definitions import search_index, table_triggers
from app.core.db.search.conditions import Search
from app.core.db.search.index import declare_search_index

pytestmark = pytest.mark.anyio


async def test_a_reserved_word_names_a_searched_table(database: Database) -> None:
    columns = Column("id", Integer, primary_key=True), Column("search_text", Text)
    table = Table("order", MetaData(), *columns)
    declare_search_index(table)
    dialect = database.engine.dialect.name
    index = search_index(table, dialect)
    assert index
    triggers = (each.create for each in table_triggers(table, dialect))
    with unaudited("a migration"):
        async with database.engine.begin() as connection:
            await connection.run_sync(table.create)
            for statement in (*index.create, *triggers):
                await connection.exec_driver_sql(statement)
            rows = [{"search_text": each} for each in ("pen", "pencil", "ink")]
            await connection.execute(insert(table), rows)
    nothing = {"all": 0, "word_0": 0}
    found = Search(dialect, table, ["penc"]).conditions(nothing, 1)
    async with database.engine.connect() as connection:
        query = select(table.c.search_text).where(*found)
        assert (await connection.scalars(query)).all() == ["pencil"]


@pytest.mark.parametrize("name", ["rowid", "search"])
def test_a_column_with_a_name_of_the_index_is_rejected(name: str) -> None:
    table = Table("pen", MetaData(), Column(name, Integer), Column("search_text", Text))
    with pytest.raises(TypeError, match=f"has no column {name}: pen"):
        declare_search_index(table)
