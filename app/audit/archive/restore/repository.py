"""Queries on restored rows."""

from collections.abc import Iterable

from sqlalchemy import delete as delete_from
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.canonical import Row
from app.audit.archive.logs import Log
from app.core.db.upsert import upsert


class RestoredRepository:
    def __init__(self, session: AsyncSession, log: Log) -> None:
        self.session = session
        self.table = log.restored

    async def add_rows(self, rows: Iterable[Row]) -> None:
        """Insert rows; skip those that exist."""
        query = upsert(self.session, self.table).on_conflict_do_nothing()
        await self.session.execute(query, list(rows))

    async def count_rows(self) -> int:
        query = select(func.count()).select_from(self.table)
        return await self.session.scalar(query) or 0

    async def delete_rows(self, limit: int) -> int:
        """Delete up to `limit` rows; return their number."""
        some = select(self.table.c.id).limit(limit)
        result = await self.session.execute(
            delete_from(self.table).where(self.table.c.id.in_(some))
        )
        return int(getattr(result, "rowcount", 0))
