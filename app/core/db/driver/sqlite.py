"""Statements on SQLite, executed in the event loop; slow ones in a thread."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import repeat
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import MissingGreenlet

from app.core.db.driver.connections import DriverConnection, Records
from app.core.db.sqlite.busy import is_busy, retry_while_busy
from app.core.db.sqlite.connection import Limit

# A statement of more steps, which are 1 to 5 ms, is executed again in a thread. Passing
# it to a thread takes longer than most statements do. Not a time: on a busy machine a
# quick statement would queue behind the slow ones.
IN_LOOP = Limit(seconds=0, steps=20_000)
# Rarely: each look at the clock waits for the interpreter's lock.
THREAD_STEPS = 500_000
# Threads of its own, so that slow statements delay nothing else that needs one.
THREADS = ThreadPoolExecutor(4, thread_name_prefix="slow-read")

Fetch = Callable[[Limit], Records]


class SqliteConnection(DriverConnection):
    async def check_out(self) -> Connection:
        """Return the connection. Opening it takes a greenlet, which costs 10 µs."""
        pool: Any = self.engine.pool
        if self.engine.url.database and pool.checkedin():
            with suppress(MissingGreenlet):  # it was lost, and has to be opened again
                return self.engine.connect()
        return await super().check_out()

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        fetch = partial(self.driver.fetch, sql, parameters)
        try:
            return await self.fetch_in_loop(fetch)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
        return await self.fetch_in_thread(fetch)

    async def fetch_in_loop(self, fetch: Fetch) -> Records:
        try:
            return fetch(IN_LOOP)
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
        return await retry_while_busy(partial(fetch, IN_LOOP), self.driver.timeout)

    async def fetch_in_thread(self, fetch: Fetch) -> Records:
        """Fetch in a thread. If the task is cancelled, the thread stops soon."""
        timeout = self.driver.timeout
        work = THREADS.submit(fetch, Limit(timeout, THREAD_STEPS))
        done = asyncio.wrap_future(work)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(done)
        finally:
            if not work.done() and not work.cancel():
                self.driver.interrupt()
                await asyncio.wait([done])

    async def column_types(self, sql: str) -> Iterable[None]:
        return repeat(None)  # unknown to the driver
