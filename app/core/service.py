"""CRUD service of a domain without rules of its own. Subclasses add the rules."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.core.exceptions import ConflictException
from app.core.models import Entity
from app.core.pagination import FilterQuery, Page, PageQuery
from app.core.repository import BaseRepository
from app.core.schemas import Body
from app.core.web.etag import Preconditions

EntityT = TypeVar("EntityT", bound=Entity)
CreateT = TypeVar("CreateT", bound=Body)
UpdateT = TypeVar("UpdateT", bound=Body)
# Reads that `visible` of a repository restricts.
READS = {"page", "find_many", "count_by", "get"}


class CrudService(Generic[EntityT, CreateT, UpdateT]):
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # History, files and names of related records would bypass the override.
        if own := ", ".join(sorted(READS & vars(cls).keys())):
            reason = "to hide records, override `visible` of its repository"
            raise TypeError(f"{cls.__name__} overrides {own}: {reason}")

    def __init__(
        self, repository: BaseRepository[EntityT], preconditions: Preconditions
    ) -> None:
        self.repository = repository
        self.preconditions = preconditions

    def check_changeable(self, entity: EntityT) -> None:
        """Raise ConflictException if the record must not be changed at all.

        Called by every update, delete and revert. Override it for rules such as "a paid
        invoice cannot change".
        """

    async def page(self, query: PageQuery) -> Page[Any]:
        return await self.repository.page(query)

    async def find_many(self, ids: Sequence[UUID]) -> list[Any]:
        """Return the records that exist, in the order of the ids."""
        return await self.repository.find_many(ids)

    async def count_by(self, name: str, query: FilterQuery) -> Mapping[Any, int]:
        """Return how many of the records have each value of this column."""
        return await self.repository.count_by(name, query)

    async def get(self, id: UUID) -> EntityT:
        return await self.repository.get(id)

    async def get_for_update(self, id: UUID) -> EntityT:
        """Return the entity, locked, if the request may change it.

        Raises:
            NotFoundException: there is no such record.
            PreconditionFailedException: the client has seen another version.
            ConflictException: the record must not change.
        """
        entity = await self.repository.get_for_update(id)
        self.preconditions.check(entity.version)
        self.check_changeable(entity)
        return entity

    async def create(self, data: CreateT) -> EntityT:
        return await self.repository.create(data.model_dump())

    async def create_many(self, many: Iterable[CreateT]) -> list[EntityT]:
        return await self.repository.create_many([data.model_dump() for data in many])

    async def update(self, id: UUID, data: UpdateT) -> EntityT:
        entity = await self.get_for_update(id)
        return await self.repository.update(entity, data.changes())

    async def delete(self, id: UUID) -> None:
        await self.repository.delete(await self.get_for_update(id))

    async def restore(self, entity: EntityT) -> EntityT:
        """Insert a deleted entity again, in the state it is given.

        The log has no secrets, so an override sets those that are required.

        Raises:
            ConflictException: one is missing.
        """
        columns, secrets = self.repository.table.c, sorted(type(entity).redacted)
        required = [name for name in secrets if not columns[name].nullable]
        missing = [name for name in required if getattr(entity, name) is None]
        if missing:
            reason = f"the change log does not contain its {' and '.join(missing)}"
            raise ConflictException(f"The record can't be restored: {reason}")
        return await self.repository.add(entity)
