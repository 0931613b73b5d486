"""Cursor of SQLAlchemy's reads in autocommit, whose slow statements leave the loop."""

import sqlite3
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy.util import await_

from app.core.db.sqlite.connection import LoopCursor
from app.core.db.sqlite.slow_reads import IN_LOOP, Records, in_thread, is_interrupted


class ReadingCursor(LoopCursor):
    """Cursor that fetches all rows when it executes a statement.

    The caller reads them outside of a greenlet, where a thread could not be awaited.
    """

    rows: Iterator[tuple[Any, ...]] = iter(())

    def execute(self, sql: str, parameters: Any = ()) -> "ReadingCursor":
        fetch = partial(self.fetch, sql, parameters)
        try:
            quickly = partial(self.connection.within, IN_LOOP, fetch)
            found = self.connection.when_free(quickly)
        except sqlite3.OperationalError as error:
            if not is_interrupted(error):
                raise
            found = await_(in_thread(self.connection, fetch))
        self.rows = iter(found)
        return self

    def fetch(self, sql: str, parameters: Any) -> Records:
        sqlite3.Cursor.execute(self, sql, parameters)
        return super().fetchall()

    def fetchone(self) -> Any:
        return next(self.rows, None)

    def fetchmany(self, size: int | None = None) -> Records:
        return [*islice(self.rows, size or self.arraysize)]

    def fetchall(self) -> Records:
        return [*self.rows]

    def __iter__(self) -> "ReadingCursor":
        return self

    def __next__(self) -> Any:
        return next(self.rows)
