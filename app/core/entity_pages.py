"""Base repository for entities whose pages include relationships."""

from collections.abc import Container, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import MANYTOONE, RelationshipProperty
from sqlmodel import col

from app.core.models import Entity
from app.core.pagination import Page, PageQuery
from app.core.repository import BaseRepository

EntityT = TypeVar("EntityT", bound=Entity)
EAGER = ("selectin", "joined", "subquery", "immediate", False)


def loaded_relations(model: type[Entity]) -> list[RelationshipProperty[Any]]:
    """Return the relationships that each query of the entity loads."""
    return [it for it in inspect(model).relationships if it.lazy in EAGER]


class EntityPageRepository(BaseRepository[EntityT]):
    lists_rows = False

    async def page(self, query: PageQuery) -> Page[Any]:
        """Return a page of entities with their relationships loaded.

        The base class returns table rows, which have no relationships.
        """
        page = await super().page(query)
        page.items = await self.find_many([row["id"] for row in page.items])
        return page

    async def find_many(self, ids: Sequence[UUID]) -> list[Any]:
        among = col(self.model.id).in_(ids), *self.visible()
        found = await self.session.scalars(select(self.model).where(*among))
        entities = {entity.id: entity for entity in found}
        return [entities[id] for id in ids if id in entities]

    async def create_many(self, many: list[dict[str, Any]]) -> list[EntityT]:
        entities = await super().create_many(many)
        for entity in entities:
            await self._load(entity)
        return entities

    async def add(self, entity: EntityT) -> EntityT:
        added = await super().add(entity)
        await self._load(added)
        return added

    async def update(self, entity: EntityT, values: dict[str, Any]) -> EntityT:
        updated = await super().update(entity, values)
        await self._load(updated, values)
        return updated

    async def _load(self, entity: EntityT, changed: Container[str] = ()) -> None:
        """Load what a query would load and a response can't, as it does not wait.

        A reference that has changed leads to another entity.
        """
        unloaded = inspect(entity).unloaded
        names = [
            it.key
            for it in loaded_relations(self.model)
            if it.key in unloaded
            or (
                it.direction is MANYTOONE
                and any(column.key in changed for column in it.local_columns)
            )
        ]
        if names:
            await self.session.refresh(entity, names)
