"""SQLite dialect that executes statements in the event loop.

A local query takes microseconds, less than passing it to a thread and back.
"""

import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import URL, Pool, Uuid
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import ConnectArgsType, DBAPIConnection

from app.core.db.ids import uuid_of
from app.core.db.sqlite.connection import WAL_SIZE, LoopConnection, LoopCursor
from app.core.db.sqlite.pool import SingleConnectionPool
from app.core.db.sqlite.reading_cursor import ReadingCursor

# For times that a column has no type for. Python's own adapter is deprecated.
sqlite3.register_adapter(datetime, lambda value: value.isoformat(" "))
sqlite3.register_adapter(date, date.isoformat)

ID_BYTES = 16
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    f"journal_size_limit = {WAL_SIZE}",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # else REPLACE would bypass the audit log's triggers
)
# IMMEDIATE takes the write lock now. A deferred transaction that has read fails with
# SQLITE_BUSY at its first write if another process has written, so it is for reading.
BEGIN: dict[Any, str] = {
    "AUTOCOMMIT": "",
    "REPEATABLE READ": "BEGIN DEFERRED",
    "SERIALIZABLE": "BEGIN IMMEDIATE",
}


class ExactUuid(Uuid[UUID]):
    """Ids in the one spelling that queries find: others raise ValueError."""

    def bind_processor(self, dialect: Any) -> Any:
        return hex_of

    def result_processor(self, dialect: Any, coltype: object) -> Any:
        return exact_uuid


def hex_of(id: UUID | None) -> str | None:
    """Return what `UUID.hex` does, which is a second call."""
    return None if id is None else f"{id.int:032x}"


def exact_uuid(text: str | None) -> UUID | None:
    if text is None:
        return None
    stored = bytes.fromhex(text)
    if stored.hex() != text or len(stored) != ID_BYTES:
        raise ValueError(f"{text!r} is not an id as the application writes it")
    return uuid_of(int.from_bytes(stored))


class LoopDialect(SQLiteDialect_pysqlite):
    colspecs = SQLiteDialect_pysqlite.colspecs | {Uuid: ExactUuid}
    driver = "loop"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return SingleConnectionPool

    def create_connect_args(self, url: URL) -> ConnectArgsType:
        args, options = super().create_connect_args(url)
        # Disable the driver's implicit BEGIN; see do_begin.
        return args, {**options, "factory": LoopConnection, "isolation_level": None}

    def on_connect(self) -> Callable[[DBAPIConnection], None]:
        base_initialize = super().on_connect()

        def initialize(connection: Any) -> None:
            try:
                prepare(connection)
            except BaseException:
                connection.close()  # the pool does not know it yet
                raise

        def prepare(connection: Any) -> None:
            base_initialize(connection)
            for pragma in PRAGMAS:
                connection.execute_when_free(f"PRAGMA {pragma}")

        return initialize

    def get_isolation_level_values(self, connection: Any) -> list[Any]:
        return list(BEGIN)

    def set_isolation_level(self, connection: Any, level: str) -> None:
        connection.level = level
        # In autocommit a read can be executed again, in a thread.
        connection.cursors = ReadingCursor if not BEGIN[level] else LoopCursor

    def do_begin(self, connection: Any) -> None:
        if statement := BEGIN[connection.level]:
            connection.execute_when_free(statement)


registry.register("sqlite.loop", __name__, "LoopDialect")
