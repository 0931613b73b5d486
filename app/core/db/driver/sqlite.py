"""Statements on SQLite, executed in the event loop; slow ones in a thread."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import MissingGreenlet

from app.core.db.driver.connections import DriverConnection, Records
from app.core.db.sqlite.busy import is_busy, retry_while_busy
from app.core.db.sqlite.reading import is_file
from app.core.db.sqlite.slow_reads import IN_LOOP, in_thread, is_interrupted


class SqliteConnection(DriverConnection):
    def __init__(self, engine: Engine, slow_reads: asyncio.Lock) -> None:
        super().__init__(engine)
        self.slow_reads = slow_reads

    async def check_out(self) -> Connection:
        """Return the connection. Opening it takes a greenlet, which costs 10 µs."""
        pool: Any = self.engine.pool
        if is_file(self.engine.url) and pool.checkedin():
            with suppress(MissingGreenlet):  # it was lost, and has to be opened again
                return self.engine.connect()
        return await super().check_out()

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        try:
            return await self.fetch_when_free(sql, parameters)
        except sqlite3.OperationalError as error:
            if not is_interrupted(error):
                raise
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

    async def fetch_when_free(self, sql: str, parameters: Sequence[Any]) -> Records:
        fetch = partial(self.driver.fetch, sql, parameters)
        quickly: Callable[[], Records] = partial(self.driver.within, IN_LOOP, fetch)
        try:
            return quickly()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        return await retry_while_busy(quickly, self.driver.timeout)

    async def column_types(self, sql: str) -> Iterable[None]:
        return repeat(None)  # unknown to the driver
