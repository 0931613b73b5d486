"""The two drivers behind a connection in a transaction, called in a greenlet."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, NoReturn

from sqlalchemy import Connection
from sqlalchemy.util import await_

from app.core.db.driver.compiled import Call

Parameters = Sequence[Any]


class Driver(ABC):
    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.driver: Any = connection.connection.dbapi_connection

    def start(self) -> None:  # noqa: B027  # SQLite has begun it
        """Begin the transaction on the server, unless it has begun."""

    @abstractmethod
    def is_in_transaction(self) -> bool: ...

    @abstractmethod
    def fetch(self, sql: str, parameters: Parameters) -> Sequence[Parameters]: ...

    @abstractmethod
    def change(self, sql: str, parameters: Parameters) -> int: ...

    @abstractmethod
    def change_many(self, sql: str, many: Sequence[Parameters]) -> None: ...

    @abstractmethod
    def command(self, sql: str) -> None:
        """Execute a statement such as SAVEPOINT, which changes no rows."""

    @abstractmethod
    def column_types(self, sql: str) -> Iterable[Any]:
        """Return the driver's type of each column of the result."""

    def fail(self, error: BaseException, call: Call) -> NoReturn:
        """Raise the error as SQLAlchemy does. A broken connection leaves the pool."""
        connection: Any = self.connection
        if isinstance(error, TimeoutError | asyncio.CancelledError):
            # Its answer is still to come. This does not wait for the server.
            if not connection.closed:
                self.discard(error)
            raise error
        error = self.dbapi_error(error)
        if isinstance(error, connection.dialect.loaded_dbapi.Error):
            connection._handle_dbapi_exception(error, *call, None, None)
        raise error

    def discard(self, error: BaseException) -> None:
        self.connection.invalidate(error)

    def dbapi_error(self, error: BaseException) -> BaseException:
        """Return the error of Python's DB API for an error of the driver."""
        return error


class SqliteDriver(Driver):
    def is_in_transaction(self) -> bool:
        return bool(self.driver.in_transaction)

    def fetch(self, sql: str, parameters: Parameters) -> Sequence[Parameters]:
        rows: Sequence[Parameters] = self.driver.fetch(sql, parameters)
        return rows

    def change(self, sql: str, parameters: Parameters) -> int:
        count: int = self.driver.change(sql, parameters)
        return count

    def change_many(self, sql: str, many: Sequence[Parameters]) -> None:
        self.driver.change_many(sql, many)

    def command(self, sql: str) -> None:
        self.driver.change(sql, ())

    def column_types(self, sql: str) -> Iterable[None]:
        return repeat(None)  # unknown to the driver


class AsyncpgDriver(Driver):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.adapted = self.driver
        self.driver = connection.connection.driver_connection

    def start(self) -> None:
        if self.adapted._transaction is None:
            await_(self.adapted._start_transaction())

    def is_in_transaction(self) -> bool:
        return bool(self.driver.is_in_transaction())

    def fetch(self, sql: str, parameters: Parameters) -> Sequence[Parameters]:
        answer = self.driver.fetch(sql, *parameters)
        rows: Sequence[Parameters] = await_(answer)
        return rows

    def change(self, sql: str, parameters: Parameters) -> int:
        answer = self.driver.execute(sql, *parameters)
        return int(await_(answer).rpartition(" ")[2])

    def change_many(self, sql: str, many: Sequence[Parameters]) -> None:
        await_(self.driver.executemany(sql, many))

    def command(self, sql: str) -> None:
        await_(self.driver.execute(sql))

    def column_types(self, sql: str) -> Iterable[int]:
        prepared = await_(self.driver.prepare(sql))
        return [attribute.type.oid for attribute in prepared.get_attributes()]

    def dbapi_error(self, error: BaseException) -> BaseException:
        return asyncpg_error(self.connection, error)

    def discard(self, error: BaseException) -> None:
        discard_asyncpg(self.connection, error)


def asyncpg_error(connection: Connection, error: BaseException) -> BaseException:
    """Return the error of Python's DB API for an error of asyncpg."""
    adapted: Any = connection.connection.dbapi_connection
    try:
        adapted._handle_exception(error)
    except Exception as translated:
        return translated
    return error


def discard_asyncpg(connection: Connection, error: BaseException) -> None:
    if isinstance(error, TimeoutError):  # the server is out of reach for all
        connection.engine.pool._invalidate(connection.connection, error)
    connection.invalidate(error)


DRIVERS: dict[str, type[Driver]] = {
    "sqlite": SqliteDriver,
    "postgresql": AsyncpgDriver,
}
