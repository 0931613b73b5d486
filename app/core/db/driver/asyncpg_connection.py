"""Connection of asyncpg whose prepared statements survive a change of the schema.

`Connection.fetch` prepares such a statement again; SQLAlchemy prepares each statement
itself, and keeps it.
"""

from contextlib import suppress
from typing import Any

from asyncpg import Connection, InvalidCachedStatementError

# In seconds, beyond the timeout of the server, whose error is more exact. A server that
# does not even report its timeout is out of reach.
GRACE = 1.0
FAREWELL = 0.2  # to close a connection: the server may be out of reach


class RepeatedStatement:
    """A prepared statement that is prepared again if its result has other types now.

    In a transaction the error has undone the statements before it: it is raised.
    """

    def __init__(self, connection: "RepeatingConnection", query: str) -> None:
        self.connection, self.query = connection, query

    async def prepare(self, **options: Any) -> "RepeatedStatement":
        self.options = options
        self.statement = await self.connection.prepare_once(self.query, **options)
        return self

    async def fetch(self, *values: Any) -> Any:
        try:
            return await self.statement.fetch(*values)
        except InvalidCachedStatementError:
            if self.connection.is_in_transaction():
                raise
            await self.prepare(**self.options)
            return await self.statement.fetch(*values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.statement, name)


class RepeatingConnection(Connection):  # type: ignore[misc]  # asyncpg has no types
    async def prepare(self, query: str, **options: Any) -> RepeatedStatement:
        return await RepeatedStatement(self, query).prepare(**options)

    async def prepare_once(self, query: str, **options: Any) -> Any:
        return await super().prepare(query, **options)

    async def close(self, *, timeout: float | None = None) -> None:
        """Close the connection, or abort it if the server does not answer."""
        with suppress(TimeoutError):
            await super().close(timeout=FAREWELL)
