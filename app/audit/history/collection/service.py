"""The past of a collection: its list as of a time, and its deleted records."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from app.audit.archive.files.repository import FileRepository
from app.audit.history.collection.past_list import PastList
from app.audit.history.collection.repository import PastRepository
from app.audit.history.exceptions import ArchivedException
from app.core.pagination import Page, PageQuery
from app.core.service import CrudService


class PastService:
    """Service of the list of another one as of then."""

    def __init__(self, service: CrudService[Any, Any, Any], then: datetime) -> None:
        self.repository, self.then = PastRepository(service.repository, then), then
        self.files = FileRepository(service.repository.session)

    async def page(self, query: PageQuery) -> Page[Any]:
        listed = await self.open(query)
        items = await self.repository.page(listed)
        total = await self.repository.count(listed) if query.count else None
        window = {"limit": query.limit, "offset": query.offset}
        return Page.model_construct(None, items=items, total=total, **window)

    async def batches(self, query: PageQuery) -> AsyncIterator[list[Any]]:
        """Yield the whole list, in batches of entities; its window is ignored."""
        async for batch in self.repository.batches(await self.open(query)):
            yield batch

    async def open(self, query: PageQuery) -> PastList:
        """Return the list.

        Raises:
            ArchivedException: changes after then may be in cold storage only.
        """
        archived = await self.files.last_pruned()
        if archived and self.then < archived:
            raise ArchivedException(self.repository.model.__name__, archived)
        return await self.repository.list_of(query)
