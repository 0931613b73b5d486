"""Statements on PostgreSQL, by asyncpg: it keeps each of them prepared.

After a change of the schema it prepares a statement again, as none is in a transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from app.core.db.driver.connections import DriverConnection, Records

# In seconds, beyond the timeout of the server, whose error is more exact.
GRACE = 1.0


class PostgresqlConnection(DriverConnection):
    def __init__(self, engine: Engine, timeout: float) -> None:
        super().__init__(engine)
        self.timeout = timeout + GRACE

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        records: Records = await self.driver.fetch(
            sql, *parameters, timeout=self.timeout
        )
        return records

    async def column_types(self, sql: str) -> Iterable[int]:
        prepared = await self.driver.prepare(sql, timeout=self.timeout)
        return [attribute.type.oid for attribute in prepared.get_attributes()]

    def dbapi_error(
        self, connection: Connection, error: BaseException
    ) -> BaseException:
        adapted: Any = connection.connection.dbapi_connection
        try:
            adapted._handle_exception(error)
        except Exception as translated:
            return translated
        return error
