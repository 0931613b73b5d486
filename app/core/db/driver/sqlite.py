"""Statements on SQLite, executed in the event loop."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import repeat
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import MissingGreenlet

from app.core.db.driver.connections import DriverConnection, Records


class SqliteConnection(DriverConnection):
    async def check_out(self) -> Connection:
        """Return the connection. Opening it takes a greenlet, which costs 10 µs."""
        pool: Any = self.engine.pool
        await pool.reserve()
        if pool.checkedin():
            with suppress(MissingGreenlet):  # it was lost, and has to be opened again
                return self.engine.connect()
        return await super().check_out()

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        records: Records = self.driver.fetch(sql, parameters)
        return records

    async def column_types(self, sql: str) -> Iterable[None]:
        return repeat(None)  # unknown to the driver
