"""Slow reads of SQLite run in a thread, and do not stop the event loop."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import column, func, literal, literal_column, select
from sqlalchemy.exc import DBAPIError

from app.core.db.database import Database
from app.core.db.database_errors import to_app_exception
from app.core.exceptions import UnavailableException
from app.main import open_database
from tests.databases import make_settings

pytestmark = pytest.mark.anyio
STEPS = 400_000  # tens of milliseconds


@pytest.fixture(autouse=True)
def only_on_sqlite(url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL executes nothing in the event loop")


def count_to(number: int) -> Any:
    """Return a query that takes one step for each number."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    following = select(numbers.c.n + 1).where(numbers.c.n < literal_column(str(number)))
    numbers = numbers.union_all(following)
    return select(func.max(column("n"))).select_from(numbers)


async def read(database: Database, number: int) -> int:
    async with database.reading() as session:
        value: int = await session.value(count_to(number))
        return value


def checked_out(database: Database) -> int:
    pool: Any = database.read_engine.sync_engine.pool
    count: int = pool.checkedout()
    return count


async def test_quick_reads_overtake_slow_ones(database: Database) -> None:
    slow = [asyncio.create_task(read(database, STEPS)) for _ in range(6)]
    for _ in range(20):
        assert await read(database, 3) == 3
        await asyncio.sleep(0)
    assert not all(task.done() for task in slow)
    assert await asyncio.gather(*slow) == [STEPS] * 6
    assert checked_out(database) == 0


async def test_a_slow_read_has_a_deadline(url: str) -> None:
    short = make_settings(url, DATABASE_TIMEOUT=0.1)
    async with open_database(short) as database:
        with pytest.raises((DBAPIError, TimeoutError)) as caught:
            await read(database, 1_000_000_000)
        assert isinstance(to_app_exception(caught.value), UnavailableException)
        assert await read(database, 3) == 3
        assert checked_out(database) == 0


async def test_a_cancelled_slow_read_stops(database: Database) -> None:
    slow = asyncio.create_task(read(database, 1_000_000_000))
    await asyncio.sleep(0.1)
    assert not slow.done()
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert checked_out(database) == 0
    assert await read(database, 3) == 3
