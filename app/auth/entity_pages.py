"""Pages of entities that show their relations as well."""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlmodel import col

from app.core.models import Entity
from app.core.pagination import Page, PageQuery
from app.core.repository import BaseRepository

EntityT = TypeVar("EntityT", bound=Entity)


class EntityPages(BaseRepository[EntityT]):
    async def page(self, query: PageQuery) -> Page[Any]:
        """Return whole entities, read by the ids of the rows that a page is made of."""
        page = await super().page(query)
        ids = [row.id for row in page.items]
        found = select(self.model).where(col(self.model.id).in_(ids))
        entities = {entity.id: entity for entity in await self.session.scalars(found)}
        page.items = [entities[id] for id in ids if id in entities]
        return page
