"""The list of a collection as of a time, if its changes since are in the log."""

from datetime import datetime
from typing import Any

from app.audit.archive.files.repository import FileRepository
from app.audit.history.collection.past_list import PastList
from app.audit.history.collection.repository import PastRepository
from app.audit.history.exceptions import require_live
from app.core.pagination import Page, PageQuery
from app.core.repository import BaseRepository


class PastService:
    """Service of the list of a repository as of then."""

    def __init__(self, repository: BaseRepository[Any], then: datetime) -> None:
        self.repository, self.then = PastRepository(repository, then), then
        self.files = FileRepository(repository.session)

    async def page(self, query: PageQuery) -> Page[Any]:
        listed = await self.open(query)
        items = await self.repository.page(listed)
        total = await self.repository.count(listed) if query.count else None
        await self.require_live()  # a run may have archived some meanwhile
        window = {"limit": query.limit, "offset": query.offset}
        return Page.model_construct(None, items=items, total=total, **window)

    async def open(self, query: PageQuery) -> PastList:
        """Return the list, to be read before `require_live` is called again."""
        await self.require_live()
        return await self.repository.list_of(query)

    async def require_live(self) -> None:
        name = self.repository.model.__name__
        require_live(name, self.then, await self.files.last_pruned())
