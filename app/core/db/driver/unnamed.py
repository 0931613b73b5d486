"""Statements on PostgreSQL through a pooler that pools transactions.

Each transaction may have another server, so nothing is kept on one: no statement has a
name, and each transaction begins with the limits that a session has otherwise.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection

from app.core.db.driver.asyncpg_connection import RepeatingConnection
from app.core.db.driver.compiled import Call
from app.core.db.driver.connections import Records
from app.core.db.driver.limits import Limits
from app.core.db.driver.postgresql import PostgresqlConnection


def unnamed_options(limits: Limits) -> dict[str, Any]:
    """Return options of asyncpg and its dialect: each execution sends the text."""
    return {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: "",
        "connection_class": limited_connection(limits.for_transaction()),
    }


def limited_connection(limits: str) -> type[RepeatingConnection]:
    class LimitedConnection(RepeatingConnection):
        async def execute(self, query: str, *values: Any, **options: Any) -> Any:
            if query.startswith("BEGIN"):
                query = f"{query.rstrip(';')}; {limits}"
            return await super().execute(query, *values, **options)

    return LimitedConnection


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
