"""Statements on SQLite, executed in the event loop; slow ones in a thread."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import MissingGreenlet

from app.core.db.driver.connections import DriverConnection, Records
from app.core.db.sqlite.busy import is_busy, retry_while_busy
from app.core.db.sqlite.connection import Limit
from app.core.db.sqlite.reading import is_file

# A statement stops the event loop this long at most; then it is executed again in a
# thread. Passing it to a thread takes longer than most statements do. In time of the
# processor: a quick statement that waits for the interpreter's lock is not a slow one.
IN_LOOP = Limit(seconds=0.005, steps=2_000, clock=time.thread_time)
# Rarely: each look at the clock waits for the interpreter's lock.
THREAD_STEPS = 500_000
# A thread of its own, so that slow statements delay nothing else that needs one. One,
# as each competes with the event loop for the interpreter's lock: with four, requests
# that need no database took a second. And the WAL can be emptied between two reads.
THREAD = ThreadPoolExecutor(1, thread_name_prefix="slow-read")


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
        fetch = partial(self.driver.fetch_within, IN_LOOP, sql, parameters)
        try:
            return await self.fetch_when_free(fetch)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
        timeout = self.driver.timeout
        # Others use the connection while this statement waits for the thread.
        self.release()
        async with asyncio.timeout(timeout), self.slow_reads:
            await self.connect()
            return await self.fetch_in_thread(sql, parameters)

    async def fetch_when_free(self, fetch: Callable[[], Records]) -> Records:
        try:
            return fetch()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        return await retry_while_busy(fetch, self.driver.timeout)

    async def fetch_in_thread(self, sql: str, parameters: Sequence[Any]) -> Records:
        """Fetch in the thread, which stops if the task is cancelled."""
        self.driver.set_limit(Limit(self.driver.timeout, THREAD_STEPS, time.monotonic))
        work = THREAD.submit(self.driver.fetch_slowly, sql, parameters)
        try:
            return await asyncio.wrap_future(work)
        finally:
            if not work.cancel() and not work.done():
                self.driver.stop()
                # Not awaited: a second cancellation would close a connection in use.
                wait([work])

    async def column_types(self, sql: str) -> Iterable[None]:
        return repeat(None)  # unknown to the driver
