"""Queries on rows that are in no range of a log: their time or id cannot be read."""

from uuid import UUID

from sqlalchemy import Table, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.archive.canonical import Row
from app.audit.archive.rows.reading import read_rows, select_any_time, with_time
from app.core.db.sqlite.spelling import IsInteger, IsTime, IsUuid


class OddRowRepository:
    def __init__(self, session: AsyncSession, table: Table) -> None:
        self.session = session
        self.table = table

    async def read_without_time(self, after: UUID, limit: int) -> list[Row]:
        """Return the first rows by id whose time cannot be read. They are sealed."""
        at, id = self.table.c.at, self.table.c.id
        query = select_any_time(self.table).where(~IsTime(at), IsUuid(id), id > after)
        rows = await read_rows(self.session, query.order_by(id).limit(limit))
        return [*with_time(rows)]

    async def have_unsealable(self) -> bool:
        """Return whether any row has an id or a number that no row can have."""
        id, number = self.table.c.id, self.table.c.transaction_id
        odd = or_(~IsUuid(id), and_(number.is_not(None), ~IsInteger(number)))
        return bool(await self.session.scalar(select(exists().where(odd))))
