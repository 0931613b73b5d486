"""Rows of the driver equal those of SQLAlchemy's Connection."""

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Enum, Select, bindparam, literal, select, update
from sqlmodel import SQLModel

from app.core.db.database import Database
from app.core.db.driver.compiled import Row
from app.core.db.driver.statements import Prepared, Statement, core_statement
from tests.core.db.driver.values import STRATEGIES, rows
from tests.core.db.filled import fill
from tests.databases import make_settings

pytestmark = pytest.mark.filterwarnings("ignore:Dialect sqlite.*does \\*not\\* support")


async def by_sqlalchemy(
    database: Database, statement: Statement, values: dict[str, Any]
) -> list[Row]:
    async with database.engine.connect() as connection:
        result = await connection.execute(core_statement(statement), values)
        return [dict(row) for row in result.mappings()]


async def by_driver(
    database: Database, statement: Statement, values: dict[str, Any]
) -> list[Row]:
    async with database.reading() as session:
        rows = await session.rows(statement, values)
        assert not session.has_orm_session
        return rows


@contextmanager
def running(url: str) -> Iterator[tuple[asyncio.Runner, Database]]:
    with asyncio.Runner() as runner:
        database = Database(make_settings(url))
        try:
            yield runner, database
        finally:
            runner.run(database.close())


def types_of(row: Row) -> list[type]:
    return [type(value) for value in row.values()]


def enum_columns() -> list[Any]:
    tables = SQLModel.metadata.sorted_tables
    return [c for table in tables for c in table.c if isinstance(c.type, Enum)]


PREPARED = Prepared(
    select(
        *(
            bindparam(f"v{place}", type_=kind).label(f"c{place}")
            for place, (kind, _) in enumerate(STRATEGIES)
        )
    )
)


@pytest.mark.slow
def test_values_of_every_type_are_those_of_sqlalchemy(url: str) -> None:
    with running(url) as (runner, database):

        @settings(
            max_examples=60,
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )
        @given(rows)
        def check(values: tuple[Any, ...]) -> None:
            built = select(
                *(
                    literal(value, kind).label(f"c{place}")
                    for place, ((kind, _), value) in enumerate(
                        zip(STRATEGIES, values, strict=True)
                    )
                )
            )
            named = {f"v{place}": value for place, value in enumerate(values)}
            calls: list[tuple[Statement, dict[str, Any]]] = [(built, {})]
            for statement, given in [*calls, (PREPARED, named)]:
                (expected,) = runner.run(by_sqlalchemy(database, statement, given))
                (found,) = runner.run(by_driver(database, statement, given))
                assert found == expected
                assert types_of(found) == types_of(expected)

        check()


@pytest.mark.slow
def test_rows_of_every_table_are_those_of_sqlalchemy(url: str) -> None:
    with running(url) as (runner, database):

        async def check(statement: Select[Any]) -> None:
            expected = await by_sqlalchemy(database, statement, {})
            found = await by_driver(database, statement, {})
            assert found == expected
            assert [types_of(row) for row in found] == [
                types_of(row) for row in expected
            ]

        async def fill_tables() -> None:
            async with database.engine.begin() as connection:
                await connection.run_sync(fill)
                for column in enum_columns():
                    (value, *_) = column.type.enum_class
                    await connection.execute(
                        update(column.table).values({column: value})
                    )

        with warnings.catch_warnings(action="ignore"):
            runner.run(fill_tables())
        for table in SQLModel.metadata.sorted_tables:
            runner.run(check(select(table)))
