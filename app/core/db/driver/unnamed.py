"""Statements on PostgreSQL without names, for a pooler that does not support them."""

from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection

from app.core.db.driver.compiled import Call
from app.core.db.driver.connections import Records
from app.core.db.driver.postgresql import PostgresqlConnection

# Options of asyncpg and its dialect: each execution sends the text, without a name.
UNNAMED: dict[str, Any] = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}


class UnnamedConnection(PostgresqlConnection):
    """Each statement is in a transaction, which the pooler keeps on one server."""

    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records:
        await self.driver.execute("BEGIN")
        records = await super().fetch(sql, parameters)
        await self.driver.execute("COMMIT")
        return records

    async def fail(
        self, connection: Connection, error: BaseException, call: Call
    ) -> NoReturn:
        try:
            await super().fail(connection, error, call)
        finally:
            connection.invalidate(error)  # it may be in a transaction
