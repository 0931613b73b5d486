"""SQLite inside the event loop: one connection, no thread, no queue between threads.

A local query takes microseconds, less than handing it to a thread and back. The
price is that a slow query holds up the whole process: for that, take PostgreSQL.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, AsyncAdaptedQueuePool, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import ConnectArgsType, DBAPIConnection
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # so that REPLACE cannot overwrite the audit log
)


class OneConnectionPool(AsyncAdaptedQueuePool):
    """Lends the one connection to one task after another, first come first served.

    The queue below is not fair: whoever arrives as the connection comes back may
    take it before those who wait, and some then wait for seconds. A lock is fair.
    A task that already holds it would wait for itself, so it is told at once.
    """

    holder: asyncio.Task[Any] | None = None

    def __init__(self, creator: Any, **options: Any) -> None:
        options |= {"pool_size": 1, "max_overflow": 0}
        super().__init__(creator, **options)
        self.turn = asyncio.Lock()

    def _do_get(self) -> ConnectionPoolEntry:
        task = asyncio.current_task()
        if task and task is self.holder:
            raise RuntimeError("This task has a session open: use it, or close it")
        await_(self._wait_for_turn())
        try:
            connection = super()._do_get()
        except BaseException:
            self.turn.release()
            raise
        self.holder = task
        return connection

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        self.holder = None
        super()._do_return_conn(record)
        self.turn.release()

    async def _wait_for_turn(self) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self.turn.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("The connection is still in use") from error


class LoopCursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """Part of what SQLAlchemy asks of an async cursor. There is nothing to do."""


class LoopConnection(sqlite3.Connection):
    autocommits = False

    def cursor(self, factory: Any = LoopCursor) -> Any:
        # AsyncConnection.execute() insists on a driver that awaits something.
        cursor = super().cursor(factory)
        await_(cursor._async_soft_close())
        return cursor


class LoopDialect(SQLiteDialect_pysqlite):
    driver = "loop"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return OneConnectionPool

    def create_connect_args(self, url: URL) -> ConnectArgsType:
        args, options = super().create_connect_args(url)
        # The driver begins nothing by itself: do_begin says when, and how.
        return args, {**options, "factory": LoopConnection, "isolation_level": None}

    def on_connect(self) -> Callable[[DBAPIConnection], None]:
        prepare = super().on_connect()

        def prepare_and_tune(connection: Any) -> None:
            prepare(connection)
            # SQLite's own lower() knows ASCII only; a search must find Émile as well.
            connection.create_function("lower", 1, lower, deterministic=True)
            connection.create_function("translate", 3, translate, deterministic=True)
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")

        return prepare_and_tune

    def set_isolation_level(self, connection: Any, level: str) -> None:
        connection.autocommits = level == "AUTOCOMMIT"

    def reset_isolation_level(self, connection: Any) -> None:
        connection.autocommits = False

    def do_begin(self, connection: Any) -> None:
        # IMMEDIATE, because whoever has only read so far cannot become a writer any
        # more once another process has written in the meantime.
        if not connection.autocommits:
            connection.execute("BEGIN IMMEDIATE")


def lower(text: Any) -> Any:
    """Return one small letter for each letter, as PostgreSQL's function does.

    Python's own makes two of İ, and looks at the neighbours of Σ.
    """
    if not isinstance(text, str):
        return text
    # Not by str.translate(), which takes ten times as long.
    simple = text.replace("İ", "i").replace("Σ", "\N{GREEK SMALL LETTER SIGMA}")
    return simple.lower()


def translate(text: str | None, old: str, new: str) -> str | None:
    """Put `new`'s signs for those of `old`. PostgreSQL has it by itself."""
    if text is None or not any(sign in text for sign in old):
        return text
    return text.translate(str.maketrans(old, new))


registry.register("sqlite.loop", __name__, "LoopDialect")
