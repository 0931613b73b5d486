"""Statements on PostgreSQL, by asyncpg: it keeps each of them prepared.

After a change of the schema it prepares a statement again, as none is in a transaction.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from app.core.db.driver.connections import DriverConnection, Records
from app.core.db.driver.drivers import asyncpg_error, discard_asyncpg


class PostgresqlConnection(DriverConnection):
    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        records: Records = await self.driver.fetch(sql, *parameters)
        return records

    async def fetch_parts(
        self, sql: str, parameters: Sequence[Any], size: int
    ) -> AsyncIterator[Records]:
        await self.driver.execute("BEGIN")
        await self.driver.fetch(f"DECLARE parts CURSOR FOR {sql}", *parameters)
        while records := await self.driver.fetch(f"FETCH {size} FROM parts"):
            yield records
        await self.driver.execute("COMMIT")

    async def column_types(self, sql: str) -> Iterable[int]:
        prepared = await self.driver.prepare(sql)
        return [attribute.type.oid for attribute in prepared.get_attributes()]

    def dbapi_error(
        self, connection: Connection, error: BaseException
    ) -> BaseException:
        return asyncpg_error(connection, error)

    def discard(self, connection: Connection, error: BaseException) -> None:
        discard_asyncpg(connection, error)
