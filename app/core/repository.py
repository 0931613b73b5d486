"""Generic CRUD over one entity. A repository flushes; it never commits."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from app.core.clock import now
from app.core.db.collections.reader import CollectionReader
from app.core.db.constraints import missing_references, taken
from app.core.db.database_errors import (
    is_foreign_key_violation,
    is_unique_violation,
    stale,
)
from app.core.db.filters import Conditions
from app.core.db.ids import uuid7
from app.core.db.records.new_instance import new_instance
from app.core.db.session import DatabaseSession
from app.core.exceptions import ConflictException, NotFoundException
from app.core.models import Entity
from app.core.pagination import FilterQuery, Page, PageQuery

EntityT = TypeVar("EntityT", bound=Entity)


class BaseRepository(Generic[EntityT]):
    model: type[EntityT]
    conditions: ClassVar[Conditions] = {}  # filters other than equality
    lists_rows: ClassVar[bool] = True  # which have no relationships

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.lists_rows and getattr(cls.model, "__sqlmodel_relationships__", None):
            reason = "has relationships: derive from EntityPageRepository"
            raise TypeError(f"{cls.model.__name__} {reason}")

    def __init__(self, session: DatabaseSession) -> None:
        self.session = session

    def visible(self) -> Iterable[ColumnElement[bool]]:
        """Return conditions of what the caller may read: the other records are hidden.

        Override it for a collection of which callers see different parts.
        """
        return ()

    def in_session(self, session: DatabaseSession) -> Self:
        other = copy(self)
        other.session = session
        return other

    @property
    def reader(self) -> CollectionReader:
        visible = [*self.visible()]
        return CollectionReader(self.session, self.table, self.conditions, visible)

    @property
    def name(self) -> str:
        return self.model.__name__

    @property
    def table(self) -> Table:
        return self.model.__table__

    async def get(self, id: UUID) -> EntityT:
        """Return the entity, or raise: callers never test for None."""
        return await self._found(id, await self.session.find(self.model, id))

    async def get_for_update(self, id: UUID) -> EntityT:
        """Return the entity, locked until the transaction ends."""
        try:
            entity = await self.session.find_for_update(self.model, id)
        except StaleDataError as error:
            raise stale(self.name) from error
        return await self._found(id, entity)

    async def page(self, query: PageQuery) -> Page[Any]:
        """Return rows of the table: they have an entity's values, and cost less."""
        return await self.reader.page(query)

    async def find_many(self, ids: Sequence[UUID]) -> list[Any]:
        """Return the rows that exist, in the order of the ids."""
        return await self.reader.find_many(ids)

    async def count_by(self, name: str, query: FilterQuery) -> Mapping[Any, int]:
        """Return how many of the records have each value of this column."""
        return await self.reader.count_by(name, query)

    async def create(self, values: dict[str, Any]) -> EntityT:
        (entity,) = await self.create_many([values])
        return entity

    async def create_many(self, many: list[dict[str, Any]]) -> list[EntityT]:
        """Insert all of them in as few statements as the database allows."""
        instant = now()
        timestamps = {"created_at": instant, "updated_at": instant}
        entities = [
            new_instance(self.model, {"id": uuid7(), **timestamps, **values})
            for values in many
        ]
        self.session.add_all(entities)
        await self._save(many)
        return entities

    async def add(self, entity: EntityT) -> EntityT:
        """Insert an entity that has an id already, with its related rows."""
        entity.updated_at = now()
        self.session.add(entity)
        await self._save([entity.model_dump()])
        return entity

    async def update(self, entity: EntityT, values: dict[str, Any]) -> EntityT:
        for name, value in values.items():
            setattr(entity, name, value)
        await self._save([values])
        return entity

    async def delete(self, entity: EntityT) -> None:
        await self.session.delete(entity)
        try:
            await self.session.flush()
        except IntegrityError as error:
            if is_foreign_key_violation(error):
                raise ConflictException(f"{self.name} is still in use") from error
            raise

    async def _save(self, many: list[dict[str, Any]]) -> None:
        # The database checks uniqueness and references: after a check made here,
        # another request could still insert first.
        try:
            await self.session.flush()
        except StaleDataError as error:
            raise stale(self.name) from error
        except IntegrityError as error:
            if is_unique_violation(error):
                raise taken(error, self.table, self.name) from error
            if is_foreign_key_violation(error):
                failure = await missing_references(self.session, self.table, many)
                raise failure from error
            raise

    async def _found(self, id: UUID, entity: EntityT | None) -> EntityT:
        if entity is None or not await self.reader.shows(id):
            raise NotFoundException(f"{self.name} {id} does not exist")
        return entity
