"""Base repository for entities whose pages include relationships."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.core.models import Entity
from app.core.pagination import Page, PageQuery
from app.core.repository import BaseRepository

EntityT = TypeVar("EntityT", bound=Entity)


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
