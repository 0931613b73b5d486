"""The past of a collection: ids by one query, and their records as single ones are."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Select

from app.audit.history.collection.past_list import PastList
from app.audit.history.collection.ranges import Ranges
from app.audit.history.collection.scope import Scope
from app.audit.history.collection.unreadable import readable
from app.audit.history.column_repository import ColumnRepository, absent
from app.audit.history.entity_repository import EntityRepository
from app.audit.history.exceptions import UnknownStateException
from app.audit.history.moments import until
from app.core.clock import now
from app.core.db.driver.compiled import Row
from app.core.db.filters import COUNT
from app.core.db.outages.states import Outage
from app.core.exceptions import UnavailableException
from app.core.pagination import PageQuery
from app.core.repository import BaseRepository

TOGETHER = 50  # records that are rebuilt by the same statements
TRIES = 5  # of a read that writes come in between


class PastRepository:
    """Repository of the list of another one as of then."""

    def __init__(self, repository: BaseRepository[Any], then: datetime) -> None:
        self.session, self.model = repository.session, repository.model
        self.conditions, self.then = repository.conditions, then
        self.visible = [*repository.visible()]
        self.columns = ColumnRepository(self.session)
        self.entities = EntityRepository(self.session)
        self.scope = Scope(self.session.dialect.name, self.model, then)

    async def page(self, listed: PastList) -> list[Any]:
        """Return the entities of a page."""
        ids, query = list[UUID](), listed.query
        last = query.offset + query.limit
        async for found in self.ids(listed, last):
            ids += found
            if len(ids) >= last:
                break
        return await self.build(ids[query.offset : last])

    async def count(self, listed: PastList) -> int:
        (row,) = await self.read(listed, self.scope, listed.count)
        total: int = row[COUNT]
        return total

    async def ids(self, listed: PastList, limit: int) -> AsyncIterator[list[UUID]]:
        """Yield the ids in the order of the list: by ranges, if it is that of ids."""
        scope = replace(self.scope, end=listed.query.after)
        if listed.query.sort:
            yield await self.ids_in(listed, scope, limit)
            return
        ranges = Ranges(scope)
        while part := await self.next_range(listed, ranges):
            yield await self.ids_in(listed, part, limit)

    async def next_range(self, listed: PastList, ranges: Ranges) -> Scope | None:
        with readable(listed):
            return await ranges.next(self.session)

    async def ids_in(
        self, listed: PastList, scope: Scope, limit: int | None = None
    ) -> list[UUID]:
        rows = await self.read(listed, scope, lambda it: listed.ids(it).limit(limit))
        return [row["id"] for row in rows]

    async def read(
        self, listed: PastList, scope: Scope, query: Callable[[FromClause], Select[Any]]
    ) -> list[Row]:
        """Return the rows of a query; again if a record has changed meanwhile.

        Raises:
            UnavailableException: one has changed each time.
        """
        with readable(listed):
            for _ in range(TRIES):
                statement = query(await listed.rows(scope))
                rows = await self.session.rows(statement, self.values)
                if not await listed.is_outdated(scope):
                    return rows
        raise UnavailableException(Outage.BUSY)

    @property
    def values(self) -> dict[str, Any]:
        return {"now": self.then}

    async def list_of(self, query: PageQuery) -> PastList:
        """Return the list.

        Raises:
            UnknownStateException: it is filtered or sorted by a column that may not
                have existed then.
        """
        listed = PastList(self.session, self.model, self.conditions, query)
        listed.visible = self.visible
        if listed.names and self.then < now():
            newest = await self.columns.newest_insert(self.model, until(self.then))
            lacking = absent(self.model, newest["new"]) if newest else set()
            if unknown := lacking & listed.names:
                raise UnknownStateException(self.model.__name__, unknown)
        return listed

    async def build(self, ids: list[UUID]) -> list[Any]:
        """Return the entities with these ids, in their order."""
        then, built = until(self.then), []
        for start in range(0, len(ids), TOGETHER):
            chunk = ids[start : start + TOGETHER]
            states = await self.entities.past.states(self.model, {*chunk}, then)
            known = [states[id] for id in chunk if id in states]
            built += await self.entities.build_all(self.model, known, then)
            await asyncio.sleep(0)  # SQLite answers without giving up control
        return built
