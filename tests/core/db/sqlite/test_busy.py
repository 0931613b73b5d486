"""A database that another process has locked: writers wait, and only they."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.sqlite.busy import is_busy, retry_while_busy
from app.main import lifespan, open_database
from app.modules.products.models import Product
from tests.accounts import root_header
from tests.databases import make_settings
from tests.modules.test_products import PEN
from tests.processes.locks import locked

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def only_on_sqlite(url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL's driver waits without stopping the loop")


async def count_products(database: Database) -> int:
    async with database.reading() as session:
        query = select(func.count()).select_from(Product)
        count: int = await session.value(query)
        return count


async def write(database: Database) -> None:
    async with database.writing() as session:
        await session.execute(text("SELECT 1"))


async def test_only_writers_wait_for_another_process(
    app: FastAPI, settings: Settings
) -> None:
    transport = ASGITransport(app)
    async with (
        lifespan(app),
        AsyncClient(
            transport=transport, base_url="http://test", headers=root_header(settings)
        ) as client,
    ):
        with locked(settings.DATABASE_URL, "product") as release:
            post = partial(client.post, "/api/v1/products", json=PEN)
            writer = asyncio.create_task(post())
            await asyncio.sleep(0.05)
            assert (await client.get("/livez")).status_code == 200
            page = await client.get("/api/v1/products")
            assert (page.status_code, page.json()["total"]) == (200, 0)
            assert not writer.done()
            release.set()
            assert (await writer).status_code == 201


async def test_a_cancelled_writer_leaves_the_connection_free(
    database: Database, url: str
) -> None:
    with locked(url, "product"):
        writer = asyncio.create_task(write(database))
        await asyncio.sleep(0.05)
        assert not writer.done()
        writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer
    await write(database)


@pytest.mark.slow
async def test_the_wait_for_another_process_has_an_end(url: str) -> None:
    short = make_settings(url, DATABASE_TIMEOUT=0.1)
    async with open_database(short) as database:
        with locked(url, "product"):
            with pytest.raises(OperationalError, match="locked"):
                await write(database)
            assert await count_products(database) == 0
        await write(database)


def busy_times(times: int) -> Callable[[], int]:
    """Return a function that finds the database busy so many times."""
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY_RECOVERY
    calls = [0]

    def call() -> int:
        calls[0] += 1
        if calls[0] <= times:
            raise error
        return calls[0]

    return call


async def test_any_busy_statement_is_tried_again() -> None:
    assert await retry_while_busy(busy_times(3), timeout=5) == 4
    with pytest.raises(sqlite3.OperationalError):
        await retry_while_busy(busy_times(1_000_000), timeout=0.01)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_LOCKED])
def test_other_errors_are_not_busy(code: int) -> None:
    error = sqlite3.OperationalError("other")
    error.sqlite_errorcode = code
    assert not is_busy(error)
    assert not is_busy(sqlite3.OperationalError("without a code"))
