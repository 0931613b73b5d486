"""Search queries on a live or restored table."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, Uuid, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.canonical import Row
from app.audit.archive.logs import LogRange
from app.audit.archive.repository import range_conditions


class SearchRepository:
    def __init__(self, session: AsyncSession, table: Table) -> None:
        self.session = session
        self.table = table

    async def find_rows(
        self, values: dict[str, str], log_range: LogRange, limit: int
    ) -> list[Row]:
        """Return the newest rows of the range whose columns have these values."""
        conditions = [
            self.table.c[name] == convert_value(self.table.c[name].type, value)
            for name, value in values.items()
        ]
        query = select(self.table).where(
            *conditions, *range_conditions(self.table, log_range)
        )
        newest = query.order_by(self.table.c.at.desc(), self.table.c.id.desc())
        found = await self.session.execute(newest.limit(limit))
        return [dict(row) for row in found.mappings()]


def convert_value(column_type: Any, value: str) -> str | UUID:
    return UUID(value) if isinstance(column_type, Uuid) else value
