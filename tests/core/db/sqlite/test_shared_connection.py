"""The connection that all reads in the event loop share."""

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection, Text, cast, literal, select

from app.core.config import Settings
from app.core.db.database import Database
from app.core.db.driver.compiled import Call
from app.core.db.driver.connections import DriverConnection
from app.core.db.session import ReadingSession
from app.main import open_database
from tests.core.db.sqlite.test_busy import only_on_sqlite

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures(only_on_sqlite.__name__)]
ONE = select(literal(1))


def held_by(session: ReadingSession) -> Connection | None:
    assert isinstance(session.direct, DriverConnection)
    return session.direct.connection


def checked_out(database: Database) -> int:
    pool: Any = database.read_engine.sync_engine.pool
    count: int = pool.checkedout()
    return count


async def connection_of(database: Database) -> Connection | None:
    async with database.reading() as session:
        await session.value(ONE)
        await asyncio.sleep(0)  # so that others read as well
        return held_by(session)


async def test_reads_at_once_share_it_outside_of_the_pool(database: Database) -> None:
    found = await asyncio.gather(*(connection_of(database) for _ in range(5)))
    assert len({*map(id, found)}) == 1
    assert found[0] is await connection_of(database)
    async with database.reading() as session:
        await session.value(ONE)
        assert (held_by(session), checked_out(database)) == (found[0], 0)
        await session.scalar(ONE)  # by the ORM
        assert (held_by(session), checked_out(database)) == (None, 1)


async def test_it_closes_with_the_engine(settings: Settings) -> None:
    async with open_database(settings) as database, database.reading() as session:
        await session.value(ONE)
        assert isinstance(session.direct, DriverConnection)
        driver = session.direct.driver
    with pytest.raises(Exception, match="closed"):
        driver.cursor()


async def test_sessions_go_on_when_it_is_closed(database: Database) -> None:
    async with database.reading() as session:
        async with database.reading() as other:
            await other.value(ONE)
            await session.value(ONE)
            before = held_by(session)
            await database.read_engine.dispose()
        assert await session.value(ONE) == 1
        assert held_by(session) is not before


async def test_a_read_that_waits_goes_on_when_it_is_closed(database: Database) -> None:
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def fail(*_: Any) -> None:
        raise busy

    async with database.reading() as session:
        await session.value(ONE)
        assert isinstance(session.direct, DriverConnection)
        session.direct.driver.fetch = fail
        waiting = asyncio.create_task(session.value(ONE))
        await asyncio.sleep(0.01)
        del session.direct.driver.fetch
        await database.read_engine.dispose()
        assert await waiting == 1


async def test_a_cancelled_read_leaves_it_to_the_others(database: Database) -> None:
    async with database.reading() as session, database.reading() as other:
        await session.value(ONE)
        await other.value(ONE)
        before = held_by(session)
        assert before
        assert isinstance(session.direct, DriverConnection)
        with pytest.raises(asyncio.CancelledError):
            await session.direct.fail(before, asyncio.CancelledError(), Call("", ()))
        assert await other.value(ONE) == 1
        assert held_by(other) is before


async def test_a_text_that_is_no_utf_8_is_read(database: Database) -> None:
    broken = cast(literal(b"caf\xe9"), Text).label("name")
    wide = select(broken, literal("café").label("other"))
    async with database.reading() as session:
        for _ in range(2):
            row = {"name": "caf\udce9", "other": "café"}
            assert await session.rows(wide) == [row]
        assert await session.value(ONE) == 1
