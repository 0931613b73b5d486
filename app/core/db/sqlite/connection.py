"""Connection to SQLite that never stops the event loop for long."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.util import await_

from app.core.db.sqlite.busy import is_busy, retry_while_busy
from app.core.db.sqlite.files import IN_MEMORY, create_file, existing_file
from app.core.db.sqlite.inserts import inserts
from app.core.db.sqlite.texts import decode_text, is_undecodable

ResultT = TypeVar("ResultT")

NEVER, ALWAYS = float("inf"), float("-inf")
WAL_SIZE = 8 * 2**20  # bytes; SQLite copies it to the database from 4 MiB on


class Limit(NamedTuple):
    """Time that a statement may take, and how often SQLite looks at which clock.

    `steps` are instructions of its virtual machine: 1 000 take about 0.05 ms, and more
    if they call functions of Python. A statement of fewer steps has no limit.
    """

    seconds: float
    steps: int
    clock: Callable[[], float]


class LoopCursor(sqlite3.Cursor):
    connection: "LoopConnection"

    def execute(self, sql: str, parameters: Any = ()) -> "LoopCursor":
        """Execute a statement. A greenlet waits while the database is locked."""
        return self.connection.when_free(partial(super().execute, sql, parameters))

    async def _async_soft_close(self) -> None:
        """Do nothing. SQLAlchemy awaits this method of an async cursor."""


class LoopConnection(sqlite3.Connection):
    level = "SERIALIZABLE"
    cursors: type[LoopCursor] = LoopCursor
    # Texts that `fetch` reads: this takes half the time, until one is no UTF-8.
    fetched_text: Any = str

    def __init__(
        self, database: str, *, timeout: float, create: bool = False, **options: Any
    ) -> None:
        file: dict[str, Any] = {"database": database}
        if create and database != IN_MEMORY:
            create_file(database)
        elif database != IN_MEMORY:
            file = existing_file(database)
        super().__init__(timeout=0, **(options | file))
        self.text_factory = decode_text
        self.database = database
        self.timeout = timeout  # seconds
        self.interrupted_at, self.clock = NEVER, time.monotonic

    def cursor(self, factory: Any = None) -> Any:
        cursor = super().cursor(factory or self.cursors)
        # AsyncConnection.execute() raises unless the driver awaits at least once. A
        # flush of records has no greenlet, and needs none.
        with suppress(MissingGreenlet):
            await_(cursor._async_soft_close())
        return cursor

    def set_limit(self, limit: Limit) -> None:
        """Limit the time of the next statement that is `limited`, which starts now."""
        self.clock = limit.clock
        self.interrupted_at = self.clock() + limit.seconds
        self.set_progress_handler(self.is_overdue, limit.steps)

    def stop(self) -> None:
        """Interrupt a statement in another thread, which may only be about to begin."""
        self.interrupted_at = ALWAYS
        self.interrupt()

    def fetch(self, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        """Execute a SELECT outside of a greenlet, and return all its rows.

        Raises:
            sqlite3.OperationalError: SQLITE_INTERRUPT, as it takes longer than the
                limit; SQLITE_BUSY, at once.
        """
        self.text_factory = self.fetched_text
        try:
            return super().cursor().execute(sql, parameters).fetchall()
        except sqlite3.OperationalError as error:
            if self.fetched_text is not str or not is_undecodable(error):
                raise
        finally:
            self.text_factory = decode_text
        self.fetched_text = decode_text
        return self.fetch(sql, parameters)

    def change(self, sql: str, parameters: Any) -> int:
        """Execute an INSERT, UPDATE or DELETE; return the number of its rows."""
        return super().cursor().execute(sql, parameters).rowcount

    def change_many(self, sql: str, many: Any) -> None:
        for each in inserts(sql, many):
            super().cursor().execute(*each)

    def within(self, limit: Limit, fetch: Callable[[], ResultT]) -> ResultT:
        """Return what `fetch` reads, or raise SQLITE_INTERRUPT at the limit."""
        self.set_limit(limit)
        return self.limited(fetch)

    def limited(self, fetch: Callable[[], ResultT]) -> ResultT:
        try:
            return fetch()
        finally:
            self.interrupted_at = NEVER

    def fetch_slowly(self, fetch: Callable[[], ResultT]) -> ResultT:
        """Fetch in a thread. Before, empty the WAL if it has become large.

        SQLite begins it again once all of it is in the database and no read uses it.
        Slow reads that follow each other would prevent that.
        """
        with suppress(OSError, sqlite3.Error):
            if Path(f"{self.database}-wal").stat().st_size > WAL_SIZE:
                super().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.limited(fetch)

    def execute_when_free(self, sql: str) -> None:
        self.when_free(partial(super().execute, sql))

    def when_free(self, call: Callable[[], ResultT]) -> ResultT:
        """Call; if another process has locked the database, wait in this greenlet."""
        try:
            return call()
        except sqlite3.OperationalError as error:
            # In a transaction, only the whole of it can be tried again.
            if self.in_transaction or not is_busy(error):
                raise
        return await_(retry_while_busy(call, self.timeout))

    def is_overdue(self) -> bool:
        """Return whether SQLite is to interrupt the statement."""
        return self.clock() > self.interrupted_at
