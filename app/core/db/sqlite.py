"""SQLite dialect that runs queries in the event loop, on one connection.

A local query takes microseconds, less than passing it to a thread and back. A slow
query blocks the whole process, so use PostgreSQL if there are slow queries.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import ConnectArgsType, DBAPIConnection
from sqlalchemy.util import await_

from app.core.db.pool import SingleConnectionPool

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
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


class LoopCursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """Do nothing. SQLAlchemy awaits this method of an async cursor."""


class LoopConnection(sqlite3.Connection):
    level = "SERIALIZABLE"

    def cursor(self, factory: Any = LoopCursor) -> Any:
        # AsyncConnection.execute() raises unless the driver awaits at least once.
        cursor = super().cursor(factory)
        await_(cursor._async_soft_close())
        return cursor

    def fetch(self, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
        """Execute a statement outside of a greenlet, and return all its rows."""
        return super().cursor().execute(sql, parameters).fetchall()


class LoopDialect(SQLiteDialect_pysqlite):
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
            base_initialize(connection)
            # SQLite's own lower() handles ASCII only, and it has no translate().
            connection.create_function("lower", 1, lower, deterministic=True)
            connection.create_function("translate", 3, translate, deterministic=True)
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")

        return initialize

    def get_isolation_level_values(self, connection: Any) -> list[Any]:
        return list(BEGIN)

    def set_isolation_level(self, connection: Any, level: str) -> None:
        connection.level = level

    def do_begin(self, connection: Any) -> None:
        if statement := BEGIN[connection.level]:
            connection.execute(statement)


def lower(text: Any) -> Any:
    """Lower the text character by character, as PostgreSQL's function does.

    `str.lower` maps İ to two characters, and Σ according to its position.
    """
    if not isinstance(text, str):
        return text
    # Not str.translate(), which takes ten times as long.
    simple = text.replace("İ", "i").replace("Σ", "\N{GREEK SMALL LETTER SIGMA}")
    return simple.lower()


def translate(text: str | None, old: str, new: str) -> str | None:
    """Replace each character of `old` by the one at its place in `new`."""
    if text is None or not any(character in text for character in old):
        return text
    return text.translate(str.maketrans(old, new))


registry.register("sqlite.loop", __name__, "LoopDialect")
