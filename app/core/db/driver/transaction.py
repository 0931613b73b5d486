"""A pooled connection in one transaction, until an ORM session takes it over."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import MissingGreenlet, PendingRollbackError
from sqlalchemy.util import greenlet_spawn

from app.core.db.records.ended import reject_use

ResultT = TypeVar("ResultT")


class OrmSessionRequired(Exception):
    """A statement needs an ORM session, which cannot join a savepoint of records.

    Roll back, open an ORM session, and begin again.
    """


class Transaction:
    """Transaction that the first statement begins; rolled back at once if one fails.

    One with savepoints is rolled back to the last of them by records/batching.py.
    Its other methods are called by functions given to `call`, `write` or `run`.
    """

    def __init__(self, engine: Engine, has_keys: bool) -> None:
        self.engine = engine
        self.waits = engine.dialect.name != "sqlite"
        self.writes_wait = self.waits or has_keys
        self.connection: Connection | None = None
        self.failure: BaseException | None = None
        self.savepoints = 0
        self.has_ended = False  # no one would commit what follows

    async def call(self, work: Callable[..., ResultT], *arguments: Any) -> ResultT:
        """Begin unless begun, and return the result of work in the transaction."""
        await self.begin()
        return await self.run(work, *arguments)

    async def write(self, work: Callable[..., ResultT], *arguments: Any) -> ResultT:
        """Do the same with work that may wait for the store of the keys of persons."""
        await self.begin()
        if self.writes_wait:
            return await greenlet_spawn(work, *arguments)
        return work(*arguments)

    async def begin(self) -> None:
        if not self.waits:
            self.begin_at_once()
            if self.connection is None:
                await greenlet_spawn(self.begun)

    async def run(self, work: Callable[..., ResultT], *arguments: Any) -> ResultT:
        """Return the result of work, in a greenlet if it can wait.

        Statements of SQLite cannot once the transaction has begun, and are as quick as
        the making of a greenlet.
        """
        if self.waits:
            return await greenlet_spawn(work, *arguments)
        return work(*arguments)

    def begin_at_once(self) -> None:
        """Begin on SQLite unless the connection is in use or the file locked."""
        pool: Any = self.engine.pool
        if self.connection is None and pool.is_free():
            with suppress(MissingGreenlet):
                self.begun()

    @property
    def is_open(self) -> bool:
        """Return whether there is something to commit or to roll back."""
        return self.connection is not None or self.failure is not None

    def begun(self) -> Connection:
        """Return the connection.

        Raises:
            PendingRollbackError: the transaction has failed, and must be rolled back.
        """
        self.require_intact()
        if self.connection is None:
            self.connection = self.engine.connect()
            try:
                self.connection.begin()
            except BaseException:
                self.release()
                raise
        return self.connection

    def require_intact(self) -> None:
        if self.has_ended:
            reject_use()
        if self.failure is not None:
            reason = "The transaction was rolled back after an error: call rollback()"
            raise PendingRollbackError(reason) from self.failure

    def take_over(self) -> Connection | None:
        """Return the connection, if there is one, which is the caller's from now on."""
        self.require_intact()
        if self.savepoints:
            raise OrmSessionRequired
        connection, self.connection = self.connection, None
        return connection

    def commit(self) -> None:
        self.require_intact()
        if self.connection is not None:
            transaction = self.connection.get_transaction()
            if transaction is not None:
                transaction.commit()
            self.release()

    def fail(self, error: BaseException) -> None:
        """Roll back: a part of what was to be written must not be committed."""
        if not self.savepoints:
            self.rollback()
        self.failure = error

    def rollback(self) -> None:
        self.failure, self.savepoints = None, 0
        if self.connection is not None:
            transaction = self.connection.get_transaction()
            try:
                if transaction is not None:
                    transaction.rollback()
            finally:
                self.release()

    def release(self) -> None:
        """Return the connection to the pool, which rolls an open transaction back."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


def begin_unless_begun(connection: Connection) -> None:
    if not connection.in_transaction():
        connection.begin()
