"""Reader of the rows of one table: a page, several by id, and numbers of them."""

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table

from app.core.db.collections.recent import find_recent
from app.core.db.driver.compiled import Row
from app.core.db.filters import (
    COUNT,
    Conditions,
    build_conditions,
    count_query,
    group_query,
    page_query,
    rows_query,
)
from app.core.db.search.conditions import find_words
from app.core.db.session import DatabaseSession
from app.core.pagination import FilterQuery, Page, PageQuery


class CollectionReader:
    def __init__(
        self,
        session: DatabaseSession,
        table: Table,
        conditions: Conditions,
        visible: Sequence[ColumnElement[bool]] = (),
    ) -> None:
        self.session, self.table, self.conditions = session, table, conditions
        self.visible = visible

    async def page(self, query: PageQuery) -> Page[Any]:
        table = self.table
        where = self.where(query)
        found = await find_words(self.session, table, query.q)
        total = await self.count([*where, *found.total]) if query.count else None
        where += found.page
        where += await find_recent(self.session, table, query.updated_since)
        if query.after:
            where.append(table.c.id < query.after)
        window = {"limit": query.limit, "offset": query.offset}
        ordered = page_query(table, query.sort)
        rows = await self.session.rows(ordered.where(*where), window)
        return Page.model_construct(None, items=rows, total=total, **window)

    async def find_many(self, ids: Sequence[UUID]) -> list[Row]:
        """Return the rows that exist, in the order of the ids."""
        among = self.table.c.id.in_(padded(ids))
        query = rows_query(self.table).where(among, *self.visible)
        rows = await self.session.rows(query)
        found = {row["id"]: row for row in rows}
        return [found[id] for id in ids if id in found]

    async def shows(self, id: UUID) -> bool:
        """Return whether the caller may read this record, which exists."""
        return not self.visible or bool(await self.find_many([id]))

    async def count_by(self, name: str, query: FilterQuery) -> Mapping[Any, int]:
        """Return how many of the rows have each value of this column."""
        where = self.where(query)
        found = await find_words(self.session, self.table, query.q)
        counts = group_query(self.table, name).where(*where, *found.total)
        return {row[name]: row[COUNT] for row in await self.session.rows(counts)}

    async def count(self, where: list[ColumnElement[bool]]) -> int:
        count: int = await self.session.value(count_query(self.table).where(*where))
        return count

    def where(self, query: FilterQuery) -> list[ColumnElement[bool]]:
        own = build_conditions(self.table, query, self.conditions)
        return [*own, *self.visible]


def padded(ids: Sequence[UUID]) -> list[UUID]:
    """Repeat the last id up to a power of two.

    A statement is prepared for each number of values: there are nine then, not 200.
    """
    if not ids:
        return []
    size = 1 << (len(ids) - 1).bit_length()
    return [*ids, *repeat(ids[-1], size - len(ids))]
