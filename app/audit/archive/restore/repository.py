"""Queries on the copies that were brought back to be read."""

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

    async def add(self, rows: Iterable[Row]) -> None:
        """Add what is not there yet."""
        query = upsert(self.session, self.table).on_conflict_do_nothing()
        await self.session.execute(query, list(rows))

    async def count(self) -> int:
        query = select(func.count()).select_from(self.table)
        return await self.session.scalar(query) or 0

    async def purge(self, limit: int) -> int:
        """Delete some of them; return how many."""
        some = select(self.table.c.id).limit(limit)
        gone = await self.session.execute(
            delete_from(self.table).where(self.table.c.id.in_(some))
        )
        return int(getattr(gone, "rowcount", 0))
