"""A writing session: entities of one row are written without a session of the ORM."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlmodel import SQLModel

from app.core.db.driver.compiled import Row, Values
from app.core.db.driver.execution import fetch
from app.core.db.driver.statements import Statement, core_statement, rows_of
from app.core.db.driver.transaction import Transaction
from app.core.db.records.batching import BatchingSession
from app.core.db.records.flush import flush
from app.core.db.records.listener import FlushListener
from app.core.db.records.loading import select_by_id
from app.core.db.records.plain import is_plain
from app.core.db.records.records import Records
from app.core.db.records.statements import lock_by_id

ModelT = TypeVar("ModelT", bound=SQLModel)


class WritingSession(BatchingSession):
    """A session in one transaction, without an ORM session until one is used.

    Until then it keeps the objects itself, and executes prepared statements. The ORM
    session continues the transaction, gets the objects and what is to be flushed, and
    does all of the work from then on. So there is one object for each row.
    """

    def __init__(
        self,
        *,
        transaction: Callable[[], Transaction],
        listener: Callable[[], FlushListener] = FlushListener,
        **options: Any,
    ) -> None:
        super().__init__(options)
        self.transaction, self.listener = transaction(), listener()
        self.records = Records(self.listener)

    def open_orm_session(self) -> None:
        connection = self.transaction.take_over()
        super().open_orm_session()
        session: Any = self.sync_session
        session.join(connection, self.listener)
        records, self.records = self.records, Records(self.listener)
        session.add_all(records.everything())
        for record in records.deleted:
            session.delete(record)

    async def rows(
        self, statement: Statement, values: Values | None = None
    ) -> list[Row]:
        if self.has_orm_session:
            return await super().rows(statement, values)
        if self.deferred is not None:
            await self.flush_records()
        if core_statement(statement).is_dml:
            return await self.transaction.write(self._write, statement, values or {})
        return await self.transaction.call(self._rows, statement, values or {})

    def _rows(self, statement: Statement, values: Values) -> list[Row]:
        return fetch(self.transaction.begun(), statement, values)

    def _write(self, statement: Statement, values: Values) -> list[Row]:
        # A prepared statement would not have the defaults of columns.
        connection = self.transaction.begun()
        return rows_of(connection.execute(core_statement(statement), values))

    async def find(self, model: type[ModelT], id: UUID) -> ModelT | None:
        if self.has_orm_session or not is_plain(model):
            return await super().find(model, id)
        found: ModelT | None = self.records.find(model, id)
        return found or await self._load(model, select_by_id(model), id)

    async def find_for_update(self, model: type[ModelT], id: UUID) -> ModelT | None:
        if self.has_orm_session or not is_plain(model):
            return await super().find_for_update(model, id)
        locked: ModelT | None = self.records.load_locked(model, id)
        return locked or await self._load(model, lock_by_id(model), id)

    async def _load(
        self, model: type[ModelT], query: Statement, id: UUID
    ) -> ModelT | None:
        await self.flush_records()
        rows = await self.rows(query, {"id": id})
        return self.records.load(model, rows[0]) if rows else None

    def add(self, instance: Any, **_: Any) -> None:
        if self.has_orm_session or not self.records.add(instance):
            super().add(instance)

    def add_all(self, instances: Iterable[Any]) -> None:
        for instance in instances:
            self.add(instance)

    async def delete(self, instance: Any) -> None:
        if self.has_orm_session or not self.records.delete(instance):
            await super().delete(instance)

    async def flush(self, objects: Sequence[Any] | None = None) -> None:
        if self.has_orm_session:
            await super().flush(objects)
        elif self.deferred is None:
            await self.flush_records()
        else:
            self.deferred += 1

    async def flush_records(self) -> None:
        if self.records.is_pending():
            await self.transaction.write(self._flush)

    def _flush(self) -> None:
        connection = self.transaction.begun()
        try:
            flush(connection, self.records)
        except BaseException as error:
            self.transaction.fail(error)
            raise

    def in_transaction(self) -> bool:
        if self.has_orm_session:
            return super().in_transaction()
        return self.transaction.is_open or self.records.is_pending()

    async def commit(self) -> None:
        if self.has_orm_session:
            await super().commit()
            return
        await self.flush()
        if self.transaction.is_open:
            await self.transaction.run(self.transaction.commit)
        self.listener.transaction_ended()

    async def rollback(self) -> None:
        if self.has_orm_session:
            await super().rollback()
            return
        self.records.clear()
        if self.transaction.is_open:
            await self.transaction.run(self.transaction.rollback)
        self.listener.transaction_ended()
