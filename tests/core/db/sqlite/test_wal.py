"""The write-ahead log of SQLite while slow reads follow each other without a pause."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import exists, select

from app.core.db.database import Database
from app.modules.products.models import Product
from tests.core.db.sqlite.test_slow_reads import count_to
from tests.databases import make_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
MEGABYTE = 2**20
TABLE = "CREATE TABLE IF NOT EXISTS filler (content BLOB)"
SLOW = count_to(1_000_000).add_columns(exists(select(Product.__table__)))
FILL = "INSERT INTO filler VALUES (zeroblob(1000000))"


@pytest.fixture(autouse=True)
def only_on_sqlite(url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL removes its log by itself")


async def write_megabyte(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(TABLE)
        await connection.exec_driver_sql(FILL)


async def test_the_wal_begins_again_while_reads_are_slow(url: str) -> None:
    database = Database(make_settings(url))  # without the audit log's guard
    wal = Path(f"{url.removeprefix('sqlite:///')}-wal")
    ends, finished = asyncio.Event(), asyncio.Event()

    async def read_again_and_again() -> None:
        while not ends.is_set():
            async with database.reading() as session:
                await session.rows(SLOW)
            finished.set()

    readers = [asyncio.create_task(read_again_and_again()) for _ in range(4)]
    for _ in range(12):
        for _ in range(5):
            await write_megabyte(database)
        finished.clear()
        await finished.wait()
    ends.set()
    await asyncio.gather(*readers)
    size = wal.stat().st_size
    await database.close()
    assert size < 30 * MEGABYTE
