"""Slow reads of SQLite run in a thread, and do not stop the event loop."""

import asyncio
import gc
import sqlite3
import threading
import time
from typing import Any

import pytest
from sqlalchemy import column, func, literal, literal_column, select
from sqlalchemy.exc import DBAPIError

from app.core.db.database import Database
from app.core.db.database_errors import to_app_exception
from app.core.db.driver.connections import DriverConnection
from app.core.db.session import ReadingSession
from app.core.db.sqlite.connection import Limit, LoopConnection
from app.core.exceptions import UnavailableException
from app.main import open_database
from tests.databases import make_settings

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
STEPS = 400_000  # tens of milliseconds


@pytest.fixture(autouse=True)
def only_on_sqlite(url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL executes nothing in the event loop")


def numbers_to(number: int) -> Any:
    """Return a query of numbers, which takes one step for each."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    following = select(numbers.c.n + 1).where(numbers.c.n < literal_column(str(number)))
    return numbers.union_all(following)


def count_to(number: int) -> Any:
    return select(func.max(column("n"))).select_from(numbers_to(number))


@pytest.fixture(params=["driver", "orm"])
def way(request: pytest.FixtureRequest) -> str:
    way: str = request.param
    return way


async def read(database: Database, number: int, way: str = "driver") -> int:
    async with database.reading() as session:
        if way == "orm":
            result = await session.execute(count_to(number))
            return int(result.scalar_one())
        value: int = await session.value(count_to(number))
        return value


def checked_out(database: Database) -> int:
    pool: Any = database.read_engine.sync_engine.pool
    count: int = pool.checkedout()
    return count


async def test_quick_reads_overtake_slow_ones(database: Database, way: str) -> None:
    endless = asyncio.create_task(read(database, 1_000_000_000, way))
    slow = [asyncio.create_task(read(database, STEPS, way)) for _ in range(6)]
    for _ in range(20):
        assert await read(database, 3, way) == 3
        await asyncio.sleep(0)
    assert not any(task.done() for task in (endless, *slow))
    endless.cancel()
    assert await asyncio.gather(*slow) == [STEPS] * 6
    assert checked_out(database) == 0


async def test_a_slow_read_has_a_deadline(url: str, way: str) -> None:
    short = make_settings(url, DATABASE_TIMEOUT=0.1)
    async with open_database(short) as database:
        with pytest.raises((DBAPIError, TimeoutError)) as caught:
            await read(database, 1_000_000_000, way)
        assert isinstance(to_app_exception(caught.value), UnavailableException)
        assert await read(database, 3) == 3
        assert checked_out(database) == 0


async def test_a_cancelled_slow_read_stops(database: Database, way: str) -> None:
    slow = asyncio.create_task(read(database, 1_000_000_000, way))
    await asyncio.sleep(0.1)
    assert not slow.done()
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    assert checked_out(database) == 0
    assert await read(database, 3) == 3


async def test_slow_reads_that_wait_hold_no_connection(database: Database) -> None:
    slow = [asyncio.create_task(read(database, 1_000_000_000)) for _ in range(8)]
    await asyncio.sleep(0.2)
    assert checked_out(database) <= 1
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert checked_out(database) == 0
    assert await read(database, 3) == 3


async def test_an_interrupted_read_is_not_logged_by_asyncio(database: Database) -> None:
    logged: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: logged.append(context))
    slow = asyncio.create_task(read(database, 1_000_000_000))
    await asyncio.sleep(0.1)
    slow.cancel()
    await asyncio.wait([slow])
    del slow
    gc.collect()
    assert logged == []


async def test_the_orm_reads_rows_as_it_does_without_a_thread(
    database: Database,
) -> None:
    async with database.reading() as session:
        result = await session.execute(numbers_to(9).select())
        assert result.fetchone() == (1,)
        assert result.fetchmany(2) == [(2,), (3,)]
        assert [*result][-1] == (9,)
        assert (await session.scalars(count_to(3))).all() == [3]


class Nap:
    """An SQL function that takes time, but none of the processor."""

    def __init__(self) -> None:
        self.threads: list[int] = []
        self.sleeping = 0

    def __call__(self) -> int:
        self.threads.append(threading.get_ident())
        self.sleeping += 1
        time.sleep(0.02)
        self.sleeping -= 1
        return 0


async def add_function(session: ReadingSession, nap: Nap) -> None:
    await session.value(select(literal(1)))
    assert isinstance(session.direct, DriverConnection)
    session.direct.driver.create_function("nap", 0, nap)


async def test_a_read_that_waits_for_the_processor_is_not_slow(
    database: Database,
) -> None:
    nap = Nap()
    async with database.reading() as session:
        await add_function(session, nap)
        number = count_to(1_000).scalar_subquery()
        assert await session.value(select(func.nap() + number)) == 1_000
    assert nap.threads == [threading.get_ident()]


ENDLESS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
SELECT max(n) FROM numbers
"""


def test_a_statement_can_be_stopped_before_it_begins() -> None:
    connection = LoopConnection(":memory:", timeout=1, create=True)
    connection.set_limit(Limit(1, 1, time.monotonic))
    connection.stop()
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        connection.fetch(ENDLESS, ())
    connection.close()
