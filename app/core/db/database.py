"""Database engine and sessions. The only module that commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    async_sessionmaker,
    create_async_engine,
)

from app.core.config import Settings
from app.core.db import sqlite  # registers the sqlite+loop dialect
from app.core.db.driver.asyncpg_connection import RepeatingConnection
from app.core.db.driver.factory import is_unnamed, make_connection
from app.core.db.driver.read_only import reject_write
from app.core.db.driver.unnamed import UNNAMED
from app.core.db.json_text import dump_json, load_json
from app.core.db.session import DatabaseSession, ReadingSession

DRIVERS = {
    "sqlite": f"sqlite+{sqlite.LoopDialect.driver}",
    "postgresql": "postgresql+asyncpg",
}


class Database:
    """An engine with read-only and read-write sessions.

    A read-only session runs in autocommit, which saves BEGIN and ROLLBACK: each
    statement sees the latest committed rows.
    """

    def __init__(self, settings: Settings) -> None:
        self.engine = make_engine(settings)
        reading = "READ COMMITTED" if is_unnamed(settings) else "AUTOCOMMIT"
        reader, snapshot = (
            self.engine.execution_options(isolation_level=level)
            for level in (reading, "REPEATABLE READ")
        )
        for engine in (reader, snapshot):
            event.listen(engine.sync_engine, "before_execute", reject_write)
        self.readers = async_sessionmaker(
            reader,
            class_=ReadingSession,
            expire_on_commit=False,
            direct=partial(make_connection, self.engine.sync_engine, settings),
        )
        self.snapshots = make_sessionmaker(snapshot)
        self.writers = make_sessionmaker(self.engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadingSession]:
        """Open a read-only session.

        Raises:
            ReadOnlyError: a statement writes, or objects are left to flush.
        """
        # Not `async with`; see writing().
        session = self.readers()
        try:
            yield session
            session.check_unchanged()
        finally:
            await session.close()

    def snapshot(self) -> DatabaseSession:
        """Return a read-only session whose statements all see one snapshot.

        Only for programs: on PostgreSQL it keeps dead rows from being removed.
        """
        return self.snapshots()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[DatabaseSession]:
        """Open a session in one transaction. Commit at exit, roll back on an error."""
        # Not `async with`, which closes the session in a separate task: other requests
        # would run while this one still holds the connection. Closing it in this task
        # cuts the p99 latency on SQLite from 1000 ms to 30 ms.
        session = self.writers()
        try:
            yield session
            await session.commit()
        except BaseException:
            await session.rollback()
            raise
        finally:
            await session.close()

    async def close(self) -> None:
        await self.engine.dispose()


def make_sessionmaker(engine: AsyncEngine) -> async_sessionmaker[DatabaseSession]:
    return async_sessionmaker(engine, class_=DatabaseSession, expire_on_commit=False)


def make_engine(settings: Settings) -> AsyncEngine:
    url = with_driver(settings.DATABASE_URL)
    timeout = settings.DATABASE_TIMEOUT
    if url.get_backend_name() == "sqlite":
        return create_async_engine(
            url,
            hide_parameters=True,
            json_serializer=dump_json,
            json_deserializer=load_json,
            pool_timeout=timeout,
            connect_args={"timeout": timeout},
        )
    return create_async_engine(
        url,
        hide_parameters=True,  # keep values out of logged errors
        json_serializer=dump_json,
        json_deserializer=load_json,
        pool_size=settings.DATABASE_POOL_SIZE,
        max_overflow=0,
        pool_timeout=timeout,
        connect_args=driver_options(settings),
    )


def driver_options(settings: Settings) -> dict[str, Any]:
    timeout = settings.DATABASE_TIMEOUT
    options = {
        "timeout": timeout,
        "server_settings": server_settings(timeout),
        "connection_class": RepeatingConnection,
    }
    return options | UNNAMED if is_unnamed(settings) else options


def server_settings(timeout: float) -> dict[str, str]:
    """Return PostgreSQL's run-time parameters; `timeout` is in seconds."""
    milliseconds = str(int(timeout * 1000))
    return {
        "application_name": "app",
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
    }


def with_driver(url: str) -> URL:
    """Return the URL with the async driver that this application uses."""
    parsed = make_url(url)
    return parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
