"""A file of SQLite with keys, of which each process has one connection.

Statements take microseconds, and run in the event loop. They are called in a greenlet,
which waits while another process has locked the file. A change waits inside of its
transaction, for which all other changes wait on SQLite: so only one in a minute waits
for long.
"""

import sqlite3
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy.util import await_

from app.audit.personal.exceptions import KeysUnavailableException
from app.core.db.sqlite.busy import is_busy, retry_while_busy
from app.core.db.sqlite.files import identity

# In seconds.
TIMEOUT = 5.0
BRIEF = 0.1  # if another request has waited in vain within the last MINUTE
MINUTE = 60.0
ResultT = TypeVar("ResultT")


class SqliteFile:
    given_up_at = -MINUTE

    def __init__(self, path: str) -> None:
        self.path = path

    @cached_property
    def connection(self) -> sqlite3.Connection:
        # A wrong path must not become an empty store: the file is never made here.
        connection = sqlite3.connect(
            f"file:{self.path.replace('?', '%3f').replace('#', '%23')}?mode=rw",
            uri=True,
            timeout=0,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA page_size = 1024")  # written as a whole
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        self.opened = identity(self.path)
        return connection

    def execute(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.when_free(lambda: self.statement(sql, *values))

    def statement(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        connection = self.connection
        if identity(self.path) != self.opened:
            # No other process sees what is written to the former file.
            raise sqlite3.DatabaseError("The file was replaced: restart")
        return connection.execute(sql, values).fetchall()

    def when_free(self, call: Callable[[], ResultT]) -> ResultT:
        """Call; while another process has locked the file, let other tasks run."""
        try:
            try:
                return call()
            except sqlite3.OperationalError as error:
                if not is_busy(error):
                    raise
            return await_(self.retry(call))
        except sqlite3.Error as error:
            raise KeysUnavailableException from error

    async def retry(self, call: Callable[[], ResultT]) -> ResultT:
        is_first = time.monotonic() > self.given_up_at + MINUTE
        try:
            result = await retry_while_busy(call, TIMEOUT if is_first else BRIEF)
        except sqlite3.OperationalError:
            if is_first:
                self.given_up_at = time.monotonic()
            raise
        self.given_up_at = -MINUTE
        return result
