"""Statements on SQLite, executed in the event loop."""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import Connection

from app.core.db.driver.connections import DriverConnection, Records


class SqliteConnection(DriverConnection):
    async def connect(self) -> Connection:
        pool: Any = self.engine.pool
        await pool.reserve()
        return await super().connect()

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        records: Records = self.driver.fetch(sql, parameters)
        return records

    async def column_types(self, sql: str) -> Iterable[None]:
        return repeat(None)  # the driver does not tell them
