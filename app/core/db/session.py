"""Sessions that return rows as dictionaries, besides the entities of the ORM.

A reading session returns rows without the ORM, and makes an ORM session only for what
needs one: entities with relationships.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import SQLModel

from app.core.db.driver.compiled import Row, Values
from app.core.db.driver.connections import Reads, Taker
from app.core.db.driver.read_only import ReadOnlyError
from app.core.db.driver.statements import Statement, core_statement, rows_of
from app.core.db.records.ended import ENDED, reject_use
from app.core.db.records.loading import make_instance, select_by_id
from app.core.db.records.plain import mapper_of

ModelT = TypeVar("ModelT", bound=SQLModel)
# Attributes that AsyncSession sets when it is initialized.
ORM_SESSION = frozenset({"sync_session", "_proxied"})


class DatabaseSession(AsyncSession):
    # Called by `Database.writing` once the transaction has all its locks.
    before_commit: Callable[[], Awaitable[object]] | None = None
    on_commit: tuple[Callable[[], object], ...] = ()  # called by it after the commit
    has_orm_session = True

    @property
    def dialect(self) -> Dialect:
        return self.get_bind().dialect

    async def rows(
        self, statement: Statement, values: Values | None = None
    ) -> list[Row]:
        """Return the rows of a SELECT, by the names of their columns."""
        connection = await self.connection()
        return rows_of(await connection.execute(core_statement(statement), values))

    async def each_part(self, statement: Statement, take: Taker) -> None:
        """Give `take` the rows of a SELECT in parts, as the result may be large."""
        take(await self.rows(statement))

    async def value(self, statement: Statement, values: Values | None = None) -> Any:
        """Return the first column of the first row; None if there is no row."""
        rows = await self.rows(statement, values)
        return next(iter(rows[0].values())) if rows else None

    async def find(self, model: type[ModelT], id: UUID) -> ModelT | None:
        return await self.get(model, id)

    async def find_for_update(self, model: type[ModelT], id: UUID) -> ModelT | None:
        """Return the entity, locked until the transaction ends, or None."""
        return await self.get(model, id, with_for_update={"key_share": True})

    async def undo(self) -> None:
        """Roll back to the last savepoint, or the transaction if there is none."""
        nested = self.get_nested_transaction()
        await (nested or self).rollback()


class LazySession(DatabaseSession):
    """A session that makes its ORM session at the first use of one."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.has_orm_session = False

    def __getattr__(self, name: str) -> Any:
        if name not in ORM_SESSION:
            raise AttributeError(name)
        self.open_orm_session()
        return self.__dict__[name]

    def open_orm_session(self) -> None:
        super().__init__(**self.options, close_resets_only=False)
        self.has_orm_session = True

    @property
    def dialect(self) -> Dialect:
        engine: AsyncEngine = self.options["bind"]
        return engine.dialect


class ReadingSession(LazySession):
    """A read-only session, without an ORM session until one is used.

    From then on, the ORM session executes all statements: a task has one connection.
    """

    def __init__(self, *, direct: Callable[[], Reads], **options: Any):
        super().__init__(options)
        self.direct = direct()

    def open_orm_session(self) -> None:
        self.direct.release()
        if self.direct is ENDED:
            reject_use()
        super().open_orm_session()

    async def rows(
        self, statement: Statement, values: Values | None = None
    ) -> list[Row]:
        if self.has_orm_session:
            return await super().rows(statement, values)
        return await self.direct.rows(statement, values or {})

    async def each_part(self, statement: Statement, take: Taker) -> None:
        if self.has_orm_session:
            return await super().each_part(statement, take)
        return await self.direct.each_part(statement, take)

    async def find(self, model: type[ModelT], id: UUID) -> ModelT | None:
        """Return the entity, or None: in no session, unless it has relationships."""
        if mapper_of(model).relationships:
            return await super().find(model, id)
        rows = await self.rows(select_by_id(model), {"id": id})
        return make_instance(model, rows[0]) if rows else None

    async def __aexit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        # Not the parent's, which closes in a separate task; see Database.writing.
        try:
            if kind is None:
                self.check_unchanged()
        finally:
            await self.close()

    def check_unchanged(self) -> None:
        """Raise ReadOnlyError if objects are left to flush."""
        if self.has_orm_session and (self.new or self.dirty or self.deleted):
            raise ReadOnlyError

    async def close(self) -> None:
        self.direct.release()
        self.direct = ENDED
        if self.has_orm_session:
            await super().close()
