"""Queries that look for rows in a live table, or in that of the restored."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.canonical import Row
from app.audit.archive.logs import LogRange
from app.audit.archive.repository import within


class SearchRepository:
    def __init__(self, session: AsyncSession, table: Table) -> None:
        self.session = session
        self.table = table

    async def search(
        self, values: dict[str, str], span: LogRange, limit: int
    ) -> list[Row]:
        """Return the newest rows whose columns have these values."""
        conditions = [
            self.table.c[name] == typed(self.table.c[name].type, value)
            for name, value in values.items()
        ]
        query = select(self.table).where(*conditions, *within(self.table, span))
        newest = query.order_by(self.table.c.at.desc(), self.table.c.id.desc())
        found = await self.session.execute(newest.limit(limit))
        return [dict(row) for row in found.mappings()]


def typed(kind: Any, value: str) -> str | UUID:
    return UUID(value) if isinstance(kind, Uuid) else value
