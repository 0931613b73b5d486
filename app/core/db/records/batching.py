"""Part of a writing session, for changes of many records in one transaction.

Savepoints, flushes that are put off, and rows that are locked ahead.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import greenlet_spawn

from app.core.db.driver.execution import command
from app.core.db.driver.transaction import Transaction
from app.core.db.records.listener import FlushListener
from app.core.db.records.plain import Model, is_plain
from app.core.db.records.records import Records
from app.core.db.records.statements import MANY, lock_many
from app.core.db.session import LazySession

# Each savepoint has the same name, which means the last one that was set.
SET, RELEASE, UNDO = "SAVEPOINT s", "RELEASE SAVEPOINT s", "ROLLBACK TO SAVEPOINT s"


class BatchingSession(LazySession):
    records: Records
    transaction: Transaction
    listener: FlushListener
    # The flushes that were put off; None if each is made at once.
    deferred: int | None = None

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Set a savepoint: release it at exit, roll back to it on an error.

        Raises:
            OrmSessionRequired: a statement needs an ORM session, and none was open.
        """
        if self.has_orm_session:
            async with self.begin_nested():
                yield
            return
        await self.flush()
        await greenlet_spawn(self._set_savepoint)
        try:
            yield
            await self.flush()
        except Exception as error:
            try:
                await self.undo()
                await greenlet_spawn(self._release_savepoint)
            except (SQLAlchemyError, OSError):  # the transaction has ended
                raise error from None
            raise
        await greenlet_spawn(self._release_savepoint)

    async def undo(self) -> None:
        if self.has_orm_session:
            await super().undo()
        elif self.transaction.savepoints:
            await greenlet_spawn(self._undo)
        else:
            await self.rollback()

    def _set_savepoint(self) -> None:
        command(self.transaction.begun(), SET)
        self.transaction.savepoints += 1
        self.records.mark()

    def _release_savepoint(self) -> None:
        command(self.transaction.begun(), RELEASE)
        self.transaction.savepoints -= 1
        self.records.marks.pop()

    def _undo(self) -> None:
        self.transaction.failure = None
        command(self.transaction.begun(), UNDO)
        self.records.reset()

    @contextmanager
    def deferred_flushes(self) -> Iterator[None]:
        """Put flushes off until a query, or the first flush after the block.

        It is for changes of different records: those of one record become one change.
        An ORM session does not put them off.
        """
        self.deferred = 0
        try:
            yield
        finally:
            self.deferred = None

    async def lock_rows(self, model: Model, ids: list[UUID]) -> None:
        """Lock up to MANY rows in the order of their ids.

        `find_for_update` then needs no statement, unless an ORM session is open.
        """
        padded = [*ids, *ids[-1:] * (MANY - len(ids))]
        values: dict[str, Any] = {f"id_{n}": id for n, id in enumerate(padded)}
        rows = await self.rows(lock_many(model), values)
        if is_plain(model) and not self.has_orm_session:
            self.records.locked |= {(model, row["id"]): row for row in rows}
            self.records.are_locked = True

    async def close(self) -> None:
        if self.has_orm_session:
            await super().close()
        elif self.transaction.is_open:
            await self.rollback()
        self.transaction.has_ended = True
