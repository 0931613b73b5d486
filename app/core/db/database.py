"""The engine, its two kinds of session, and the one place where work is committed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic_core import to_json
from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from app.core.config import Settings
from app.core.db import sqlite  # registers sqlite+loop

DRIVERS = {
    "sqlite": f"sqlite+{sqlite.LoopDialect.driver}",
    "postgresql": "postgresql+asyncpg",
}


class ReadOnlyError(RuntimeError):
    """A bug of ours: somebody tried to write where only reading is promised."""


class Database:
    """One engine, and the two kinds of session that a request may ask for.

    A reading session has no transaction, so it costs no BEGIN and no ROLLBACK. It
    sees each statement's latest state, and cannot write.
    """

    def __init__(self, settings: Settings) -> None:
        self.engine = make_engine(settings)
        reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        event.listen(reader.sync_engine, "before_execute", refuse_write)
        self.readers = make_sessions(reader)
        self.writers = make_sessions(self.engine)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        # Not `async with`, which closes in a task of its own: see writing().
        session = self.readers()
        try:
            yield session
            if session.new or session.dirty or session.deleted:
                raise ReadOnlyError("A reading session cannot write")
        finally:
            await session.close()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Open a session in one transaction: committed at the end, or undone."""
        # Not `async with`: it closes in a task of its own, and so lets a crowd of
        # others in while this request still holds its connection. Without a pause in
        # between, requests on SQLite never wait for one another (p99 30 ms, not 1000).
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


def make_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(engine, expire_on_commit=False)


def make_engine(settings: Settings) -> AsyncEngine:
    url = with_driver(settings.DATABASE_URL)
    patience = settings.DATABASE_TIMEOUT
    if url.get_backend_name() == "sqlite":
        return create_async_engine(
            url,
            hide_parameters=True,
            json_serializer=to_text,
            pool_timeout=patience,
            connect_args={"timeout": patience},
        )
    return create_async_engine(
        url,
        hide_parameters=True,  # an error in the log shows no values
        json_serializer=to_text,
        pool_size=settings.DATABASE_POOL_SIZE,
        max_overflow=0,
        pool_timeout=patience,
        connect_args={"timeout": patience, "server_settings": on_server(patience)},
    )


def to_text(document: Any) -> str:
    """Return canonical JSON: decimals with their places, instants in UTC."""
    text = to_json(document, bytes_mode="base64", inf_nan_mode="strings")
    return text.decode()


def on_server(patience: float) -> dict[str, str]:
    """Return what PostgreSQL itself enforces, so that no request waits for ever."""
    milliseconds = str(int(patience * 1000))
    return {
        "application_name": "app",
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
    }


def with_driver(url: str) -> URL:
    plain = make_url(url)
    return plain.set(drivername=DRIVERS.get(plain.drivername, plain.drivername))


def refuse_write(connection: Any, statement: Any, *_: Any) -> None:
    if statement.is_dml:
        raise ReadOnlyError("A reading session cannot write")
