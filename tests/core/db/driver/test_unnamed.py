"""Statements without names, for a pooler that does not support them."""

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import column, select, table
from sqlalchemy.exc import DBAPIError

from app.core.db.database import Database
from app.main import create_app, open_database
from tests.core.db.test_database import record_statements
from tests.databases import make_settings
from tests.modules.test_products import PEN

pytestmark = pytest.mark.anyio
NAMED = table("pg_prepared_statements", column("statement"))


def unnamed(url: str) -> Any:
    if url.startswith("sqlite"):
        pytest.skip("SQLite's statements have no names")
    return make_settings(url, DATABASE_POOLER="transaction", DATABASE_POOL_SIZE=1)


def test_requests_prepare_no_statement(url: str, client: TestClient) -> None:
    app = create_app(unnamed(url))
    with TestClient(app, base_url="http://test/api/v1/") as other:
        other.headers.update(client.headers)
        path = f"products/{other.post('products', json=PEN).json()['id']}"
        assert other.patch(path, json={"name": "New"}).status_code == 200
        export = "products/export?sort=name"
        for each in (path, "products?q=new", export, "users", "audit/changes"):
            assert other.get(each).status_code == 200, each
        database: Database = app.state.health.database
        assert other.portal
        assert other.portal.call(named_statements, database) == []


async def named_statements(database: Database) -> list[Any]:
    async with database.reading() as session:
        return await session.rows(select(NAMED))


async def test_each_read_is_in_a_transaction(url: str) -> None:
    async with open_database(unnamed(url)) as database:
        sent = record_statements(database)
        async with database.reading() as session:
            await session.rows(select(NAMED))
            await asyncio.sleep(0)
            sent.clear()
            await session.rows(select(NAMED))
            await asyncio.sleep(0)  # the driver logs in the background
            assert sorted(sent) == ["BEGIN", "COMMIT", "SELECT"]
            await session.scalars(select(NAMED))
        await asyncio.sleep(0)
        assert sorted(sent[3:]) == ["BEGIN", "ROLLBACK", "SELECT"]


async def test_a_failed_read_leaves_no_transaction(url: str) -> None:
    async with open_database(unnamed(url)) as database:
        async with database.reading() as session:
            with pytest.raises(DBAPIError):
                await session.rows(select(column("x")).select_from(table("nowhere")))
        async with database.reading() as session:
            assert await session.rows(select(NAMED)) == []
