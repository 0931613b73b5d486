"""Queries on the rows of a log: read in order, deleted by id, brought back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    exists,
    false,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.audit.archive.canonical import Row
from app.audit.archive.logs import CHANGES, Log, LogRange, table_of
from app.audit.archive.models import AuditHold
from app.audit.models import AuditPruning
from app.core.db.ids import uuid7


class LogRepository:
    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.session = session
        self.log = log
        self.table = log.live

    async def page(self, span: LogRange, limit: int) -> list[Row]:
        """Return the first rows of this span."""
        return await self.rows(in_order(self.table, span).limit(limit))

    async def unheld_page(self, span: LogRange, limit: int) -> list[Row]:
        """Return the first rows of this span that no legal hold keeps in place."""
        query = in_order(self.table, span).where(~self.held()).limit(limit)
        return await self.rows(query)

    async def rows(self, query: Select[Any]) -> list[Row]:
        found = await self.session.execute(query)
        names = list(found.keys())
        return [dict(zip(names, row, strict=True)) for row in found]

    async def by_ids(self, ids: Sequence[UUID]) -> list[Row]:
        return await self.rows(select(self.table).where(self.table.c.id.in_(ids)))

    async def first_at(self, span: LogRange) -> datetime | None:
        query = select(func.min(self.table.c.at)).where(*within(self.table, span))
        first: datetime | None = await self.session.scalar(query)
        return first

    async def count(self, span: LogRange) -> int:
        query = select(func.count()).select_from(self.table)
        return await self.session.scalar(query.where(*within(self.table, span))) or 0

    async def count_held(self, span: LogRange) -> int:
        query = select(func.count()).select_from(self.table)
        query = query.where(*within(self.table, span), self.held())
        return await self.session.scalar(query) or 0

    def held(self) -> ColumnElement[bool]:
        """Is there a legal hold on the row's entity, or on all of its kind?"""
        if self.log is not CHANGES:
            return false()
        hold, row = table_of(AuditHold).c, self.table.c
        own = or_(hold.entity_id.is_(None), hold.entity_id == row.entity_id)
        kind = func.lower(hold.entity) == func.lower(row.entity)
        active = and_(hold.released_at.is_(None), kind, own)
        return exists().where(active)

    async def delete(self, ids: Sequence[UUID]) -> None:
        """Delete exactly these; the triggers let nobody but us, here and now."""
        permit = uuid7()
        await self.session.execute(insert(AuditPruning).values(id=permit))
        query = delete_from(self.table).where(self.table.c.id.in_(ids))
        await self.session.execute(query)
        own = delete_from(AuditPruning).where(col(AuditPruning.id) == permit)
        await self.session.execute(own)


def in_order(table: Table, span: LogRange) -> Select[Any]:
    query = select(table).where(*within(table, span))
    return query.order_by(table.c.at, table.c.id)


def within(table: Table, span: LogRange) -> list[ColumnElement[bool]]:
    """Return a span as conditions that the index on `at` can answer."""
    at, id = table.c.at, table.c.id
    return [
        at >= span.after[0],
        or_(at > span.after[0], id > span.after[1]),
        at <= span.until[0],
        or_(at < span.until[0], id <= span.until[1]),
    ]
