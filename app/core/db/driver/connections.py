"""A pooled connection that executes statements without a Session and a Result.

Each statement is in autocommit: it sees the latest committed rows.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, NoReturn, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.util import greenlet_spawn

from app.core.db.driver.compiled import Call, Row, Values
from app.core.db.driver.execution import notify
from app.core.db.driver.read_only import reject_write
from app.core.db.driver.statements import Statement, resolve

Records = Sequence[Sequence[Any]]
Taker = Callable[[Sequence[Row]], None]
PART_ROWS = 5_000


class Reads(Protocol):
    """Interface of a connection of a reading session."""

    async def rows(self, statement: Statement, values: Values) -> list[Row]: ...

    async def each_part(self, statement: Statement, take: Taker) -> None: ...

    def release(self) -> None: ...


class DriverConnection(ABC):
    """Connection that the first statement takes from the pool; see `release`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.connection: Connection | None = None
        self.driver: Any = None

    async def rows(self, statement: Statement, values: Values) -> list[Row]:
        """Execute a SELECT, and return its rows.

        Raises:
            ReadOnlyError: the statement writes.
            DBAPIError: as SQLAlchemy raises it for this error of the driver.
            TimeoutError: the driver has not answered in time.
        """
        connection = self.connection
        if connection is None or connection.invalidated:
            connection = await self.attach()
        compiled, call = resolve(statement, values, self.engine.dialect)
        reject_write(connection, compiled)
        call = notify(connection, call)
        try:
            if compiled.converters is None:
                compiled.set_types(await self.column_types(call.sql))
            records = await self.fetch(*call)
        except BaseException as error:
            await self.fail(self.connection or connection, error, call)
        return compiled.read(records)

    async def each_part(self, statement: Statement, take: Taker) -> None:
        """Execute a SELECT, and give `take` its rows in parts, all of one snapshot.

        DATABASE_TIMEOUT limits each part. Errors are those of `rows`.
        """
        self.release()
        connection = await self.connect()
        compiled, call = resolve(statement, {}, self.engine.dialect)
        reject_write(connection, compiled)
        call = notify(connection, call)
        try:
            compiled.set_types(await self.column_types(call.sql))
            async for records in self.fetch_parts(*call, PART_ROWS):
                take(compiled.read(records))
        except BaseException as error:
            try:
                await self.fail(connection, error, call)
            finally:
                connection.invalidate(error)  # it may be in a transaction

    async def attach(self) -> Connection:
        """Return the connection for statements that are read at once."""
        return await self.connect()

    async def connect(self) -> Connection:
        """Return a connection from the pool, for this session alone."""
        self.connection = connection = await greenlet_spawn(self.engine.connect)
        self.driver = connection.connection.driver_connection
        return connection

    def release(self) -> None:
        """Return the connection to the pool. It is not in a transaction."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    @abstractmethod
    async def fetch(self, sql: str, parameters: Sequence[Any]) -> Records: ...

    @abstractmethod
    def fetch_parts(
        self, sql: str, parameters: Sequence[Any], size: int
    ) -> AsyncIterator[Records]: ...

    @abstractmethod
    async def column_types(self, sql: str) -> Iterable[Any]:
        """Return the driver's type of each column of the result."""

    async def fail(
        self, connection: Connection, error: BaseException, call: Call
    ) -> NoReturn:
        """Raise the error as SQLAlchemy does. A broken connection leaves the pool."""
        if isinstance(error, TimeoutError | asyncio.CancelledError):
            # Its answer is still to come. This does not wait for the server.
            if not connection.closed:
                self.discard(connection, error)
            raise error
        error = self.dbapi_error(connection, error)
        if isinstance(error, self.engine.dialect.loaded_dbapi.Error):
            handle = connection._handle_dbapi_exception
            await greenlet_spawn(handle, error, *call, None, None)
        raise error

    def discard(self, connection: Connection, error: BaseException) -> None:
        connection.invalidate(error)

    def dbapi_error(
        self, connection: Connection, error: BaseException
    ) -> BaseException:
        """Return the error of Python's DB API for an error of the driver."""
        return error
