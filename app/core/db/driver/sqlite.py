"""Statements on SQLite, executed in the event loop; slow ones in a thread."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, Engine

from app.core.db.driver.connections import DriverConnection, Records
from app.core.db.sqlite.busy import is_busy, retry_while_busy
from app.core.db.sqlite.shared_connection import SharedConnection
from app.core.db.sqlite.slow_reads import IN_LOOP, in_thread, is_interrupted


class SqliteConnection(DriverConnection):
    def __init__(self, engine: Engine, slow_reads: asyncio.Lock) -> None:
        super().__init__(engine)
        self.slow_reads = slow_reads

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        fetch = partial(self.driver.fetch, sql, parameters)
        quickly: Callable[[], Records] = partial(self.driver.within, IN_LOOP, fetch)
        try:
            return quickly()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                return await self.fetch_again(error, sql, parameters)
        try:
            return await retry_while_busy(quickly, self.driver.timeout)
        except sqlite3.Error as error:
            return await self.fetch_again(error, sql, parameters)

    async def fetch_again(
        self, error: sqlite3.Error, sql: str, parameters: Sequence[Any]
    ) -> Records:
        """Fetch what was too slow for the event loop.

        Or what waited while others closed the connection.
        """
        if self.connection is not None and self.connection.invalidated:
            await self.attach()
            return await self.fetch(sql, parameters)
        if is_interrupted(error):
            return await self.fetch_slowly(sql, parameters)
        raise error

    async def fetch_slowly(self, sql: str, parameters: Sequence[Any]) -> Records:
        timeout = self.driver.timeout
        # Others use the connection while this statement waits for the thread.
        self.release()
        async with asyncio.timeout(timeout), self.slow_reads:
            await self.connect()
            fetch = partial(self.driver.fetch, sql, parameters)
            return await in_thread(self.driver, fetch)

    async def fetch_parts(
        self, sql: str, parameters: Sequence[Any], size: int
    ) -> AsyncIterator[Records]:
        cursor = sqlite3.Cursor(self.driver)
        await self.slowly(partial(cursor.execute, sql, parameters))
        while records := await self.slowly(partial(cursor.fetchmany, size)):
            yield records

    async def slowly(self, call: Callable[[], Any]) -> Any:
        async with asyncio.timeout(self.driver.timeout), self.slow_reads:
            return await in_thread(self.driver, call)

    async def column_types(self, sql: str) -> Iterable[None]:
        return repeat(None)  # unknown to the driver


class SharingConnection(SqliteConnection):
    """The shared connection, until a statement turns out to be slow."""

    def __init__(
        self, engine: Engine, slow_reads: asyncio.Lock, shared: SharedConnection
    ) -> None:
        super().__init__(engine, slow_reads)
        self.shared, self.is_shared = shared, False

    async def attach(self) -> Connection:
        self.connection = connection = await self.shared.open()
        self.driver, self.is_shared = self.shared.driver, True
        return connection

    async def connect(self) -> Connection:
        connection = await super().connect()
        self.is_shared = False
        return connection

    def discard(self, connection: Connection, error: BaseException) -> None:
        """Keep the shared connection: no statement of it goes on."""
        if not self.is_shared:
            super().discard(connection, error)

    def release(self) -> None:
        # Nor is a shared one closed that was replaced: others still hold it.
        if self.is_shared:
            self.connection = None
        else:
            super().release()
