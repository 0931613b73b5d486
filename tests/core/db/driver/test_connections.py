"""Statements by the driver: events, errors, deadlines and the pool."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, column, event, func, insert, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.audit.changes.guard import UnauditedWriteError
from app.core.db.database import Database
from app.core.db.driver.compiled import Call
from app.core.db.driver.connections import DriverConnection
from app.core.db.driver.execution import notify
from app.core.db.driver.read_only import ReadOnlyError
from app.core.db.driver.statements import Prepared
from app.core.db.outages.states import Outage, outage_of
from app.main import open_database
from app.modules.products.models import Product
from tests.databases import PATIENCE, make_settings
from tests.processes.network import connecting_slowly

pytestmark = pytest.mark.anyio
ONE = Prepared(select(bindparam("n", 1).label("n")))
PROCESS = Prepared(select(func.pg_backend_pid()))
SECRET = "not-to-be-logged"


def needs_postgresql(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no server")


@asynccontextmanager
async def impatient(url: str) -> AsyncIterator[Database]:
    """Open a database with one connection and a short timeout, but not to connect."""
    url = connecting_slowly(url)
    short = make_settings(url, DATABASE_TIMEOUT=0.2, DATABASE_POOL_SIZE=1)
    async with open_database(short) as database:
        yield database


def checked_out(database: Database) -> int:
    pool: Any = database.read_engine.sync_engine.pool
    count: int = pool.checkedout()
    return count


async def test_each_statement_is_announced_once(database: Database) -> None:
    heard: list[tuple[str, Any]] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(_: Any, __: Any, sql: str, values: Any, *___: Any) -> None:
        heard.append((sql.split(maxsplit=1)[0], values))

    async with database.reading() as session:
        assert await session.value(ONE, {"n": 7}) == 7
        assert await session.value(select(Product.__table__.c.id)) is None
    assert heard == [("SELECT", (7,)), ("SELECT", ())]


async def test_a_listener_can_replace_the_statement(database: Database) -> None:
    @event.listens_for(
        database.engine.sync_engine, "before_cursor_execute", retval=True
    )
    def comment(_: Any, __: Any, sql: str, values: Any, *___: Any) -> Any:
        return f"{sql} -- noted", values

    async with database.reading() as session:
        assert await session.value(ONE, {"n": 7}) == 7


async def test_a_write_is_rejected(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(ReadOnlyError):
            await session.rows(insert(Product).values(sku="A"))
        assert not session.has_orm_session
    assert checked_out(database) == 0


async def test_the_guard_rejects_a_write(database: Database) -> None:
    async with database.reading() as session:
        await session.rows(ONE)
        assert isinstance(session.direct, DriverConnection)
        connection = session.direct.connection
        assert connection
        with pytest.raises(UnauditedWriteError):
            notify(connection, Call("DELETE FROM product", ()))


async def test_an_error_is_that_of_sqlalchemy(database: Database) -> None:
    nowhere = table("nowhere", column("x"))
    wrong: Select[Any] = select(nowhere).where(nowhere.c.x == SECRET)
    errors = []
    for uses_orm in (True, False):
        async with database.reading() as session:
            with pytest.raises(DBAPIError) as caught:
                await (session.execute(wrong) if uses_orm else session.rows(wrong))
            errors.append(caught.value)
            assert session.has_orm_session is uses_orm
        assert checked_out(database) == 0
    one, other = errors
    assert type(one) is type(other)
    assert type(one.orig) is type(other.orig)
    assert str(one) == str(other)
    assert SECRET not in str(other)


async def test_a_session_uses_one_connection(database: Database) -> None:
    """On SQLite a second one would have to wait for itself."""
    async with database.reading() as session:
        assert await session.value(ONE) == 1
        assert await session.scalar(select(1)) == 1
        assert session.has_orm_session
        assert await session.value(ONE) == 1
        assert checked_out(database) == 1
    assert checked_out(database) == 0


async def test_sqlite_rejects_a_second_session_of_one_task() -> None:
    settings = make_settings("sqlite:///")
    async with open_database(settings) as database, database.reading() as session:
        await session.rows(ONE)
        async with database.reading() as second:
            with pytest.raises(RuntimeError, match="already has a session open"):
                await second.rows(ONE)
        assert await session.value(ONE) == 1


async def test_a_cancelled_wait_for_a_connection_leaves_none_behind(url: str) -> None:
    if url.startswith("sqlite"):
        pytest.skip("Readers of SQLite do not wait for a connection")
    async with impatient(url) as database:
        async with database.reading() as session:
            await session.rows(ONE)
            waiting = asyncio.create_task(read_one(database))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(PoolTimeoutError):
                await asyncio.create_task(read_one(database))
        assert checked_out(database) == 0
        assert await read_one(database) == 1


async def test_a_cancelled_statement_leaves_no_connection_behind(
    database: Database,
) -> None:
    needs_postgresql(database)
    await read_one(database)  # connect
    waiting = asyncio.create_task(sleep(database))
    await asyncio.sleep(0.2)
    assert checked_out(database) == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert checked_out(database) == 0
    assert await read_one(database) == 1


async def test_a_statement_ends_at_the_timeout_of_the_server(url: str) -> None:
    async with impatient(url) as database:
        needs_postgresql(database)
        with pytest.raises(DBAPIError) as caught:
            await sleep(database)
        assert outage_of(caught.value) is Outage.BUSY
        assert await read_one(database) == 1


async def test_a_silent_server_is_left_at_the_deadline(url: str) -> None:
    async with impatient(url) as database:
        needs_postgresql(database)
        async with database.reading() as session:
            await session.rows(ONE)  # its types are known from here on
            process: int = await session.value(PROCESS)
            os.kill(process, signal.SIGSTOP)
            try:
                async with asyncio.timeout(PATIENCE) as limit:
                    with pytest.raises(TimeoutError):
                        await session.rows(ONE)
                assert not limit.expired()
            finally:
                os.kill(process, signal.SIGCONT)
            assert await session.value(PROCESS) != process
        assert checked_out(database) == 0


async def test_a_lost_connection_is_replaced(database: Database) -> None:
    needs_postgresql(database)
    async with database.reading() as session:
        process: int = await session.value(PROCESS)
        async with database.reading() as other:
            await other.rows(select(func.pg_terminate_backend(process)))
        await asyncio.sleep(0.1)
        with pytest.raises(DBAPIError) as caught:
            await session.rows(ONE)
        assert caught.value.connection_invalidated
        assert outage_of(caught.value) is Outage.AWAY
        assert await session.value(ONE) == 1
    assert await read_one(database) == 1


async def read_one(database: Database) -> Any:
    async with database.reading() as session:
        return await session.value(ONE)


async def sleep(database: Database) -> None:
    async with database.reading() as session:
        await session.rows(select(func.pg_sleep(20)))
